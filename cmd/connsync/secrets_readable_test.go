package main

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/go-git/go-git/v5/plumbing"
)

// bobLeaves is a repository with two secrets: bob knows one as a recipient, and another one by the data key alone.
func bobLeaves(t *testing.T) *agesStory {
	s := newAgesStory(t)
	const file = "connections/prod/edr.yaml"
	s.event(50, "for alice and bob", func() {
		s.encrypt(file, connectionText("prod", "edr", "endpoint: https://edr.example, password: password-of-edr, token: token-of-edr"))
		s.encrypt("connections/siem.yaml", connectionText("prod", "siem", "password: password-of-siem"))
	})
	s.event(40, "bob leaves siem, with another data key", func() {
		s.rule(alice)
		s.must("", "reseal", s.dir+"/connections/siem.yaml")
		s.sops("rotate", "--in-place", "connections/siem.yaml")
	})
	s.event(39, "and another value", func() { s.set("prod/siem.config.password", "PASSWORD-of-siem", "alice") })
	s.event(30, "bob is taken out of edr too, and nothing else", func() {
		s.must("", "reseal", s.dir+"/"+file)
		s.set("prod/edr.config.token", "TOKEN-of-edr", "alice bob'")
	})
	return s
}

// offboarding is the recipe of the docs, a command a line.
func offboarding(t *testing.T) []string {
	text, err := os.ReadFile("../../docs/secrets.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(text), "## Take secrets from a recipient that leaves")
	_, rest, _ = strings.Cut(rest, "```sh\n")
	block, _, ok := strings.Cut(rest, "```")
	if !ok {
		t.Fatal("docs/secrets.md has no recipe")
	}
	return strings.Split(strings.TrimSpace(block), "\n")
}

// The recipe of docs/secrets.md, line by line: first both secrets are listed, with the very commands that follow, and in the end none.
func TestTheRecipeForARecipientThatLeaves(t *testing.T) {
	s := bobLeaves(t)
	recipe, values := offboarding(t), 0
	if recipe[0] != "LEAVES="+bob {
		t.Fatalf("the recipe begins with %s", recipe[0])
	}
	var lists []string
	for _, line := range recipe[1:] {
		switch words := strings.Fields(strings.ReplaceAll(line, "$LEAVES", bob)); {
		case words[0] == "git":
			runGit(t, s.dir, words[1:]...)
		case words[0] == "sops":
			s.sops(words[1:]...)
		case words[1] == "reseal":
			s.must("", "reseal", s.dir+"/"+words[2])
		case words[1] == "set":
			values++
			s.must("rotated-at-the-vendor", words[1:]...)
		default:
			code, stdout, stderr := s.run("", words[1:]...)
			if code != exitDone || stderr != "" {
				t.Fatalf("%s: exit %d\n%s%s", line, code, stdout, stderr)
			}
			lists = append(lists, stdout)
		}
	}
	if len(lists) != 2 || values != 2 {
		t.Fatalf("%d lists, %d values are set", len(lists), values)
	}
	for _, want := range []string{
		"password   was a recipient, last in commit ", "token   could open the data key of its file in commit ", "age " + bob + " could open 2 secrets.\n",
		"2. Set another value of each, after you rotated it where it is used:\n\n  connsync set prod/edr.config.password\n  connsync set prod/edr.config.token\n",
		"1. Give the files another data key, and commit that before the next step:\n\n  sops rotate --in-place connections/prod/edr.yaml\n",
	} {
		if !strings.Contains(lists[0], want) {
			t.Errorf("%q is missing from\n%s", want, lists[0])
		}
	}
	if strings.Contains(lists[0], "siem") {
		t.Errorf("what bob does not know is listed:\n%s", lists[0])
	}
	if lists[1] != "age "+bob+" could open 0 secrets.\n" {
		t.Errorf("after the recipe:\n%s", lists[1])
	}
}

// The list names every way of a recipient to a value, takes each spelling of the recipient, and refuses one named nowhere.
func TestSecretsReadableBy(t *testing.T) {
	s := bobLeaves(t)
	got := s.listed(exitDone, "--readable-by", bob)
	if len(got.Secrets) != 2 || len(got.Steps) != 2 || !slices.Equal(got.Steps[1].Commands, []string{"connsync set prod/edr.config.password", "connsync set prod/edr.config.token"}) {
		t.Errorf("%+v", got)
	}
	if got := s.listed(exitDone, "--readable-by", "age "+bob, "--target", "test"); len(got.Secrets) != 0 {
		t.Errorf("of a target without secrets: %+v", got.Secrets)
	}
	if got := s.listed(exitDone, "--readable-by", alice); len(got.Secrets) != 3 || len(got.Steps) != 3 || len(got.Warnings) != 1 || !strings.Contains(got.Warnings[0].Text, "is a recipient of the rule at .sops.yaml:2: remove it there first") {
		t.Errorf("of the recipient that stays: %+v", got)
	}
	all := s.listed(exitDone)
	if len(all.Warnings) != 1 || all.Warnings[0].Text != "age "+bob+" was removed, and still knows 2 secrets: no other value was set since" {
		t.Errorf("%+v", all.Warnings)
	}
	for typed, hint := range map[string]string{carol: "connsync secrets", bob[:len(bob)-1]: "did you mean " + bob} {
		code, stdout, stderr := s.run("", "secrets", "--readable-by", typed)
		if code != exitUsage || stdout != "" || !strings.Contains(stderr, "no version of a manifest in sight has such a recipient") || !strings.Contains(stderr, hint) {
			t.Errorf("%s: exit %d\n%s%s", typed, code, stdout, stderr)
		}
	}
	// In the clear, and then what no commit has yet.
	s.event(20, "in the clear", func() { s.write("connections/dns.yaml", connectionText("test", "dns", "password: in-the-clear-once")) })
	s.event(19, "and encrypted", func() { s.must("", "reseal", s.dir+"/connections/dns.yaml") })
	code, stdout, _ := s.run("", "secrets", "--readable-by", bob, "--format", "markdown")
	if code != exitDone || !strings.Contains(stdout, "could open 3 secrets") || !strings.Contains(stdout, "`connections/dns.yaml:6:26` | in the clear in commit ") || strings.Contains(stdout, "rotate --in-place connections/dns") {
		t.Errorf("exit %d:\n%s", code, stdout)
	}
	_, stdout, _ = s.run("", "secrets", "--readable-by", bob, "--format", "html")
	for want, n := range map[string]int{"<article": 3, "connsync set ": 3, "sops rotate --in-place connections/prod/edr.yaml": 1, "<dl>": 0} {
		if strings.Count(stdout, want) != n {
			t.Errorf("%d times %s, not %d:\n%s", strings.Count(stdout, want), want, n, stdout)
		}
	}
	s.must("another-value", "set", "test/dns.config.password")
	if got := s.listed(exitDone, "--readable-by", bob); len(got.Secrets) != 2 {
		t.Errorf("%d secrets, after one was set in the worktree", len(got.Secrets))
	}
}

var codeSpans = regexp.MustCompile("`+[^`]*`+")

// What others wrote into a history is text in every format: no markup, no command, no escape.
func TestWhatAHistorySaysIsOnlyTextInSecrets(t *testing.T) {
	s := newAgesStory(t)
	const hostile = `ssh-ed25519 AAAA ::error::pwned <script>alert(1)</script> @everyone`
	s.event(9, "encrypted", func() {
		s.encrypt("connections/a b;$(id).yaml", connectionText("prod", "edr", `password: secret-of-mine, "token": secret-too`))
	})
	s.event(8, "a recipient that is none", func() {
		file := "connections/a b;$(id).yaml"
		s.edited(file, bob, "\""+hostile+"\\n::warning::x\"")
	})
	for _, format := range []string{"text", "json", "markdown", "html"} {
		code, stdout, stderr := s.run("", "secrets", "--format", format)
		if code != exitDone || stderr != "" {
			t.Fatalf("%s: exit %d\n%s%s", format, code, stdout, stderr)
		}
		shown := stdout
		if format == "markdown" {
			shown = codeSpans.ReplaceAllString(stdout, "")
		}
		marks := map[string]string{"text": "\n::", "json": "##[", "markdown": "<", "html": "<script"}[format]
		if strings.ContainsAny(stdout, "\x1b\r") || strings.Contains(shown, marks) || strings.Contains(shown, "@everyone") && format == "markdown" {
			t.Errorf("%s is more than text:\n%s", format, stdout)
		}
		if !strings.Contains(stdout, "pwned") || strings.Contains(stdout, "secret-of-mine") {
			t.Errorf("%s names no recipient, or a value:\n%s", format, stdout)
		}
	}
	_, stdout, _ := s.run("", "secrets", "--readable-by", bob)
	for _, want := range []string{"sops rotate --in-place 'connections/a b;$(id).yaml'", "connsync set prod/edr.config.password"} {
		if !strings.Contains(stdout, want) {
			t.Errorf("%s is missing from\n%s", want, stdout)
		}
	}
}

// A cut-off clone says at least, judges what it can, and names the fetch for the rest.
func TestAgesOfAShallowClone(t *testing.T) {
	s := newAgesStory(t)
	s.event(300, "old", func() {
		s.encrypt("connections/a.yaml", connectionText("prod", "edr", "password: password-of-edr, token: token-of-edr"))
	})
	s.event(200, "a plain edit", func() { s.edited("connections/a.yaml", "version", "description: x\n      version") })
	s.event(100, "one is set", func() { s.set("prod/edr.config.token", "TOKEN-of-edr", "alice bob") })
	full := s.dir
	s.dir = t.TempDir()
	runGit(t, s.dir, "clone", "-q", "--depth", "2", "file://"+full, ".")
	got := s.listed(exitFailed)
	if got.Complete || got.Counts.Unjudged != 1 || len(got.Warnings) != 1 || got.Warnings[0].Hints[0] != "fetch the rest:  git fetch --unshallow" {
		t.Errorf("%+v", got)
	}
	for _, x := range got.Secrets {
		if first := x.Setting == "config.password"; x.AtLeast != first || x.Unjudged != first || x.Days != map[bool]int{true: 200, false: 100}[first] {
			t.Errorf("%+v", x)
		}
	}
	_, stdout, _ := s.run("", "secrets")
	if !strings.Contains(stdout, "password   at least 200 days, there ") || !strings.Contains(stdout, "not judged\n") || !strings.Contains(stdout, "token   100 days, set ") {
		t.Error(stdout)
	}
	s.write("connsync.yaml", strings.Replace(storyProject, "215d", "150d", 1))
	if got := s.listed(exitRefused); got.Counts.Old != 1 || got.Counts.Unjudged != 0 {
		t.Errorf("older than the limit already: %+v", got.Counts)
	}
	s.write("connsync.yaml", storyProject)
	runGit(t, s.dir, "fetch", "-q", "--unshallow")
	if got := s.listed(exitRefused); !got.Complete || got.Counts.Old != 1 || len(got.Warnings) != 0 {
		t.Errorf("after the fetch: %+v", got)
	}
}

// What secrets cannot be asked for, and what it cannot read.
func TestWhatSecretsRefuses(t *testing.T) {
	s := newAgesStory(t)
	says := func(code int, want string, args ...string) {
		t.Helper()
		got, stdout, stderr := s.run("", append([]string{"secrets"}, args...)...)
		if got != code || !strings.Contains(stdout+stderr, want) {
			t.Errorf("secrets %v: exit %d, not %d, or not %q:\n%s%s", args, got, code, want, stdout, stderr)
		}
	}
	says(exitFailed, "no commit")
	s.event(3, "broken", func() { s.write("connections/a.yaml", "connections: [\n") })
	says(exitUsage, "secrets is for the local repository", "--repo", "file:///nowhere")
	says(exitFailed, "connections/a.yaml cannot be read: its secrets are not listed")
	s.event(2, "whole", func() { s.encrypt("connections/a.yaml", connectionText("prod", "edr", "password: password-of-edr")) })
	says(exitUsage, "matches no connection", "--only", "nothing*")
	says(exitUsage, "no such target", "--target", "none")
	says(exitDone, "1 secret.\n", "--ref", "HEAD")
	head, err := s.git.ResolveRevision(plumbing.Revision("HEAD"))
	if err != nil {
		t.Fatal(err)
	}
	says(exitFailed, "connections/a.yaml cannot be read", "--ref", head.String()+"~1")
	for _, wrong := range []string{"90", "0d", "90days", "-1d", "none", "100000d"} {
		s.write("connsync.yaml", storyProject+"secrets: {max_age: \""+wrong+"\"}\n")
		says(exitFailed, "max_age is no number of days")
	}
	s.write("connsync.yaml", strings.Replace(storyProject, "215d", "none", 1)+"secrets: {max_age: 1d}\n")
	says(exitDone, "1 secret.\n")
	s.write("connsync.yaml", strings.Replace(storyProject, ", max_age: 215d", "", 1)+"secrets: {max_age: 1d}\n")
	says(exitRefused, "1 too old.\n")
}

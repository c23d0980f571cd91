package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-git/go-git/v5"
	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/object"
)

// Recipients of the stories: alice has the key at hand.
var alice string

const (
	bob   = "age1lggyhqrw2nlhcxprm67z43rta597azn8gknawjehu9d9dl0jq3yqqvfafg"
	carol = "age1t7rxyev2z3rw82stdlrrepyc39nvn86l5078zqkf5uasdy86jp6svpy7pa"
)

const storyProject = `targets:
  prod: {region: cn-north-4, workspace_id: 11111111-2222-4333-8444-555555555555, max_age: 215d}
  test: {region: cn-north-4, workspace_id: 21111111-2222-4333-8444-555555555555}
`

// agesStory is a repository with a scripted history, and what the script knows of each secret.
type agesStory struct {
	*branch
	git    *git.Repository
	now    time.Time
	day    int
	events int
	knows  map[string]*fact
}

// fact is what the script knows of a secret's present value.
type fact struct {
	day     int // before now: when it was set
	readers string
	perhaps int // when it may have been set anew; 0 where it is told
	clear   int // when it stood in the clear; 0 for never
	reuse   string
}

func newAgesStory(t *testing.T) *agesStory {
	t.Helper()
	t.Setenv("SOPS_AGE_KEY", testIdentity)
	alice = testRecipient
	s := &agesStory{branch: &branch{t, t.TempDir()}, now: time.Now().Truncate(time.Second), knows: map[string]*fact{}}
	var err error
	if s.git, err = git.PlainInit(s.dir, false); err != nil {
		t.Fatal(err)
	}
	s.write("connsync.yaml", storyProject)
	s.rule(alice, bob)
	return s
}

// rule makes the recipients those of all files from now on.
func (s *agesStory) rule(recipients ...string) {
	s.write(".sops.yaml", fmt.Sprintf("creation_rules:\n  - age: %s\n    encrypted_regex: ^(password|token|keys|digits)$\n    mac_only_encrypted: true\n", strings.Join(recipients, ",")))
}

// event is something that happens so many days ago, and is committed.
func (s *agesStory) event(day int, what string, do func(), parents ...plumbing.Hash) plumbing.Hash {
	s.t.Helper()
	s.day, s.events = day, s.events+1
	do()
	tree, err := s.git.Worktree()
	if err == nil {
		err = tree.AddWithOptions(&git.AddOptions{All: true})
	}
	who := &object.Signature{Name: "someone", Email: "someone@example.invalid", When: s.now.Add(-time.Duration(day) * 24 * time.Hour)}
	var hash plumbing.Hash
	if err == nil {
		hash, err = tree.Commit(what, &git.CommitOptions{Author: who, Committer: who, Parents: parents, AllowEmptyCommits: true})
	}
	if err != nil {
		s.t.Fatalf("%s: %v", what, err)
	}
	return hash
}

// run runs connsync with a standard input.
func (s *agesStory) run(stdin string, args ...string) (code int, stdout, stderr string) {
	var out, errs bytes.Buffer
	w := world{stdin: strings.NewReader(stdin), stdout: &out, stderr: &errs, env: func(string) string { return "" }}
	code = Main(context.Background(), append(args, "-C", s.dir), w)
	return code, out.String(), errs.String()
}

func (s *agesStory) must(stdin string, args ...string) {
	s.t.Helper()
	if code, stdout, stderr := s.run(stdin, args...); code != exitDone {
		s.t.Fatalf("connsync %s: exit %d\n%s%s", strings.Join(args, " "), code, stdout, stderr)
	}
}

// set sets a secret. Readers know it from now on.
func (s *agesStory) set(place, value, readers string, flags ...string) {
	s.t.Helper()
	s.must(value, append([]string{"set", place}, flags...)...)
	s.knows[place] = &fact{day: s.day, readers: readers}
}

// encrypt writes a file, encrypted anew by its rule.
func (s *agesStory) encrypt(file, text string) {
	s.t.Helper()
	s.write(file, text)
	s.must("", "reseal", s.dir+"/"+file)
}

func (s *agesStory) move(from, to string) {
	s.t.Helper()
	s.write(to, s.read(from))
	if err := os.Remove(s.dir + "/" + from); err != nil {
		s.t.Fatal(err)
	}
}

// edited replaces a text of a file.
func (s *agesStory) edited(file, old, with string) {
	s.t.Helper()
	text := s.read(file)
	if !strings.Contains(text, old) {
		s.t.Fatalf("%q is not in\n%s", old, text)
	}
	s.write(file, strings.Replace(text, old, with, 1))
}

// listedAges is what connsync secrets says, for machines.
type listedAges struct {
	Complete bool
	Counts   struct {
		Secrets, Unjudged int
		Old               int `json:"too_old"`
	}
	Secrets []struct {
		Target, Connection, Setting, File, Set, Commit, Command string
		Line                                                    int
		Committed                                               bool
		Days                                                    int    `json:"age_days"`
		AtLeast                                                 bool   `json:"at_least"`
		Perhaps                                                 string `json:"perhaps_set"`
		Max                                                     int    `json:"max_age_days"`
		Old                                                     bool   `json:"too_old"`
		Unjudged                                                bool
		InClear                                                 string `json:"in_clear"`
		Readers                                                 []struct {
			ID, By, Commit string
			Still          bool
		}
		Reuse []string
	}
	Warnings []struct {
		Text  string
		Hints []string
	}
	Steps []struct {
		Says     string
		Commands []string
	}
}

func (s *agesStory) listed(code int, args ...string) listedAges {
	s.t.Helper()
	got, stdout, stderr := s.run("", append([]string{"secrets", "--format", "json"}, args...)...)
	var out listedAges
	if err := json.Unmarshal([]byte(stdout), &out); err != nil || got != code || stderr != "" {
		s.t.Fatalf("exit %d, not %d: %v\n%s%s", got, code, err, stdout, stderr)
	}
	if err := conforms("secrets.schema.json", []byte(stdout)); err != nil {
		s.t.Errorf("%v", err)
	}
	return out
}

// agrees compares what connsync says with what the script knows.
func (s *agesStory) agrees(what string) {
	s.t.Helper()
	old := 0
	for place, f := range s.knows {
		if strings.HasPrefix(place, "prod/") && f.day > 215 {
			old++
		}
	}
	got := s.listed(map[bool]int{true: exitRefused, false: exitDone}[old > 0])
	if !got.Complete || got.Counts.Secrets != len(s.knows) || got.Counts.Old != old {
		s.t.Errorf("%s: %d secrets, %d too old, complete %t; the script knows %d and %d", what, got.Counts.Secrets, got.Counts.Old, got.Complete, len(s.knows), old)
	}
	said := map[string]string{}
	for _, x := range got.Secrets {
		who := []string{}
		for _, r := range x.Readers {
			name := map[string]string{alice: "alice", bob: "bob", carol: "carol"}[r.ID]
			if r.By == "data-key" {
				name += "'"
			}
			who = append(who, name)
		}
		slices.Sort(who)
		said[x.Target+"/"+x.Connection+"."+x.Setting] = fmt.Sprintf("%d days, %s, perhaps %s, clear %t, same %s, old %t",
			x.Days, strings.Join(who, " "), x.Perhaps, x.InClear != "", strings.Join(x.Reuse, " "), x.Old)
	}
	for _, place := range slices.Sorted(maps.Keys(s.knows)) {
		f, perhaps := s.knows[place], ""
		if f.perhaps > 0 {
			perhaps = s.now.Add(-time.Duration(f.perhaps) * 24 * time.Hour).UTC().Format(time.DateOnly)
		}
		want := fmt.Sprintf("%d days, %s, perhaps %s, clear %t, same %s, old %t", f.day, f.readers, perhaps, f.clear > 0, f.reuse, strings.HasPrefix(place, "prod/") && f.day > 215)
		if said[place] != want {
			s.t.Errorf("%s: %s is said to be\n\t%s, not\n\t%s", what, place, said[place], want)
		}
	}
	if s.t.Failed() {
		s.t.FailNow()
	}
}

const (
	edrPassword = "prod/edr.config.password"
	edrToken    = "prod/edr.config.token"
	busPassword = "prod/bus.config.password"
	kafka       = "prod/kafka.config.password"
	dnsPassword = "test/dns.config.password"
)

func connectionText(target, name, config string) string {
	return fmt.Sprintf("connections:\n  %s:\n    %s:\n      component: X\n      version: \"1\"\n      config: {%s}\n", target, name, config)
}

// A scripted history of more than thirty events: after each, ages, readers and reuse are those in the script.
func TestSecretsTellsWhatAScriptedHistoryKnows(t *testing.T) {
	s := newAgesStory(t)
	const file, moved, lists, dns = "connections/a.yaml", "connections/prod/edr.yaml", "connections/lists.yaml", "connections/dns.yaml"
	step := func(day int, what string, do func(), parents ...plumbing.Hash) plumbing.Hash {
		t.Helper()
		hash := s.event(day, what, do, parents...)
		s.agrees(fmt.Sprintf("event %d, %s", s.events, what))
		return hash
	}
	step(400, "the first manifest, for alice and bob", func() {
		s.encrypt(file, strings.ReplaceAll(branchManifest, "canary-", ""))
		for _, p := range []string{edrPassword, edrToken, busPassword} {
			s.knows[p] = &fact{day: 400, readers: "alice bob"}
		}
	})
	step(395, "a new password", func() { s.set(edrPassword, "another-password", "alice bob") })
	step(390, "a plain edit", func() { s.edited(file, "mode: fast", "mode: slow") })
	step(385, "a setting in the clear", func() { s.must("", "set", "prod/edr.config.endpoint", "https://edr-2.example") })
	step(380, "a new data key", func() { s.sops("rotate", "--in-place", file) })
	step(375, "carol may read, by reseal", func() {
		s.rule(alice, bob, carol)
		s.must("", "reseal", s.dir+"/"+file)
		for _, f := range s.knows {
			f.readers = "alice bob carol"
		}
	})
	step(370, "the file moves", func() { s.move(file, moved) })
	step(365, "the connection gets another name", func() {
		s.must("", "rename", "prod/bus", "kafka")
		s.knows[kafka] = s.knows[busPassword]
		s.knows[kafka].perhaps = 365
		delete(s.knows, busPassword)
	})
	step(360, "and later the mark of its former one goes", func() {
		at := strings.Index(s.read(moved), "previously: bus")
		s.edited(moved, s.read(moved)[strings.LastIndex(s.read(moved)[:at], "\n"):at]+"previously: bus", "")
	})
	step(355, "and it gets another password, of the same size", func() { s.set(kafka, "bus-PASSWORD", "alice bob carol") })
	kept := *s.knows[edrToken]
	before := s.read(moved)
	step(350, "a secret is removed", func() {
		s.sops("unset", moved, `["connections"]["prod"]["edr"]["config"]["token"]`)
		delete(s.knows, edrToken)
	})
	step(345, "and comes back with git", func() { s.write(moved, before); s.knows[edrToken] = &kept })
	step(340, "bob leaves, by updatekeys", func() {
		s.rule(alice, carol)
		s.sops("updatekeys", "--yes", moved)
	})
	step(335, "a new token under the data key that bob knows", func() { s.set(edrToken, "token-of-the-old-key", "alice bob' carol") })
	step(330, "a new data key", func() { s.sops("rotate", "--in-place", moved) })
	step(325, "a password that bob cannot know", func() { s.set(edrPassword, "third-password", "alice carol") })
	step(320, "a list with equals and a number", func() {
		s.encrypt(lists, connectionText("prod", "siem", "keys: [one-value, one-value, two-value], digits: 1234"))
		for _, p := range []string{"keys[0]", "keys[1]", "keys[2]", "digits"} {
			s.knows["prod/siem.config."+p] = &fact{day: 320, readers: "alice carol"}
		}
	})
	step(315, "its third item is set, and rewrites the first as sops does", func() {
		s.sops("set", lists, `["connections"]["prod"]["siem"]["config"]["keys"][2]`, `"six-value"`)
		s.knows["prod/siem.config.keys[2]"].day = 315
		s.knows["prod/siem.config.keys[0]"].reuse = "prod/siem.config.keys[1]"
		s.knows["prod/siem.config.keys[1]"].reuse = "prod/siem.config.keys[0]"
	})
	fork := step(310, "another number", func() { s.set("prod/siem.config.digits", "4321", "alice carol", "--type", "number") })
	// Two branches: one rotates a secret, the other gives its file a new data key, and both are merged.
	mine := step(300, "here the token is set", func() { s.set(edrToken, "fourth-token", "alice carol") })
	tree, err := s.git.Worktree()
	if err != nil {
		t.Fatal(err)
	}
	if err := tree.Checkout(&git.CheckoutOptions{Hash: fork}); err != nil {
		t.Fatal(err)
	}
	theirs := s.event(299, "there the list's file is rotated", func() { s.sops("rotate", "--in-place", lists) })
	rotated := s.read(lists)
	if err := tree.Checkout(&git.CheckoutOptions{Branch: "refs/heads/master"}); err != nil {
		t.Fatal(err)
	}
	step(290, "the merge", func() { s.write(lists, rotated) }, mine, theirs)
	sealed := s.read(moved)
	wasPassword := *s.knows[edrPassword]
	step(280, "a password by mistake", func() { s.set(edrPassword, "fifth-password", "alice carol") })
	step(275, "which is taken back with git", func() { s.write(moved, sealed); s.knows[edrPassword] = &wasPassword })
	text := connectionText("test", "dns", "password: password-of-dns")
	step(260, "a secret in the clear", func() { s.write(dns, text) })
	step(255, "which is encrypted", func() {
		s.must("", "reseal", s.dir+"/"+dns)
		s.knows[dnsPassword] = &fact{day: 260, clear: 260, readers: "alice carol"}
	})
	step(250, "and rotated", func() { s.sops("rotate", "--in-place", dns) })
	step(245, "and set anew", func() { s.set(dnsPassword, "PASSWORD-of-dns", "alice carol") })
	step(240, "decrypted and encrypted: nothing tells", func() {
		s.encrypt(dns, strings.Replace(text, "password-", "PASSWORD-", 1))
		s.knows[dnsPassword].perhaps = 240
	})
	step(235, "another size: something else", func() {
		s.encrypt(dns, strings.Replace(text, "of-dns", "of-all-dns", 1))
		s.knows[dnsPassword] = &fact{day: 235, readers: "alice carol"}
	})
	step(230, "two connections in the clear, with one password", func() {
		for _, name := range []string{"web", "ftp"} {
			s.write("connections/"+name+".yaml", connectionText("test", name, "password: shared-by-both-of-them"))
		}
	})
	step(225, "which are encrypted", func() {
		for _, names := range [][2]string{{"web", "ftp"}, {"ftp", "web"}} {
			s.must("", "reseal", s.dir+"/connections/"+names[0]+".yaml")
			s.knows["test/"+names[0]+".config.password"] = &fact{day: 230, clear: 230, readers: "alice carol", reuse: "test/" + names[1] + ".config.password"}
		}
	})
	step(220, "one of them is set", func() {
		s.set("test/web.config.password", "not-shared-any-more-at-all", "alice carol")
		s.knows["test/ftp.config.password"].reuse = ""
	})
	step(210, "and moves in the same commit as another is set", func() {
		s.move("connections/web.yaml", "connections/test/web.yaml")
		s.set(edrToken, "sixth-token", "alice carol")
	})
	if s.events < 30 {
		t.Errorf("only %d events", s.events)
	}
	// What is not committed is as young as can be.
	s.must("new-value", "set", edrPassword)
	if got := s.listed(exitRefused); got.Counts.Old != 5 {
		t.Errorf("%d are too old, with one that is not committed", got.Counts.Old)
	}
	code, stdout, _ := s.run("", "secrets", "--target", "prod", "--only", "edr")
	if code != exitDone || !strings.Contains(stdout, "password   not committed yet\n") || !strings.Contains(stdout, "2 secrets, 1 not committed.\n") || strings.Contains(stdout, "siem") {
		t.Errorf("exit %d:\n%s", code, stdout)
	}
	for format, says := range map[string][]string{
		"text":     {"5 too old", "  edr   " + moved, "too old\n", "in the clear in commit"},
		"markdown": {"5 too old", "**too old**", "| `prod` / `kafka` `password` |", ">   - hint: list them, with the commands that rotate them: `connsync secrets --readable-by " + bob + "`"},
		"html":     {"<strong>5</strong> too old", "<b>too old</b>", "<bdi>kafka</bdi>", "<code>connsync secrets --readable-by " + bob + "</code>"},
	} {
		code, stdout, stderr := s.run("", "secrets", "--format", format)
		for _, want := range says {
			if code != exitRefused || stderr != "" || !strings.Contains(stdout, want) {
				t.Errorf("%s: exit %d, and not %q:\n%s%s", format, code, want, stdout, stderr)
			}
		}
		if n := strings.Count(stdout, "not committed yet"); n != 1 {
			t.Errorf("%s: %d are not committed", format, n)
		}
	}
}

package main

import (
	"io"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/alecthomas/kong"

	"connsync/apply/secmaster/emulator"
	"connsync/cmd/connsync/view"
)

// shellWord is a word as manifest.ShellWord writes it: bare, or in single quotes.
var shellWord = regexp.MustCompile(`(?:'[^']*'|\\'|[^\s'])+`)

// wordsOf parts a command line as a shell does.
func wordsOf(line string) (out []string) {
	for _, w := range shellWord.FindAllString(line, -1) {
		w = strings.ReplaceAll(w, `'\''`, "\x00")
		out = append(out, strings.ReplaceAll(strings.ReplaceAll(w, "'", ""), "\x00", "'"))
	}
	return out
}

func typedLine(t *testing.T, args []string) globals {
	t.Helper()
	c := grammarFor(nil)
	p, err := kong.New(c, append(grammar(world{stdout: io.Discard, stderr: io.Discard}), kong.Exit(func(int) {}))...)
	if err != nil {
		t.Fatal(err)
	}
	command, err := p.Parse(args)
	if err != nil {
		t.Fatalf("%q: %v", args, err)
	}
	c.globals.typed = typedIn(command)
	return c.globals
}

// What is pasted means what was typed, whatever a shell sees in it; what was not typed is not said.
func TestANextCommandRepeatsWhatWasTyped(t *testing.T) {
	for _, line := range [][]string{
		{"sync"}, {"sync", "-C", "a folder"}, {"sync", "-C", "it's; rm -rf ~"}, {"sync", "--dir=$(x)", "--config", "a`b`.yaml", "--endpoint", "https://a.example/?x=1&y=2"},
		{"sync", "--domain", "a.example,b.example", "--domain", "c.example", "--ca-file=ca's.pem", "--narrow", "--state", "ssh://git@a.example/s.git", "--local-state"},
		{"sync", "--target", "prod", "-t", "test", "--only", `a\,b`, "--only", "edr_*,x?", "--shard", "2/3", "--repo", "https://a.example/r.git", "--ref", "v1"},
	} {
		was := typedLine(t, line)
		said := was.same("connsync sync --dry-run")
		is := typedLine(t, wordsOf(strings.TrimSuffix(said, " --dry-run"))[1:])
		if was.typed, is.typed = (commandTyped{}), (commandTyped{}); !reflect.DeepEqual(was, is) || !strings.HasPrefix(said, "connsync sync ") || !strings.HasSuffix(said, " --dry-run") {
			t.Errorf("%q: %s", line, said)
		}
	}
	g := typedLine(t, []string{"sync", "-C", "x", "-t", "prod", "--endpoint", "http://127.0.0.1:1", "-v", "--color=never"})
	for want, got := range map[string]string{
		"connsync validate -C x --endpoint http://127.0.0.1:1":             g.again("connsync validate"), // which hands it on
		"connsync import -C x --endpoint http://127.0.0.1:1 --ask":         g.again("connsync import --ask"),
		"connsync import -C x --target prod --endpoint http://127.0.0.1:1": g.same("connsync import"),
		"connsync state list -C x --endpoint http://127.0.0.1:1":           g.again("connsync state list"),
		"git -C x add -A && git -C x commit -m a":                          g.again("git add -A && git commit -m a"),
	} {
		if got != want {
			t.Errorf("%s, not %s", got, want)
		}
	}
	t.Setenv("CONNSYNC_ENDPOINT", "http://127.0.0.1:2")
	g = typedLine(t, []string{"sync", "-C", "."})
	if got := g.again("connsync sync") + "; " + g.again("git add -A"); got != "connsync sync; git add -A" {
		t.Errorf("what the environment and the default say is repeated: %s", got)
	}
}

// The name of every command begins a line that can be copied.
func TestEveryCommandIsSeenInASentence(t *testing.T) {
	for _, command := range everyCommand().Children {
		line := "connsync " + command.Name + " x"
		if parts := view.Pieces("before:  " + line + "  behind"); !command.Hidden && !slices.Contains(parts, view.Part{Code: true, Text: line}) {
			t.Errorf("%s: %v", line, parts)
		}
	}
}

// Every command printed as the next one works where it is printed, from an import to the sync, in a folder that a shell would part.
func TestNextCommandsWorkWhereTheyArePrinted(t *testing.T) {
	c := newNewcomer(t, 3)
	t.Setenv("CONNSYNC_ENDPOINT", "")
	if err := os.Unsetenv("CONNSYNC_ENDPOINT"); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(c.dir, "it's a repository"), 0o755); err != nil {
		t.Fatal(err)
	}
	flags := ` -C 'it'\''s a repository' --endpoint ` + c.url
	preview := c.goes("connsync init"+flags+" --region "+emulator.DefaultRegion, "connsync diff"+flags, nil)
	c.green(preview, 3)
	next := printedNext(preview)
	if len(next) != 2 || !slices.Contains(c.ran, `git -C 'it'\''s a repository' init -b main`) {
		t.Fatalf("after %q: %q", c.ran, next)
	}
	for _, command := range append(next, "connsync sync"+flags) {
		if out := c.types(command, nil); strings.HasPrefix(command, "connsync") && !strings.Contains(out, "3") {
			t.Errorf("%s: %s", command, out)
		}
	}
	c.kept(3)
}

package main

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"connsync/manifest"
	"connsync/secrets/sops"
	"connsync/secrets/sops/sopstest"
)

// TestHints carries out what hints say: each script makes the situation with real commands, follows the hint as it is printed, and shows
// that the finding is gone.
func TestHints(t *testing.T) {
	t.Parallel()
	command := filepath.Dir(sopstest.Command(t))
	hints := readHints(t).hints
	other, _, err := sops.NewAgeKey()
	if err != nil {
		t.Fatal(err)
	}
	p := scripts("testdata/hints")
	p.Setup = func(e *testscript.Env) error {
		e.Setenv("PATH", command+string(os.PathListSeparator)+e.Getenv("PATH"))
		e.Setenv("OTHER", other)
		e.Setenv("EDITOR", filepath.Join(e.WorkDir, "editor"))
		return setup(e)
	}
	p.Cmds["host"] = func(ts *testscript.TestScript, _ bool, args []string) {
		ts.Setenv("HOST", hosted(t, ts.MkAbs(args[0]), "canary-token"))
		ts.Setenv("CONNSYNC_GIT_TOKEN", "canary-token")
	}
	p.Cmds["rules"] = writeRules
	p.Cmds["editor"] = writeEditor
	p.Cmds["follow"] = func(ts *testscript.TestScript, neg bool, args []string) {
		if len(args) < 2 {
			ts.Fatalf("usage: follow SITE COMMAND [PLACEHOLDER=VALUE]...")
		}
		h := hint{args[0], args[1]}
		if hints[h] == nil {
			ts.Fatalf("no text says this: %s", h)
		}
		follow(ts, neg, h, args[2:])
	}
	testscript.Run(t, p)
}

// writeRules: rules REGEX [LINE]... writes a .sops.yaml with one rule, for the key of all scripts.
func writeRules(ts *testscript.TestScript, _ bool, args []string) {
	text := "creation_rules:\n  - age: " + testRecipient + "\n    encrypted_regex: " + args[0] + "\n"
	for _, line := range args[1:] {
		text += "    " + line + "\n"
	}
	ts.Check(os.WriteFile(ts.MkAbs(".sops.yaml"), []byte(text), 0o644))
}

// writeEditor: editor COMMANDS has sops edit change its file with these commands of sed.
func writeEditor(ts *testscript.TestScript, _ bool, args []string) {
	text := "#!/bin/sh\nexec sed -i"
	for _, a := range args {
		text += " -e " + manifest.ShellWord(a)
	}
	ts.Check(os.WriteFile(ts.Getenv("EDITOR"), []byte(text+" \"$1\"\n"), 0o755))
}

// follow SITE COMMAND [PLACEHOLDER=VALUE]... runs what a hint of the last command says, by the shell and as it is printed. Where the last
// command says it of several files or connections, it is run for each. What is in capitals in it is a placeholder, and is filled in.
func follow(ts *testscript.TestScript, neg bool, h hint, fill []string) {
	commands := printed(ts.ReadFile("stdout")+"\n"+ts.ReadFile("stderr"), h.command)
	if len(commands) == 0 {
		ts.Fatalf("the last command does not say: %s", h.command)
	}
	for _, c := range commands {
		for _, f := range fill {
			name, value, _ := strings.Cut(f, "=")
			word := regexp.MustCompile(`\b` + name + `\b`)
			if !word.MatchString(c) {
				ts.Fatalf("%s: there is no %s to be filled in", c, name)
			}
			c = word.ReplaceAllLiteralString(c, value)
		}
		if left := unfilled.FindString(c); left != "" && len(fill) == 0 {
			ts.Fatalf("%s: what is %s?", c, left)
		}
		ts.Logf("$ %s", c)
		if err := ts.Exec("sh", "-c", c); (err != nil) != neg {
			ts.Fatalf("%s: %v", c, err)
		}
	}
}

// unfilled is a word in capitals, not filled in by the shell.
var unfilled = regexp.MustCompile(`(?:^|[ =/:])[A-Z]{3,}\b`)

// printed are the commands in an output that stand alone there and are made of a hint's, in order and once each.
func printed(output, command string) []string {
	words := strings.ReplaceAll(regexp.QuoteMeta(command), "…", `(?:\S+(?: \S+)*)`)
	is := regexp.MustCompile(`(?m)(?:^|  |: )(` + words + `)(?:  .*)?$`)
	var out []string
	for _, m := range is.FindAllStringSubmatch(output, -1) {
		if !slices.Contains(out, m[1]) {
			out = append(out, m[1])
		}
	}
	return out
}

func TestAFollowedCommandIsTheWholeOne(t *testing.T) {
	const output = "error: connsync sync failed\n  hint: do it:  sops edit a b.yaml  or  connsync sync --only x  now\n  hint: do it:  sops edit c.yaml, or not\nnext: connsync sync --only y"
	for command, want := range map[string]string{
		"sops edit …":            "[sops edit a b.yaml sops edit c.yaml, or not]",
		"connsync sync --only …": "[connsync sync --only x connsync sync --only y]",
		"connsync sync":          "[]",
		"connsync sync …":        "[connsync sync failed connsync sync --only x connsync sync --only y]",
	} {
		if have := fmt.Sprint(printed(output, command)); have != want {
			t.Errorf("%s: %s", command, have)
		}
	}
}

package main

import (
	"bytes"
	"context"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/alecthomas/kong"
)

// grammarOf is the grammar of a command line; without one, the whole.
func grammarOf(t *testing.T, args ...string) *kong.Application {
	t.Helper()
	p, err := kong.New(grammarFor(args), grammar(world{})...)
	if err != nil {
		t.Fatalf("%q: %v", args, err)
	}
	return p.Model
}

// unheard runs a command line to be refused as usage before anything is asked of the world.
func unheard(t *testing.T, names string, args ...string) {
	t.Helper()
	var out, errs bytes.Buffer
	asked := func(what string) { t.Errorf("%q: it asked for %s", args, what) }
	w := world{
		stdin: strings.NewReader(""), stdout: &out, stderr: &errs,
		env:    func(name string) string { asked(name); return "" },
		effect: func(op string) error { asked(op); return nil },
	}
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second) // some commands serve until they are interrupted
	defer cancel()
	code := Main(ctx, args, w)
	if code != exitUsage || out.Len() > 0 || !strings.Contains(errs.String(), names) {
		t.Errorf("%q: exit %d, want %d and %q: %s%s", args, code, exitUsage, names, out.String(), errs.String())
	}
}

// lineOfCommand gives every required flag and every argument of a command a value: x, or another for one of them.
func lineOfCommand(n *kong.Node, named, value string) []string {
	args := strings.Fields(strings.TrimPrefix(n.FullPath(), "connsync"))
	for _, f := range n.Flags {
		if f.Required && f.Name != named {
			args = append(args, "--"+f.Name+"=x")
		}
	}
	for _, p := range n.Positional {
		switch {
		case p.Name == named:
			args = append(args, value)
		case p.Enum != "":
			args = append(args, strings.Split(p.Enum, ",")[0])
		default:
			args = append(args, "x")
		}
	}
	return args
}

// No flag and no argument of any command takes an empty value: an unset variable must open no gate.
func TestNoFlagTakesAnEmptyValue(t *testing.T) {
	t.Parallel()
	flags := 0
	for _, n := range grammarOf(t).Leaves(false) {
		for _, group := range n.AllFlags(false) {
			for _, f := range group {
				if f.Name == "help" {
					continue
				}
				flags++
				for i, v := range inTurn(hollow(f.Value), flags) {
					line := append(lineOfCommand(n, f.Name, ""), "--"+f.Name+"="+v)
					if !f.IsBool() && (i+flags)%2 == 0 {
						line = append(lineOfCommand(n, f.Name, ""), "--"+f.Name, v)
					}
					unheard(t, "--"+f.Name, line...)
				}
			}
		}
		for _, p := range n.Positional {
			for _, v := range hollow(p) {
				unheard(t, "<"+p.Name+">", lineOfCommand(n, p.Name, v)...)
			}
		}
	}
	if flags < 150 {
		t.Errorf("only %d flags of commands were found", flags)
	}
}

// inTurn keeps one of the other blanks, each in turn: reading a command line takes 4 ms.
func inTurn(values []string, n int) []string {
	return append([]string{values[0], values[1+n%(blanks-1)]}, values[blanks:]...)
}

// blanks is how many values of hollow are blank as a whole.
const blanks = 4

// hollow are values with something empty: what is blank as a whole, and lists with such a part.
func hollow(v *kong.Value) []string {
	out := []string{"", " ", "\t", "\n"}
	if v.Target.Kind() == reflect.Slice && v.Tag.Sep != -1 && v.Flag != nil {
		out = append(out, ",", "a,,b", "a,", ",a", "a, ,b")
	}
	return out
}

// What is a pattern is read as one, so a bad one is refused wherever it stands.
func TestABadPatternIsUsage(t *testing.T) {
	found := 0
	for _, n := range grammarOf(t).Leaves(false) {
		for _, group := range n.AllFlags(false) {
			for _, f := range group {
				if f.PlaceHolder != "PATTERN" {
					continue
				}
				found++
				for _, v := range []string{"[", "a,[b", "[a-", `a\`} {
					unheard(t, "not a pattern", append(lineOfCommand(n, f.Name, ""), "--"+f.Name, v)...)
				}
			}
		}
	}
	if found < 10 {
		t.Errorf("only %d flags with patterns were found", found)
	}
}

// A variable set to an empty value selects nothing either, unless a flag does, or the command has no use for it.
func TestNoVariableTakesAnEmptyValue(t *testing.T) {
	variables := 0
	for _, f := range grammarOf(t).Flags {
		for _, name := range f.Envs {
			variables++
			for _, v := range []string{"", " "} {
				t.Run(name+"="+v, func(t *testing.T) {
					t.Setenv(name, v)
					for _, n := range grammarOf(t).Leaves(false) {
						if n.Tag.Has("alone") {
							continue
						}
						unheard(t, name+" is set to an empty value: unset it", lineOfCommand(n, "", "")...)
						unheard(t, "empty value", append(lineOfCommand(n, "", ""), "--"+f.Name, "")...)
					}
					if code, _, stderr := inProcess(nil, "version"); code != exitDone {
						t.Errorf("version: exit %d: %s", code, stderr)
					}
					if code, _, stderr := inProcess(nil, "validate", "-C", t.TempDir(), "--"+f.Name, "x"); code != exitFailed || strings.Contains(stderr, name) {
						t.Errorf("with a flag: exit %d: %s", code, stderr)
					}
				})
			}
		}
	}
	if variables != 5 {
		t.Errorf("%d variables", variables)
	}
}

// A list argument takes all following ones, whatever a name holds, and none of them may be empty.
func TestAListOfArgumentsTakesAll(t *testing.T) {
	for _, command := range []string{"reseal", "seal"} {
		c := grammarFor(nil)
		p, err := kong.New(c, grammar(world{})...)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := p.Parse([]string{command, "a.yaml", "b,c.yaml", "d.yaml", "--dry-run"}); err != nil {
			t.Errorf("%s: %v", command, err)
		}
		all := c.Commands.(*subcommands)
		if got := strings.Join(append(all.Reseal.Files, all.Seal.Files...), " "); got != "a.yaml b,c.yaml d.yaml" {
			t.Errorf("%s: %q", command, got)
		}
		if _, err := p.Parse([]string{command, "a.yaml", " "}); err == nil {
			t.Errorf("%s takes an empty name", command)
		}
	}
}

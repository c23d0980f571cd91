package main

import (
	"fmt"
	"strings"
	"testing"

	"github.com/alecthomas/kong"
)

// asRead is all that a command line is read by, and its help made of.
func asRead(n *kong.Node) string {
	var b strings.Builder
	fmt.Fprintln(&b, n.Type, n.Name, n.Aliases, n.Hidden, n.Help, n.Detail, n.FullPath(), n.Tag.Get("takes"), n.Tag.Has("alone"), n.DefaultCmd != nil)
	for _, f := range n.Flags {
		fmt.Fprintln(&b, f.Summary(), string(f.Short), f.Help, f.Default, f.Enum, f.Envs, f.PlaceHolder, f.Required, f.Hidden, f.Xor, f.Tag.Get("completes"))
	}
	for _, p := range n.Positional {
		fmt.Fprintln(&b, p.Summary(), p.Help, p.Default, p.Enum, p.Required, p.Tag.Get("completes"))
	}
	for _, c := range n.Children {
		b.WriteString(asRead(c))
	}
	return b.String()
}

// A line that begins with a command is read by the grammar of this command alone, and it is the same as in the whole. What completes lines, and a line that begins
// otherwise, has them all.
func TestALineIsReadByTheGrammarOfItsCommand(t *testing.T) {
	whole := grammarOf(t)
	if len(whole.Children) < 20 {
		t.Fatalf("%d commands", len(whole.Children))
	}
	for _, want := range whole.Children {
		got := grammarOf(t, want.Name, "x")
		if want.Name == "complete" {
			if asRead(got.Node) != asRead(whole.Node) {
				t.Error("completion does not know everything")
			}
			continue
		}
		if len(got.Children) != 1 || asRead(got.Children[0]) != asRead(want) || len(got.Flags) != len(whole.Flags) {
			t.Errorf("%s is read by another grammar than the whole has for it", want.Name)
		}
	}
	for _, args := range [][]string{{"--help"}, {"-C", ".", "diff"}, {"dif"}, {"Diff"}, {""}, {"merge"}} {
		if asRead(grammarOf(t, args...).Node) != asRead(whole.Node) {
			t.Errorf("%q: commands are missing", args)
		}
	}
}

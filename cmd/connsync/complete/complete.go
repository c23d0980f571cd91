// Package complete says how a command line may go on, from the grammar alone and from given names.
package complete

import (
	"path"
	"slices"
	"strings"

	"github.com/alecthomas/kong"
)

// Candidate is a word that may stand where the cursor is.
type Candidate struct{ Text, About string }

// Answer is how a command line may go on.
type Answer struct {
	Kind   string // Words, Files or Folders: the shell itself completes the latter two
	Prefix string // what stands before the name of a file, in the same word
	Words  []Candidate
	Open   bool // the word goes on: no space follows it
}

// The kinds of answers.
const (
	Words   = "words"
	Files   = "files"
	Folders = "folders"
)

// Given are the values of the flags of a command line, by name.
type Given map[string][]string

// Grammar is what a command line is completed from.
type Grammar struct {
	App     *kong.Application
	Means   func(command *kong.Node, f *kong.Flag) bool                          // whether a flag means something to a command
	Names   func(kind, typed string, given Given) (names []Candidate, open bool) // of the kinds of the tag  completes
	Harmful func(text string) bool                                               // whether a text would do something to a terminal
}

// most is how many words are offered: more are not read.
const most = 1000

// Complete completes the last of some words; the first is the program.
func (g Grammar) Complete(words []string) Answer {
	words = withoutProgram(words)
	if len(words) == 0 {
		return Answer{Kind: Words}
	}
	typed := words[len(words)-1]
	l := &line{node: g.App.Node, given: Given{}}
	l.read(words[:len(words)-1])
	a := g.next(l, typed)
	a.Words = slices.DeleteFunc(a.Words, func(c Candidate) bool { return !strings.HasPrefix(c.Text, typed) || g.Harmful(c.Text) })
	a.Words = a.Words[:min(len(a.Words), most)]
	return a
}

// withoutProgram leaves out the program, and what stands before it: variables of the environment, as in  A=b connsync diff.
func withoutProgram(words []string) []string {
	for i, w := range words {
		if !strings.Contains(w, "=") || path.Base(w) == "connsync" {
			return words[i+1:]
		}
	}
	return nil
}

// next is what may come where a line has been read.
func (g Grammar) next(l *line, typed string) Answer {
	switch {
	case l.lost:
		return Answer{Kind: Words}
	case l.waiting != nil:
		return g.value(l.waiting.Value, l, "", typed)
	case !l.ended && strings.HasPrefix(typed, "--") && strings.Contains(typed, "="):
		name, value, _ := strings.Cut(typed, "=")
		if f := l.flag(name[2:]); f != nil {
			return g.value(f.Value, l, name+"=", value)
		}
	case !l.ended && strings.HasPrefix(typed, "-"):
		return Answer{Kind: Words, Words: g.flags(l)}
	case len(l.node.Children) > 0:
		return Answer{Kind: Words, Words: commands(l.node)}
	case len(l.node.Positional) > 0:
		if p := l.argument(); p != nil {
			return g.value(p, l, "", typed)
		}
	case typed == "" && !l.ended:
		return Answer{Kind: Words, Words: g.flags(l)}
	}
	return Answer{Kind: Words}
}

// commands are those named by help, too.
func commands(n *kong.Node) (out []Candidate) {
	for _, c := range n.Children {
		if !c.Hidden {
			out = append(out, Candidate{c.Name, sentence(c.Help)})
		}
	}
	return out
}

// flags are those that mean something to a command, and may be given again or were not yet.
func (g Grammar) flags(l *line) (out []Candidate) {
	for _, f := range l.flags() {
		again := f.IsCumulative() || len(l.given[f.Name]) == 0
		if again && g.Means(l.node, f) {
			out = append(out, Candidate{"--" + f.Name, sentence(f.Help)})
		}
	}
	return out
}

// value is what a flag or an argument may have, behind a prefix in the same word. Of a list only the last member is completed.
func (g Grammar) value(v *kong.Value, l *line, prefix, typed string) Answer {
	kind := v.Tag.Get("completes")
	if v.IsCumulative() && v.Flag != nil && kind == "target" {
		if i := strings.LastIndex(typed, ","); i >= 0 {
			prefix, typed = prefix+typed[:i+1], typed[i+1:]
		}
	}
	a := Answer{Kind: Words, Prefix: prefix}
	switch kind {
	case "":
		for w := range strings.SplitSeq(v.Enum, ",") {
			if v.Enum != "" {
				a.Words = append(a.Words, Candidate{Text: w})
			}
		}
	case Files, Folders:
		a.Kind = kind
	case "topic":
		a.Words, _ = g.Names(kind, typed, l.given)
		a.Words = append(a.Words, commands(g.App.Node)...)
	default:
		a.Words, a.Open = g.Names(kind, typed, l.given)
	}
	if prefix == "" { // where it would be taken for a flag
		a.Words = slices.DeleteFunc(a.Words, func(c Candidate) bool { return strings.HasPrefix(c.Text, "-") })
	}
	for i := range a.Words {
		a.Words[i].Text = prefix + a.Words[i].Text
	}
	return a
}

// sentence is the first one of a help.
func sentence(help string) string {
	first, _, _ := strings.Cut(help, ". ")
	return strings.TrimSuffix(first, ".")
}

package render

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"connsync/cmd/connsync/view"
	"connsync/diff"
	"connsync/manifest"
)

// annotation is a command for GitHub's runner to mark a line of a pull request.
type annotation struct {
	level string // error, warning or notice
	title string
	at    manifest.Position
	lines []string // the message
}

// maxAnnotations is how many of each level GitHub shows for a step.
const maxAnnotations = 10

// maxAnnotated is how much of one text an annotation shows, in characters.
const maxAnnotated = 1000

// asGitHub marks the lines of a diff: what will fail, high risks, then every change. The most important come first.
func asGitHub(w io.Writer, d view.Diff) error { return annotate(w, d.Page(false)) }

func annotate(w io.Writer, p view.Page) error {
	last := "Plan: " + view.List(p.TotalWords())
	if p.Next != "" {
		last += "; next: " + p.Next
	}
	return writeAnnotations(w, append(faults(p), changed(p)...), last)
}

// faults are the errors and warnings of a page.
func faults(p view.Page) []annotation {
	var out []annotation
	warn := func(title string, at manifest.Position, lines ...string) {
		out = append(out, annotation{"warning", "connsync: " + title, at, lines})
	}
	for _, f := range p.Findings {
		if f.Fatal {
			out = append(out, annotated("error", "will fail at merge", f.Mistake))
		}
	}
	for _, r := range p.Risks() {
		text := r.Text
		if r.Name != "" {
			text = of(view.Target{Name: r.Target}, view.Card{Name: r.Name}) + text
		}
		warn("high risk", manifest.Position{File: r.File, Line: r.Line}, text)
	}
	for t, c := range p.Changes() {
		if c.Conflict != "" {
			warn("conflict", c.Pos(), append([]string{of(t, c) + c.Conflict}, hinted(c.Hints)...)...)
		}
	}
	for _, f := range p.Findings {
		if !f.Fatal {
			out = append(out, annotated("warning", "worth a look", f.Mistake))
		}
	}
	for t, c := range p.Changes() {
		for _, text := range c.Warnings {
			warn("warning", c.Pos(), of(t, c)+text)
		}
	}
	return out
}

// of names a change.
func of(t view.Target, c view.Card) string { return t.Name + " / " + c.Name + ": " }

// noticed are the actions with a change; first come those that take something away.
var noticed = []diff.Action{diff.Remove, diff.Delete, diff.Rename, diff.Update, diff.Adopt, diff.Create}

// changed are the notices of a page.
func changed(p view.Page) (out []annotation) {
	for _, a := range noticed {
		for t, c := range p.Changes() {
			if c.Action == a {
				out = append(out, annotation{"notice", "connsync: " + string(a) + " " + c.Name, changedAt(c), append([]string{of(t, c) + what(c)}, values(c)...)})
			}
		}
	}
	return out
}

// CheckedAnnotations marks what a validation found.
func CheckedAnnotations(w io.Writer, c view.Checked) error {
	var all []annotation
	for _, m := range c.Wrong {
		all = append(all, annotated("error", "mistake", m))
	}
	for _, m := range c.Warnings {
		all = append(all, annotated("warning", "worth a look", m))
	}
	last := "valid: " + c.Words()
	if n := len(c.Wrong); n > 0 {
		last = view.Count(n, "mistake")
	}
	return writeAnnotations(w, all, last)
}

func annotated(level, title string, m manifest.Mistake) annotation {
	return annotation{level, "connsync: " + title, m.Pos, append([]string{m.Message}, hinted(m.Hints)...)}
}

func hinted(hints []string) []string {
	out := make([]string, len(hints))
	for i, h := range hints {
		out[i] = "hint: " + h
	}
	return out
}

// changedAt is the first changed line, where one is known: GitHub shows an annotation beside a line of the change only.
func changedAt(c view.Card) manifest.Position {
	at := c.Pos()
	if i := slices.IndexFunc(c.Fields, func(f view.Field) bool { return f.Line > 0 }); i >= 0 && c.Action != diff.Create {
		at.Line = c.Fields[i].Line
	}
	return at
}

// what says in short what changes: names and words.
func what(c view.Card) string {
	parts := []string{string(c.Action)}
	for _, f := range c.Fields {
		parts = append(parts, f.Short())
	}
	for _, s := range c.Secrets {
		if s.Word != diff.Same {
			parts = append(parts, s.Path+" "+s.Said())
		}
	}
	return view.List(append(parts, c.Why...))
}

// values say each changed setting in the clear, a line each.
func values(c view.Card) []string {
	var out []string
	for _, f := range c.Fields {
		switch {
		case f.Lines != nil:
			for _, l := range f.Lines {
				out = append(out, f.Path+": "+l.Mark+" "+l.Text)
			}
		case f.Old != "":
			out = append(out, f.Path+": "+f.Old+" -> "+f.New)
		default:
			out = append(out, f.Path+": "+f.New)
		}
	}
	return out
}

// writeAnnotations writes commands, and what GitHub would not show as lines of the log, with a last line that is no command either.
func writeAnnotations(w io.Writer, all []annotation, last string) error {
	var commands, plain strings.Builder
	for _, level := range []string{"error", "warning", "notice"} {
		of := slices.DeleteFunc(slices.Clone(all), func(a annotation) bool { return a.level != level })
		shown := of
		if len(of) > maxAnnotations {
			shown = of[:maxAnnotations-1]
			for _, a := range of[maxAnnotations-1:] {
				plain.WriteString(a.plain() + "\n")
			}
		}
		for _, a := range shown {
			commands.WriteString(a.command() + "\n")
		}
		if n := len(of) - len(shown); n > 0 {
			more := annotation{level, "connsync: and more", manifest.Position{}, []string{fmt.Sprintf("%d more; the log of this step names them", n)}}
			commands.WriteString(more.command() + "\n")
		}
	}
	_, err := io.WriteString(w, commands.String()+plain.String()+annotatedText(last)+"\n")
	return err
}

// command is the annotation as GitHub's runner reads it: a line, with escapes for what would end a part of it.
func (a annotation) command() string {
	var properties []string
	if a.at.File != "" {
		properties = append(properties, "file="+property(a.at.File))
		if a.at.Line > 0 {
			properties = append(properties, fmt.Sprintf("line=%d", a.at.Line))
		}
		if a.at.Line > 0 && a.at.Column > 0 {
			properties = append(properties, fmt.Sprintf("col=%d", a.at.Column))
		}
	}
	properties = append(properties, "title="+property(a.title))
	lines := make([]string, len(a.lines))
	for i, l := range a.lines {
		lines[i] = annotatedText(l)
	}
	return "::" + a.level + " " + strings.Join(properties, ",") + "::" + commandData.Replace(strings.Join(lines, "\n"))
}

var (
	commandData     = strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A")
	commandProperty = strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A", ":", "%3A", ",", "%2C")
)

func property(s string) string { return commandProperty.Replace(annotatedText(s)) }

// annotatedText is a text made harmless and not too long.
func annotatedText(s string) string {
	if text := []rune(Harmless(s)); len(text) > maxAnnotated {
		return string(text[:maxAnnotated]) + "…"
	}
	return Harmless(s)
}

// plain is the annotation as a line of a log, not a command.
func (a annotation) plain() string {
	line := a.level + ": "
	if a.at.File != "" {
		line += view.At(a.at) + ": "
	}
	return annotatedText(line + strings.Join(a.lines, "; "))
}

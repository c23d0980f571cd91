package main

import (
	"fmt"
	"io"
	"strings"

	"connsync/diff"
	"connsync/manifest"
)

// annotation is a command of GitHub's runner that marks a line of a pull request.
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

// annotations marks the lines of a diff: what will fail, high risks, then every change. The most important come first.
func annotations(w io.Writer, s sheet) error {
	all := append(faults(s), changed(s)...)
	last := "Plan: " + strings.Join(totalWords(s), ", ")
	if s.next != "" {
		last += "; next: " + s.next
	}
	return writeAnnotations(w, all, last)
}

// faults are the errors and warnings of a sheet.
func faults(s sheet) []annotation {
	var out []annotation
	for _, f := range s.findings {
		if f.fatal {
			out = append(out, annotation{"error", "connsync: will fail at merge", f.Pos, append([]string{f.Message}, hinted(f.Hints)...)})
		}
	}
	warn := func(title string, at manifest.Position, lines ...string) {
		out = append(out, annotation{"warning", "connsync: " + title, at, lines})
	}
	for _, a := range s.alarms {
		warn("high risk", manifest.Position{}, a)
	}
	for _, t := range s.sections {
		for _, f := range t.files {
			if f.risky {
				warn("high risk", manifest.Position{File: f.path}, strings.Join(f.words, ", "))
			}
		}
		for _, c := range t.cards {
			for _, r := range c.risks {
				warn("high risk", manifest.Position{File: c.file, Line: r.line}, c.of(t)+": "+strings.TrimPrefix(r.text, riskMark))
			}
		}
	}
	for _, t := range s.sections {
		for _, c := range t.cards {
			if c.conflict != "" {
				warn("conflict", c.position(), append([]string{c.of(t) + ": " + c.conflict}, hinted(c.hints)...)...)
			}
		}
	}
	for _, f := range s.findings {
		if !f.fatal {
			warn("worth a look", f.Pos, append([]string{f.Message}, hinted(f.Hints)...)...)
		}
	}
	for _, t := range s.sections {
		for _, c := range t.cards {
			for _, text := range c.warnings {
				warn("warning", c.position(), c.of(t)+": "+text)
			}
		}
	}
	return out
}

// annotated are the actions that are changes, those first that take something away.
var annotated = []diff.Action{diff.Remove, diff.Delete, diff.Rename, diff.Update, diff.Adopt, diff.Create}

// changed are the notices of a sheet.
func changed(s sheet) []annotation {
	var out []annotation
	for _, a := range annotated {
		for _, t := range s.sections {
			for _, c := range t.cards {
				if c.action == a {
					out = append(out, annotation{"notice", "connsync: " + string(a) + " " + c.name, c.changedAt(), []string{c.of(t) + ": " + c.what()}})
				}
			}
		}
	}
	return out
}

// mistaken are the annotations of validate.
func mistaken(wrong, warnings manifest.Mistakes) []annotation {
	var out []annotation
	for _, m := range wrong {
		out = append(out, annotation{"error", "connsync: mistake", m.Pos, append([]string{m.Message}, hinted(m.Hints)...)})
	}
	for _, m := range warnings {
		out = append(out, annotation{"warning", "connsync: worth a look", m.Pos, append([]string{m.Message}, hinted(m.Hints)...)})
	}
	return out
}

func hinted(hints []string) []string {
	out := make([]string, len(hints))
	for i, h := range hints {
		out[i] = "hint: " + h
	}
	return out
}

func (c card) of(t section) string { return t.target + " / " + c.name }

func (c card) position() manifest.Position { return manifest.Position{File: c.file, Line: c.line} }

// changedAt is the first line that changes, where one is known: GitHub shows an annotation beside a line of the change only.
func (c card) changedAt() manifest.Position {
	at := c.position()
	for _, f := range c.fields {
		if f.line > 0 {
			at.Line = f.line
			break
		}
	}
	return at
}

// what says in short what changes: names and words, no values.
func (c card) what() string {
	parts := []string{string(c.action)}
	for _, f := range c.fields {
		parts = append(parts, strings.TrimPrefix(f.path, "config."))
	}
	for _, s := range c.secrets {
		if s.Word != diff.Same {
			parts = append(parts, secretWord(s))
		}
	}
	return strings.Join(append(parts, c.why...), ", ")
}

// writeAnnotations writes commands, and what GitHub would not show as lines of the log, with a last line that is none either.
func writeAnnotations(w io.Writer, all []annotation, last string) error {
	var commands, plain strings.Builder
	for _, level := range []string{"error", "warning", "notice"} {
		var of []annotation
		for _, a := range all {
			if a.level == level {
				of = append(of, a)
			}
		}
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
	_, err := io.WriteString(w, commands.String()+plain.String()+logLine(last)+"\n")
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
	if text := []rune(safe(s)); len(text) > maxAnnotated {
		return string(text[:maxAnnotated]) + "…"
	}
	return safe(s)
}

// plain is the annotation as a line of a log.
func (a annotation) plain() string {
	line := a.level + ": "
	if a.at.File != "" {
		line += place(a.at) + ": "
	}
	return logLine(line + strings.Join(a.lines, "; "))
}

// logLine is a line that is no command.
func logLine(s string) string { return annotatedText(s) }

package main

import (
	"fmt"
	"strings"

	"connsync/manifest"
)

// mistakes shows what is wrong in the manifests: the place, the line where it can hold no secret, and what to do.
func (p *printer) mistakes(ms manifest.Mistakes) {
	for _, m := range ms {
		fmt.Fprintf(p.err, "%s %s\n", p.errTint.bold(safe(place(m.Pos))+":"), safe(m.Message))
		if m.Source != "" {
			p.source(m)
		}
		p.hints("  ", safeAll(m.Hints))
	}
	files := map[string]bool{}
	for _, m := range ms {
		files[m.Pos.File] = true
	}
	fmt.Fprintf(p.err, "\n%s %s in %s; nothing was sent\n", p.errTint.red("connsync: error:"), count(len(ms), "mistake"), count(len(files), "file"))
}

func place(pos manifest.Position) string {
	if pos.Line > 0 && pos.Column > 0 {
		return fmt.Sprintf("%s:%d:%d", pos.File, pos.Line, pos.Column)
	}
	return pos.String()
}

// source shows the line with a caret under the place.
func (p *printer) source(m manifest.Mistake) {
	number := fmt.Sprintf("%5d", m.Pos.Line)
	line, at := []rune(m.Source), max(m.Pos.Column-1, 0)
	at = min(at, len(line))
	before := safe(strings.ReplaceAll(string(line[:at]), "\t", " "))
	after := safe(strings.ReplaceAll(string(line[at:]), "\t", " "))
	fmt.Fprintf(p.err, "%s %s%s\n", p.errTint.dim(number+" |"), before, after)
	fmt.Fprintf(p.err, "%s %s%s\n", p.errTint.dim("      |"), strings.Repeat(" ", len([]rune(before))), p.errTint.red("^"))
}

func safeAll(texts []string) []string {
	out := make([]string, len(texts))
	for i, t := range texts {
		out[i] = safe(t)
	}
	return out
}

type jsonValidation struct {
	Schema      int           `json:"schema"`
	Valid       bool          `json:"valid"`
	Connections int           `json:"connections"`
	Files       int           `json:"files"`
	Targets     int           `json:"targets"`
	Mistakes    []jsonMistake `json:"mistakes"`
	Warnings    []jsonMistake `json:"warnings,omitempty"` // only with --base
}

type jsonMistake struct {
	File    string   `json:"file"`
	Line    int      `json:"line,omitempty"`
	Column  int      `json:"column,omitempty"`
	Message string   `json:"message"`
	Hints   []string `json:"hints,omitempty"`
}

func mistakeJSON(m manifest.Mistake) jsonMistake {
	return jsonMistake{m.Pos.File, m.Pos.Line, m.Pos.Column, m.Message, m.Hints}
}

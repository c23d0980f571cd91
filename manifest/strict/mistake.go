package strict

import (
	"fmt"
	"slices"
	"sort"
	"strings"
)

// Position is a place in a file of the repository.
type Position struct {
	File         string // slash path
	Line, Column int    // from 1; 0 where there is none
}

// String is file:line, or file alone where no line is known.
func (p Position) String() string {
	if p.Line == 0 {
		return p.File
	}
	return fmt.Sprintf("%s:%d", p.File, p.Line)
}

// Mistake is one thing wrong in one place of a file, in our own words: never a
// parser's text: it may quote a value.
type Mistake struct {
	Pos     Position
	Message string   // what is wrong, lower case, no period
	Hints   []string // what to do about it
	Warning bool     // it is worth a look, and stops nothing
	Rule    bool     // it lies between a file and its rule in .sops.yaml: either may have been there before
	Twin    *Mistake // the same, told at the other one of two places; nil where it is about one
	Source  string   // the line it stands on; "" where the line could hold a secret
}

// Error is file:line:col: message.
func (m Mistake) Error() string {
	switch {
	case m.Pos.Line == 0:
		return m.Pos.File + ": " + m.Message
	case m.Pos.Column == 0:
		return fmt.Sprintf("%s:%d: %s", m.Pos.File, m.Pos.Line, m.Message)
	}
	return fmt.Sprintf("%s:%d:%d: %s", m.Pos.File, m.Pos.Line, m.Pos.Column, m.Message)
}

// Mistakes is every mistake of every file, in order of file and place. It is the error of
// LoadProject and Load whenever what is read, rather than reading it, is at fault.
type Mistakes []Mistake

// Fatal are all but the warnings.
func (ms Mistakes) Fatal() Mistakes {
	return slices.DeleteFunc(slices.Clone(ms), func(m Mistake) bool { return m.Warning })
}

// Once has each of them once, in order.
func (ms Mistakes) Once() Mistakes {
	return slices.CompactFunc(Sorted(slices.Clone(ms)), func(a, b Mistake) bool { return a.Pos == b.Pos && a.Message == b.Message })
}

// Error is the mistakes, a line each.
func (ms Mistakes) Error() string {
	lines := make([]string, len(ms))
	for i, m := range ms {
		lines[i] = m.Error()
	}
	return strings.Join(lines, "\n")
}

// Sorted puts mistakes in order of file and place.
func Sorted(ms []Mistake) Mistakes {
	sort.SliceStable(ms, func(i, j int) bool {
		a, b := ms[i].Pos, ms[j].Pos
		if a.File != b.File {
			return a.File < b.File
		}
		if a.Line != b.Line {
			return a.Line < b.Line
		}
		return a.Column < b.Column
	})
	return ms
}

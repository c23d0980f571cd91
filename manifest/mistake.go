package manifest

import (
	"fmt"
	"strings"
)

// Mistake is one thing wrong in one place of a file, in our own words: never a
// parser's text, which may quote a value.
type Mistake struct {
	Pos     Position
	Message string   // what is wrong, lower case, no period
	Hints   []string // what to do about it
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

// Error is the mistakes, a line each.
func (ms Mistakes) Error() string {
	lines := make([]string, len(ms))
	for i, m := range ms {
		lines[i] = m.Error()
	}
	return strings.Join(lines, "\n")
}

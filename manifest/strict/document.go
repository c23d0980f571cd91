// Package strict reads YAML as manifests are written: what people, SOPS and readers of YAML could read differently is a mistake, with its
// place. It alone knows the YAML library.
package strict

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"

	"gopkg.in/yaml.v3"

	"connsync/lazy"
)

// Document is one file while it is read: its tree, and what is wrong with it.
type Document struct {
	File     string
	Tree     *Node // the document
	Root     *Node // the mapping at its root; nil where the structure is not to be trusted
	mistakes []Mistake
	more     int // mistakes not kept
	text     []byte
	foldFrom int
	names    map[*Node]bool // mappings with names of connections as keys
	lines    []string       // split on first use

	lastLine    int   // whose characters begin at lastOffsets
	lastOffsets []int // none of a line of ASCII
}

// Read screens a file and parses it. Whatever is wrong is in its mistakes. From some depth on, keys with no difference but case are
// one; names of connections, the keys two levels above it, may hold more than others. SOPS is given only files that passed here: its own reader can be made to overflow the stack by an alias in a second document.
func Read(file string, text []byte, foldFrom int) *Document {
	d := &Document{File: file, text: text, foldFrom: foldFrom}
	if !d.screenText() {
		return d
	}
	dec := yaml.NewDecoder(bytes.NewReader(text))
	var n Node
	switch err := dec.Decode(&n); {
	case errors.Is(err, io.EOF):
		d.atLine(1, "the file is empty")
		return d
	case err != nil:
		d.syntax(err)
		return d
	}
	var more Node
	if err := dec.Decode(&more); !errors.Is(err, io.EOF) {
		d.atLine(max(more.Line, 1), "more than one YAML document").Hint("one file is one document: put the other one into a file of its own")
		return d
	}
	root := n.Content[0]
	if root.Kind != Mapping {
		d.Wrong(root, "the file must be a mapping")
		return d
	}
	d.names = namesIn(root)
	d.screen(root, 1, 0)
	if len(d.mistakes) == 0 && weight(root, 0) > maxPaths {
		d.atLine(0, "too many items under long keys").Hint("nest them less, or use several files")
	}
	if len(d.mistakes) == 0 {
		d.Tree, d.Root = &n, root
	}
	return d
}

// At is the place of a node.
func (d *Document) At(n *Node) Position {
	return Position{File: d.File, Line: n.Line, Column: n.Column}
}

// maxMistakes are kept of one file: a file wrong throughout is read no better with more.
const maxMistakes = 200

// Mistakes are what is wrong with the file.
func (d *Document) Mistakes() []Mistake {
	if d.more == 0 {
		return d.mistakes
	}
	return append(d.mistakes[:len(d.mistakes):len(d.mistakes)], Mistake{Pos: Position{File: d.File}, Message: fmt.Sprintf("%d more mistakes in this file", d.more)})
}

// full tells whether no more mistakes are kept.
func (d *Document) full() bool { return len(d.mistakes) >= maxMistakes }

// Note is a noted mistake, and may be given hints.
type Note struct {
	d *Document
	i int
}

// Hint says what to do about a mistake.
func (n Note) Hint(hints ...string) Note {
	if n.d != nil {
		n.d.mistakes[n.i].Hints = hints
	}
	return n
}

// Warn makes a warning of a mistake.
func (n Note) Warn() {
	if n.d != nil {
		n.d.mistakes[n.i].Warning = true
	}
}

// note keeps a mistake.
func (d *Document) note(m Mistake) Note {
	if d.full() {
		d.more++
		return Note{}
	}
	d.mistakes = append(d.mistakes, m)
	return Note{d, len(d.mistakes) - 1}
}

// Wrong notes a mistake at a node. The node's text is not shown: it may be the value of a setting.
func (d *Document) Wrong(n *Node, format string, args ...any) Note {
	return d.note(Mistake{Pos: d.At(n), Message: fmt.Sprintf(format, args...), Source: d.source(n, false)})
}

// WrongName notes a mistake at a name, a key or an id. It may be shown with its line.
func (d *Document) WrongName(n *Node, format string, args ...any) Note {
	return d.note(Mistake{Pos: d.At(n), Message: fmt.Sprintf(format, args...), Source: d.source(n, true)})
}

// atLine notes a mistake of a line. The line's text is not shown.
func (d *Document) atLine(line int, message string) Note {
	return d.note(Mistake{Pos: Position{File: d.File, Line: line, Column: min(line, 1)}, Message: message})
}

// keyOnly is a line up to the colon of its key, where nothing but indentation stands before the key.
var keyOnly = lazy.New(`^\s*(- )?"?[A-Za-z0-9_.-]+"?:`)

// source is what of a node's line may be shown: the key alone, unless the line is that key, or that key and this node.
// Behind any other key, and in a comment, a secret may stand.
func (d *Document) source(n *Node, whole bool) string {
	text := strings.TrimRight(d.line(n.Line), " \t\r")
	key := keyOnly.Regexp().FindString(text)
	rest := text[len(key):]
	switch {
	case key == "" || rest == "":
		return key
	case whole && n.Column > len(key) && len(text) <= 160 && !strings.ContainsAny(rest, "{}[],#"):
		return text
	}
	return key + " …"
}

// line is the text of a line, from 1; "" where there is none.
func (d *Document) line(number int) string {
	if number < 1 || number > d.lineCount() {
		return ""
	}
	return d.lines[number-1]
}

func (d *Document) lineCount() int {
	if d.lines == nil {
		d.lines = strings.Split(string(d.text), "\n")
	}
	return len(d.lines)
}

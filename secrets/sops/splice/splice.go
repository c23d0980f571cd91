// Package splice changes single values of a YAML text and leaves every other byte as it is: comments, order, quotes, indentation and line
// ends. It finds places by the positions of the parser and writes no document anew. Its users parse the result once more and compare:
// Leaves is made for that.
package splice

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"
)

// The reasons not to change a text.
var (
	ErrNotPlain = errors.New("not one YAML mapping without anchors, aliases and tags")
	ErrNoPlace  = errors.New("there is no such place")
	ErrTaken    = errors.New("a mapping, a list or another value stands in the way")
	ErrUnclear  = errors.New("it cannot be told where a value ends")
)

// Doc is a text with its tree.
type Doc struct {
	text  []byte
	root  *yaml.Node
	lines []int // offsets of the lines' beginnings
	skip  func(value string) bool
	value func(path []any, text string) string // what a text stands for; nil: itself
}

// Parse reads a text: one document that is a mapping. skip tells which items of lists are none, as the ciphertexts of comments; nil: no item.
func Parse(text []byte, skip func(value string) bool) (*Doc, error) {
	if !utf8.Valid(text) || bytes.HasPrefix(text, []byte("\xef\xbb\xbf")) || strangeBreaks(text) {
		return nil, ErrNotPlain
	}
	var doc, more yaml.Node
	dec := yaml.NewDecoder(bytes.NewReader(text))
	if dec.Decode(&doc) != nil || !errors.Is(dec.Decode(&more), io.EOF) || doc.Content[0].Kind != yaml.MappingNode || !plainTree(doc.Content[0]) {
		return nil, ErrNotPlain
	}
	d := &Doc{text: text, root: doc.Content[0], lines: []int{0}, skip: skip}
	if skip == nil {
		d.skip = func(string) bool { return false }
	}
	for i, b := range text {
		if b == '\n' {
			d.lines = append(d.lines, i+1)
		}
	}
	return d, nil
}

// strangeBreaks tells whether the parser counts lines in a text that are none for others.
func strangeBreaks(text []byte) bool {
	s := strings.ReplaceAll(string(text), "\r\n", "\n")
	return strings.ContainsAny(s, "\r\u0085\u2028\u2029")
}

func plainTree(n *yaml.Node) bool {
	if n.Kind == yaml.AliasNode || n.Anchor != "" || n.Style&yaml.TaggedStyle != 0 {
		return false
	}
	for i, c := range n.Content {
		key := n.Kind == yaml.MappingNode && i%2 == 0
		if !plainTree(c) || key && (c.Kind != yaml.ScalarNode || c.Tag != "!!str") {
			return false
		}
	}
	return true
}

// spot is where a path leads: the nodes on the way, as far as they are there.
type spot struct {
	node   *yaml.Node // the value; nil where there is none
	key    *yaml.Node // its key; nil for an item of a list
	parent *yaml.Node // the innermost mapping or list present on the way
	rest   []any      // of the path, from what is missing in parent on
	flow   bool       // parent, or something around it, is in brackets
}

// find follows a path of keys (string) and positions (int).
func (d *Doc) find(path []any) (spot, error) {
	at := spot{node: d.root}
	for i, step := range path {
		at.parent, at.key, at.rest = at.node, nil, path[i:]
		at.flow = at.flow || at.parent.Style&yaml.FlowStyle != 0
		switch step := step.(type) {
		case string:
			if at.parent.Kind != yaml.MappingNode {
				return at, ErrTaken
			}
			at.key, at.node = child(at.parent, step)
		case int:
			if at.parent.Kind != yaml.SequenceNode {
				return at, ErrTaken
			}
			items := d.items(at.parent)
			if at.node = nil; step < len(items) {
				at.node = items[step]
			} else if step > len(items) {
				return at, ErrNoPlace
			}
		}
		if at.node == nil {
			return at, nil
		}
		at.rest = nil
		if i < len(path)-1 && null(at.node) {
			return at, ErrTaken
		}
	}
	return at, nil
}

// items are a list's items without the skipped ones.
func (d *Doc) items(list *yaml.Node) []*yaml.Node {
	out := make([]*yaml.Node, 0, len(list.Content))
	for _, c := range list.Content {
		if list.Kind != yaml.SequenceNode || c.Kind != yaml.ScalarNode || !d.skip(c.Value) {
			out = append(out, c)
		}
	}
	return out
}

func child(n *yaml.Node, name string) (key, value *yaml.Node) {
	for i := 0; i+1 < len(n.Content); i += 2 {
		if n.Content[i].Value == name {
			return n.Content[i], n.Content[i+1]
		}
	}
	return nil, nil
}

// null tells a value that is not written at all.
func null(n *yaml.Node) bool {
	return n.Kind == yaml.ScalarNode && n.Tag == "!!null" && n.Value == ""
}

// offset is where in the text a node begins. The parser counts characters.
func (d *Doc) offset(n *yaml.Node) int {
	at := d.lines[min(n.Line, len(d.lines))-1]
	for i := 1; i < n.Column && at < len(d.text); i++ {
		_, size := utf8.DecodeRune(d.text[at:])
		at += size
	}
	return at
}

// lineEnd is where the line of an offset ends, without its line break.
func (d *Doc) lineEnd(at int) int {
	i := bytes.IndexByte(d.text[at:], '\n')
	if i < 0 {
		return len(d.text)
	}
	if end := at + i; end > at && d.text[end-1] == '\r' {
		return end - 1
	}
	return at + i
}

// lineStart is where the line of an offset begins.
func (d *Doc) lineStart(at int) int { return bytes.LastIndexByte(d.text[:at], '\n') + 1 }

// replace is the text with another one between two offsets.
func (d *Doc) replace(from, to int, with string) []byte {
	return []byte(string(d.text[:from]) + with + string(d.text[to:]))
}

// breaks is how the text ends its lines.
func (d *Doc) breaks() string {
	if i := bytes.IndexByte(d.text, '\n'); i > 0 && d.text[i-1] == '\r' {
		return "\r\n"
	}
	return "\n"
}

// Leaf is one scalar, or one empty mapping or list, as it is written.
type Leaf struct {
	Path  []any // string and int
	Kind  yaml.Kind
	Tag   string
	Value string
	Style yaml.Style
}

// Is tells whether two leaves are written alike, wherever they stand.
func (l Leaf) Is(other Leaf) bool {
	return l.Kind == other.Kind && l.Tag == other.Tag && l.Value == other.Value && l.Style == other.Style
}

// Leaves are all leaves in order.
func (d *Doc) Leaves() []Leaf {
	var out []Leaf
	d.walk(d.root, nil, func(n *yaml.Node, path []any) {
		out = append(out, Leaf{append([]any(nil), path...), n.Kind, n.Tag, n.Value, n.Style})
	})
	return out
}

func (d *Doc) walk(n *yaml.Node, path []any, visit func(*yaml.Node, []any)) {
	switch {
	case n.Kind == yaml.ScalarNode || len(n.Content) == 0:
		visit(n, path)
	case n.Kind == yaml.MappingNode:
		for i := 0; i+1 < len(n.Content); i += 2 {
			d.walk(n.Content[i+1], append(path, n.Content[i].Value), visit)
		}
	default:
		i := 0
		for _, c := range n.Content {
			if c.Kind == yaml.ScalarNode && d.skip(c.Value) {
				continue
			}
			d.walk(c, append(path, i), visit)
			i++
		}
	}
}

// Comments are all comments in order, a line each.
func (d *Doc) Comments() []string {
	var out []string
	var gather func(n *yaml.Node)
	gather = func(n *yaml.Node) {
		for _, c := range [...]string{n.HeadComment, n.LineComment, n.FootComment} {
			if c != "" {
				out = append(out, strings.Split(c, "\n")...)
			}
		}
		for _, c := range n.Content {
			gather(c)
		}
	}
	gather(d.root)
	return out
}

// Get is the leaf at a path, and whether there is one. Line is where it stands, or its key where it has none of its own.
func (d *Doc) Get(path []any) (leaf Leaf, line int, found bool) {
	at, err := d.find(path)
	if err != nil || at.node == nil {
		return Leaf{}, 0, false
	}
	line = at.node.Line
	if at.key != nil {
		line = at.key.Line
	}
	return Leaf{path, at.node.Kind, at.node.Tag, at.node.Value, at.node.Style}, line, true
}

// Line is the line of a place's key, or of the place itself; 0 where there is none.
func (d *Doc) Line(path []any) int {
	_, line, _ := d.Get(path)
	return line
}

// Keys are the keys of the mapping at a path, in order.
func (d *Doc) Keys(path []any) []string {
	at, err := d.find(path)
	if err != nil || at.node == nil || at.node.Kind != yaml.MappingNode {
		return nil
	}
	out := make([]string, 0, len(at.node.Content)/2)
	for i := 0; i < len(at.node.Content); i += 2 {
		out = append(out, at.node.Content[i].Value)
	}
	return out
}

package sopsrules

import (
	"strings"

	"connsync/manifest/strict"

	"connsync/secrets"
)

// Leaf is one scalar of a file, with what decides about its encryption.
type Leaf struct {
	Node    *strict.Node
	Keys    []string // above it; list positions are not among them, as in SOPS's additional data
	Path    secrets.Path
	remarks *remarks
}

// remarks are comments in force at a leaf, without their #, and those in force with them.
type remarks struct {
	lines  []string
	before *remarks
}

// Empty tells what SOPS never encrypts and never authenticates.
func (l Leaf) Empty() bool { return l.Node.Value == "" || l.Node.Tag == "!!null" }

// usualLeaves are the scalars of most files. These have one connection: there is room for them from the start.
const usualLeaves = 16

// Leaves are the scalars of a document in order, but for its sops block.
func Leaves(document *strict.Node) []Leaf {
	w := walker{here: &scope{}, out: make([]Leaf, 0, usualLeaves)}
	root := document
	if document.Kind == strict.Tree {
		root = document.Content[0]
		w.note(document.HeadComment, document.LineComment)
	}
	w.mapping(root, nil, "", false)
	return w.out
}

// walker goes through a document as SOPS's reader does. A comment is in force from where it stands to the end of the next value in
// the same mapping or list.
type walker struct {
	out  []Leaf
	here *scope
}

// scope is one mapping or list: the comments in force around it, and in it.
type scope struct{ around, now *remarks }

// enter begins a scope, and gives its end.
func (w *walker) enter() (leave func()) {
	outer := w.here
	w.here = &scope{outer.now, outer.now}
	return func() { w.here = outer }
}

// note takes up comments, a line each.
func (w *walker) note(comments ...string) {
	for _, c := range comments {
		if c == "" {
			continue
		}
		r := &remarks{before: w.here.now}
		for line := range strings.SplitSeq(c, "\n") {
			if line != "" {
				r.lines = append(r.lines, line[1:])
			}
		}
		w.here.now = r
	}
}

// spent ends the comments in force for one value.
func (w *walker) spent() { w.here.now = w.here.around }

// value walks what stands at a node. noted says: the comments there were taken up already.
func (w *walker) value(n *strict.Node, keys []string, at secrets.Path, noted bool) {
	switch n.Kind {
	case strict.Mapping:
		defer w.enter()()
		w.mapping(n, keys, at, noted)
	case strict.Sequence:
		defer w.enter()()
		w.list(n, keys, at, noted)
	default:
		w.out = append(w.out, Leaf{n, keys, at, w.here.now})
	}
}

func (w *walker) mapping(n *strict.Node, keys []string, at secrets.Path, noted bool) {
	if !noted {
		w.note(n.HeadComment, n.LineComment)
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		scalar := value.Kind == strict.Scalar || value.Kind == strict.Alias
		w.note(key.HeadComment, key.LineComment)
		if scalar {
			w.note(value.HeadComment, value.LineComment)
		}
		if at != "" || key.Value != "sops" {
			w.value(value, append(keys[:len(keys):len(keys)], key.Value), at.Key(key.Value), scalar)
			w.spent()
		}
		if scalar {
			w.note(value.FootComment)
		}
		w.note(key.FootComment)
	}
}

func (w *walker) list(n *strict.Node, keys []string, at secrets.Path, noted bool) {
	if !noted {
		w.note(n.HeadComment, n.LineComment)
	}
	for i, item := range n.Content {
		w.note(item.HeadComment, item.LineComment)
		w.value(item, keys, at.Index(i), true)
		w.spent()
		w.note(item.FootComment)
	}
}

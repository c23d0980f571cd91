package splice

import (
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// segment is whole lines of a text that belong together: what stands under one key, with the comments right above it.
type segment struct {
	path  []string // of keys; nil is what stands before the first
	text  string
	means string // the same for all ways to write it; of one that holds others only its key
	head  bool   // it holds others
	deep  int    // the column of its key, from 0
}

func (s segment) id() string { return strings.Join(s.path, "\x00") }

// segments parts a text into the entries of its root and, below one key, into those of the mappings of a depth: under "connections", two deep, each
// connection is one.
func (d *Doc) segments(key string, depth int) ([]segment, error) {
	w := &segmenter{doc: d, key: key, depth: depth}
	if d.root.Style&yaml.FlowStyle != 0 {
		return nil, ErrUnclear
	}
	if err := w.entries(d.root, nil); err != nil {
		return nil, err
	}
	return w.parts()
}

type segmenter struct {
	doc   *Doc
	key   string
	depth int
	out   []segment
	from  []int // where each begins
	last  int   // where the content of the one before ends
}

func (w *segmenter) entries(n *yaml.Node, above []string) error {
	for i := 0; i+1 < len(n.Content); i += 2 {
		k, v := n.Content[i], n.Content[i+1]
		at := w.doc.offset(k)
		if strings.TrimSpace(string(w.doc.text[w.doc.lineStart(at):at])) != "" {
			return ErrUnclear
		}
		s := segment{path: append(slices.Clone(above), k.Value), deep: k.Column - 1}
		s.head = s.path[0] == w.key && len(s.path) <= w.depth
		w.from = append(w.from, w.withComments(w.doc.lineStart(at)))
		if !s.head {
			s.means = k.Value + w.doc.meaning(v, steps(s.path))
		}
		w.out = append(w.out, s)
		if !s.head {
			if err := w.passed(k, v); err != nil {
				return err
			}
			continue
		}
		if v.Kind != yaml.MappingNode || v.Style&yaml.FlowStyle != 0 || len(v.Content) == 0 {
			return ErrUnclear
		}
		w.last = w.doc.lineEnd(at)
		if err := w.entries(v, s.path); err != nil {
			return err
		}
	}
	return nil
}

// passed notes where the content of an entry ends.
func (w *segmenter) passed(k, v *yaml.Node) (err error) {
	if null(v) {
		w.last, err = w.doc.behindKey(k, false)
	} else {
		w.last, err = w.doc.end(v, k.Column-1, false)
	}
	return err
}

// withComments is the beginning of the comments right above a line.
func (w *segmenter) withComments(line int) int {
	for line > w.last && line > 0 {
		above := w.doc.lineStart(line - 1)
		if above < w.last || !strings.HasPrefix(strings.TrimSpace(string(w.doc.text[above:line])), "#") {
			break
		}
		line = above
	}
	return line
}

func (w *segmenter) parts() ([]segment, error) {
	out := []segment{{}}
	text := string(w.doc.text)
	if text != "" && !strings.HasSuffix(text, "\n") {
		text += w.doc.breaks()
	}
	end := len(text)
	for i := len(w.out) - 1; i >= 0; i-- {
		if w.from[i] > end {
			return nil, ErrUnclear
		}
		w.out[i].text = text[w.from[i]:end]
		end = w.from[i]
	}
	out[0].text = text[:end]
	return append(out, w.out...), nil
}

// Meaning is one text for all ways to write what stands under a key of the root, without what stands under some keys below it; "" for nothing.
func (d *Doc) Meaning(key string, without ...string) string {
	if _, v := child(d.root, key); v != nil {
		return d.meaning(v, []any{key}, without...)
	}
	return ""
}

// Values has texts stand for others where two documents are merged: what a ciphertext stands for, in the place of the ciphertext.
func (d *Doc) Values(of func(path []any, text string) string) { d.value = of }

// meaning is one text for all ways to write a node.
func (d *Doc) meaning(n *yaml.Node, path []any, without ...string) string {
	var b strings.Builder
	var write func(n *yaml.Node, path []any)
	write = func(n *yaml.Node, path []any) {
		value := n.Value
		if n.Kind == yaml.ScalarNode && d.value != nil {
			value = d.value(path, value)
		}
		b.WriteString(strconv.Itoa(int(n.Kind)) + n.Tag + strconv.Quote(value) + "(")
		for i, c := range d.items(n) {
			switch {
			case n.Kind != yaml.MappingNode:
				write(c, append(path, i))
			case i%2 == 1 && !slices.Contains(without, n.Content[i-1].Value):
				b.WriteString(strconv.Quote(n.Content[i-1].Value))
				write(c, append(path, n.Content[i-1].Value))
			}
		}
		b.WriteString(")")
	}
	write(n, path)
	return b.String()
}

// moved is a segment's text with its key at another column.
func (s segment) moved(deep int) string {
	if deep == s.deep {
		return s.text
	}
	lines := strings.SplitAfter(s.text, "\n")
	for i, l := range lines {
		bare := strings.TrimLeft(l, " ")
		if strings.TrimSpace(l) != "" {
			lines[i] = strings.Repeat(" ", max(len(l)-len(bare)+deep-s.deep, 0)) + bare
		}
	}
	return strings.Join(lines, "")
}

package splice

import (
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Set is the text with a scalar at a path: in the place of the present one, or added with what is missing on the way, behind what its mapping
// or list has already. A mapping or a list with something in it is not replaced.
func (d *Doc) Set(path []any, s Scalar) ([]byte, error) {
	at, err := d.find(path)
	switch {
	case err != nil:
		return nil, err
	case at.node == nil:
		return d.add(at, s)
	case null(at.node):
		return d.fill(at, s)
	case at.node.Kind != yaml.ScalarNode && len(at.node.Content) > 0:
		return nil, ErrTaken
	}
	end, err := d.end(at.node, at.indent(), at.flow)
	if err != nil {
		return nil, err
	}
	return d.replace(d.offset(at.node), end, s.written(at.node.Style, at.flow)+d.headComment(at.node)), nil
}

// headComment is the comment behind the | or > of a text of many lines: it stays.
func (d *Doc) headComment(n *yaml.Node) string {
	if n.Style&(yaml.LiteralStyle|yaml.FoldedStyle) == 0 {
		return ""
	}
	at := d.offset(n)
	head := string(d.text[at:d.lineEnd(at)])
	if i := strings.Index(head, " #"); i >= 0 {
		return head[i:]
	}
	return ""
}

// indent is the column, from 0, of the key or the dash of a value.
func (at spot) indent() int {
	if at.key != nil {
		return at.key.Column - 1
	}
	return at.parent.Column - 1
}

// fill writes a value behind a key without one.
func (d *Doc) fill(at spot, s Scalar) ([]byte, error) {
	if at.key == nil {
		return nil, ErrUnclear
	}
	to, err := d.behindKey(at.key, at.flow)
	if err != nil {
		return nil, err
	}
	return d.replace(to, to, " "+s.written(0, at.flow)), nil
}

// add writes what is missing behind the last entry of a mapping or a list.
func (d *Doc) add(at spot, s Scalar) ([]byte, error) {
	parent := at.parent
	inBrackets := parent.Style&yaml.FlowStyle != 0
	switch {
	case inBrackets && len(parent.Content) == 0:
		return d.addToNothing(at, s)
	case inBrackets || at.flow:
		end, err := d.endOfLast(parent, true)
		if err != nil {
			return nil, err
		}
		return d.replace(end, end, ", "+inline(at.rest, s, quotedKeys(parent))), nil
	case len(parent.Content) == 0:
		return nil, ErrUnclear
	}
	end, err := d.endOfMany(parent, false)
	if err != nil {
		return nil, err
	}
	end = d.lineEnd(end)
	lines := block(at.rest, s, parent.Column-1, d.breaks())
	return d.replace(end, end, d.breaks()+strings.Join(lines, d.breaks())), nil
}

// addToNothing writes into {} or []: as lines of their own where the brackets are the last thing of their line, behind a key.
func (d *Doc) addToNothing(at spot, s Scalar) ([]byte, error) {
	from := d.offset(at.parent)
	to, err := d.endOfMany(at.parent, at.flow)
	if err != nil {
		return nil, err
	}
	key := d.keyOf(at.parent)
	alone := strings.TrimSpace(string(d.text[to:d.lineEnd(to)])) == "" && d.lineStart(from) == d.lineStart(to)
	if key == nil || !alone || d.inBrackets(at.parent) {
		return d.replace(from+1, from+1, inline(at.rest, s, false)), nil
	}
	lines := block(at.rest, s, key.Column-1+2, d.breaks())
	for from > 0 && d.text[from-1] == ' ' {
		from--
	}
	return d.replace(from, to, d.breaks()+strings.Join(lines, d.breaks())), nil
}

// keyOf is the key that a node is the value of.
func (d *Doc) keyOf(n *yaml.Node) *yaml.Node {
	var found *yaml.Node
	eachNode(d.root, func(m *yaml.Node) {
		for i := 0; m.Kind == yaml.MappingNode && i+1 < len(m.Content); i += 2 {
			if m.Content[i+1] == n {
				found = m.Content[i]
			}
		}
	})
	return found
}

// inBrackets tells whether something around a node is in brackets.
func (d *Doc) inBrackets(n *yaml.Node) bool {
	in := false
	eachNode(d.root, func(m *yaml.Node) {
		if m != n && m.Style&yaml.FlowStyle != 0 {
			eachNode(m, func(x *yaml.Node) { in = in || x == n })
		}
	})
	return in
}

func eachNode(n *yaml.Node, visit func(*yaml.Node)) {
	visit(n)
	for _, c := range n.Content {
		eachNode(c, visit)
	}
}

func quotedKeys(n *yaml.Node) bool {
	return n.Kind == yaml.MappingNode && len(n.Content) > 0 && n.Content[0].Style&yaml.DoubleQuotedStyle != 0
}

// inline are keys, positions and a scalar in brackets.
func inline(path []any, s Scalar, quoted bool) string {
	text := s.written(0, true)
	for i := len(path) - 1; i >= 0; i-- {
		key, isKey := path[i].(string)
		if isKey {
			text = keyText(key, quoted) + ": " + text
		}
		switch {
		case i == 0:
		case isKey:
			text = "{" + text + "}"
		default:
			text = "[" + text + "]"
		}
	}
	return text
}

// block are keys, positions and a scalar as lines, the first of them indented by some columns.
func block(path []any, s Scalar, indent int, breaks string) []string {
	var out []string
	line := strings.Repeat(" ", indent)
	for i, step := range path {
		last := i == len(path)-1
		key, isKey := step.(string)
		switch {
		case isKey && last:
			out = append(out, line+keyText(key, false)+": "+s.written(0, false))
		case isKey:
			out = append(out, line+keyText(key, false)+":")
			indent += 2
			line = strings.Repeat(" ", indent)
		case last:
			out = append(out, line+"- "+s.written(0, false))
		default:
			line += "- "
			indent += 2
		}
	}
	return out
}

// Rename is the text with another key at a path.
func (d *Doc) Rename(path []any, to string) ([]byte, error) {
	at, err := d.find(path)
	if err != nil || at.node == nil || at.key == nil {
		return nil, ErrNoPlace
	}
	if key, _ := child(at.parent, to); key != nil {
		return nil, ErrTaken
	}
	end, err := d.end(at.key, 0, at.flow)
	if err != nil {
		return nil, err
	}
	return d.replace(d.offset(at.key), end, keyText(to, at.key.Style&yaml.DoubleQuotedStyle != 0)), nil
}

// Remove is the text without the scalar at a path and its key: both must be alone on their lines.
func (d *Doc) Remove(path []any) ([]byte, error) {
	at, err := d.find(path)
	if err != nil || at.node == nil || at.key == nil || at.node.Kind != yaml.ScalarNode || null(at.node) {
		return nil, ErrNoPlace
	}
	end, err := d.end(at.node, at.indent(), at.flow)
	if err != nil {
		return nil, err
	}
	from, to := d.lineStart(d.offset(at.key)), d.lineEnd(end)
	before, behind := strings.TrimSpace(string(d.text[from:d.offset(at.key)])), strings.TrimSpace(string(d.text[end:to]))
	if before != "" || behind != "" && !strings.HasPrefix(behind, "#") || at.flow || len(at.parent.Content) == 2 {
		return nil, ErrUnclear
	}
	if to += len("\n"); to <= len(d.text) && d.text[to-1] == '\r' {
		to++
	}
	return d.replace(from, min(to, len(d.text)), ""), nil
}

// SetBlock is the text with a mapping, written as YAML of its own with its key at the first column, in the place of the one that has this key at the
// root, or behind everything where there is none.
func (d *Doc) SetBlock(key, block string) ([]byte, error) {
	if d.root.Style&yaml.FlowStyle != 0 {
		return nil, ErrUnclear
	}
	block = strings.ReplaceAll(strings.TrimRight(block, "\n"), "\n", d.breaks())
	at, err := d.find([]any{key})
	switch {
	case err != nil:
		return nil, err
	case d.root.Column != 1:
		return nil, ErrUnclear
	case at.node == nil:
		text := string(d.text)
		if !strings.HasSuffix(text, "\n") {
			text += d.breaks()
		}
		return []byte(text + block + d.breaks()), nil
	}
	end, err := d.end(at.node, 0, false)
	if err != nil {
		return nil, err
	}
	return d.replace(d.offset(at.key), end, block), nil
}

// Change is a value to be set.
type Change struct {
	Path []any
	To   Scalar
}

// SetAll is Set for many present values, at the cost of one.
func (d *Doc) SetAll(changes []Change) ([]byte, error) {
	type cut struct {
		from, to int
		with     string
	}
	cuts := make([]cut, 0, len(changes))
	for _, c := range changes {
		at, err := d.find(c.Path)
		if err != nil || at.node == nil || at.node.Kind != yaml.ScalarNode || null(at.node) {
			return nil, ErrNoPlace
		}
		end, err := d.end(at.node, at.indent(), at.flow)
		if err != nil {
			return nil, err
		}
		cuts = append(cuts, cut{d.offset(at.node), end, c.To.written(at.node.Style, at.flow) + d.headComment(at.node)})
	}
	slices.SortFunc(cuts, func(a, b cut) int { return a.from - b.from })
	var out strings.Builder
	done := 0
	for _, c := range cuts {
		if c.from < done {
			return nil, ErrUnclear
		}
		out.Write(d.text[done:c.from])
		out.WriteString(c.with)
		done = c.to
	}
	out.Write(d.text[done:])
	return []byte(out.String()), nil
}

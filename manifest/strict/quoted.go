package strict

import (
	"strings"
	"unicode/utf8"

	"gopkg.in/yaml.v3"
)

const touching = "a comment that touches what is before it: put a space before the #"

// written checks what YAML forbids of the text of a scalar and yaml.v3 lets pass, so no reader of YAML can read
// it otherwise, or refuse it. indent is the column of its key or its dash; 0 at the root.
func (d *Document) written(n *Node, indent int) {
	switch {
	case n.Style&(yaml.DoubleQuotedStyle|yaml.SingleQuotedStyle) != 0:
		if what := d.quoted(n, indent); what != "" {
			d.Wrong(n, "%s", what)
		}
	case n.Style&(yaml.LiteralStyle|yaml.FoldedStyle) != 0:
		header := strings.TrimLeft(d.from(n), "|>+-0123456789")
		if strings.HasPrefix(header, "#") {
			d.Wrong(n, touching)
		}
		if text := strings.TrimRight(n.Value, " "); text != n.Value && strings.HasSuffix(text, "\n") {
			d.Wrong(n, "a text that ends in a line of spaces").Hint("remove its last line")
		}
	}
}

// flow checks that the lines of a list or a mapping in brackets belong, by their indentation, to where they are read.
func (d *Document) flow(n *Node, indent int) {
	for _, c := range n.Content {
		if n.Style&yaml.FlowStyle != 0 && c.Line > n.Line && c.Column <= indent {
			d.Wrong(c, "wrong indentation").Hint("indent it further than the key that it belongs to")
			return
		}
	}
}

// from is the rest of the line at a node. A node begins in front of its tag or quote.
func (d *Document) from(n *Node) string { return d.line(n.Line)[d.offset(n):] }

// startsWith tells whether a node's text begins with an ASCII character.
func (d *Document) startsWith(n *Node, c byte) bool {
	rest := d.from(n)
	return rest != "" && rest[0] == c
}

// behind tells whether the nearest character in front of a node is a certain one, of ASCII.
func (d *Document) behind(n *Node, c byte) bool {
	before := strings.TrimRight(d.line(n.Line)[:d.offset(n)], " ")
	return before != "" && before[len(before)-1] == c
}

// offset is where a node begins in its line, in bytes: its column counts characters. In a line of ASCII the two are the same. Of any other line the
// offsets are kept until the next one is asked for: a file may be one line of many nodes.
func (d *Document) offset(n *Node) int {
	line, column := d.line(n.Line), max(n.Column-1, 0)
	if d.lastLine != n.Line {
		d.lastLine, d.lastOffsets = n.Line, d.lastOffsets[:0]
		if !isASCII(line) {
			for i := range line {
				d.lastOffsets = append(d.lastOffsets, i)
			}
		}
	}
	switch {
	case len(d.lastOffsets) == 0:
		return min(column, len(line))
	case column < len(d.lastOffsets):
		return d.lastOffsets[column]
	}
	return len(line)
}

func isASCII(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// escapes are the characters allowed behind a backslash in double quotes.
const escapes = "0abt\tnvfre \"/\\N_LPxuU"

// quoted says what is wrong with a text in quotes: "" where nothing is. It looks at bytes: all that decides is ASCII, and no byte of another character is.
func (d *Document) quoted(n *Node, indent int) string {
	rest := d.from(n)
	if len(rest) == 0 {
		return ""
	}
	quote := rest[0]
	rest = rest[1:]
	for line := n.Line; ; {
		for i := 0; i < len(rest); i++ {
			switch {
			case quote == '"' && rest[i] == '\\':
				if i++; i < len(rest) && strings.IndexByte(escapes, rest[i]) < 0 {
					return "an escape that YAML does not have"
				}
			case rest[i] != quote:
			case quote == '\'' && i+1 < len(rest) && rest[i+1] == quote:
				i++
			case i+1 < len(rest) && rest[i+1] == '#':
				return touching
			default:
				return ""
			}
		}
		if line++; line > d.lineCount() {
			return ""
		}
		rest = d.line(line)
		if text := strings.TrimLeft(rest, " "); strings.TrimSpace(text) != "" && len(rest)-len(text) < indent {
			return "wrong indentation"
		}
	}
}

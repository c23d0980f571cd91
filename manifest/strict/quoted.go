package strict

import (
	"gopkg.in/yaml.v3"

	"strings"
)

const touching = "a comment that touches what is before it: put a space before the #"

// written checks what YAML forbids of the text of a scalar and yaml.v3 lets pass, so that no reader of YAML can read
// it otherwise, or refuse it. indent is the column of the key or the dash that it belongs to; 0 at the root.
func (d *Document) written(n *Node, indent int) {
	switch {
	case n.Style&(yaml.DoubleQuotedStyle|yaml.SingleQuotedStyle) != 0:
		if what := d.quoted(n, indent); what != "" {
			d.Wrong(n, "%s", what)
		}
	case n.Style&(yaml.LiteralStyle|yaml.FoldedStyle) != 0:
		header := d.from(n)
		for len(header) > 0 && strings.ContainsRune("|>+-0123456789", header[0]) {
			header = header[1:]
		}
		if len(header) > 0 && header[0] == '#' {
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

// from is the rest of the line at a node, which stands in front of the node's tag or quote.
func (d *Document) from(n *Node) []rune {
	line := d.runes(n.Line)
	return line[min(max(n.Column-1, 0), len(line)):]
}

// startsWith tells whether a node's text begins with a character.
func (d *Document) startsWith(n *Node, r rune) bool {
	rest := d.from(n)
	return len(rest) > 0 && rest[0] == r
}

// behind tells whether the nearest character in front of a node is a certain one.
func (d *Document) behind(n *Node, r rune) bool {
	line := d.runes(n.Line)
	i := min(max(n.Column-1, 0), len(line)) - 1
	for i >= 0 && line[i] == ' ' {
		i--
	}
	return i >= 0 && line[i] == r
}

// runes are the characters of a line, until the next line is asked for. The last line is kept: a file may be one line of many nodes.
func (d *Document) runes(line int) []rune {
	if d.lastLine != line {
		d.lastLine, d.lastRunes = line, d.lastRunes[:0]
		for _, r := range d.line(line) {
			d.lastRunes = append(d.lastRunes, r)
		}
	}
	return d.lastRunes
}

// escapes are the characters that may follow a backslash in double quotes.
const escapes = "0abt\tnvfre \"/\\N_LPxuU"

// quoted says what is wrong with a text in quotes: "" where nothing is.
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
				if i++; i < len(rest) && !strings.ContainsRune(escapes, rest[i]) {
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
		rest = d.runes(line)
		if text := strings.TrimLeft(string(rest), " "); strings.TrimSpace(text) != "" && len(rest)-len([]rune(text)) < indent {
			return "wrong indentation"
		}
	}
}

package splice

import (
	"bytes"
	"strings"

	"go.yaml.in/yaml/v3"
)

// end is where in the text a node ends. indent is the column, from 0, of the key or the dash it belongs to; flow tells that
// it stands in brackets.
func (d *Doc) end(n *yaml.Node, indent int, flow bool) (int, error) {
	at := d.offset(n)
	switch {
	case n.Kind != yaml.ScalarNode:
		return d.endOfMany(n, flow)
	case n.Style&yaml.DoubleQuotedStyle != 0:
		return d.endOfQuotes(at, '"')
	case n.Style&yaml.SingleQuotedStyle != 0:
		return d.endOfQuotes(at, '\'')
	case n.Style&(yaml.LiteralStyle|yaml.FoldedStyle) != 0:
		return d.endOfBlock(at, indent)
	}
	return d.endOfPlain(at, n.Value, flow)
}

// endOfMany is the end of a mapping's or a list's last part, or of its bracket.
func (d *Doc) endOfMany(n *yaml.Node, flow bool) (int, error) {
	brackets := n.Style&yaml.FlowStyle != 0
	at := d.offset(n) + 1
	if len(n.Content) > 0 {
		var err error
		if at, err = d.endOfLast(n, flow || brackets); err != nil {
			return 0, err
		}
	}
	if !brackets {
		return at, nil
	}
	for at < len(d.text) {
		switch b := d.text[at]; {
		case b == '}' || b == ']':
			return at + 1, nil
		case b == '#':
			at = d.lineEnd(at)
		case strings.IndexByte(" \t\r\n,", b) >= 0:
			at++
		default:
			return 0, ErrUnclear
		}
	}
	return 0, ErrUnclear
}

func (d *Doc) endOfLast(n *yaml.Node, flow bool) (int, error) {
	last := n.Content[len(n.Content)-1]
	if n.Kind == yaml.SequenceNode {
		if null(last) {
			return 0, ErrUnclear
		}
		return d.end(last, n.Column-1, flow)
	}
	key := n.Content[len(n.Content)-2]
	if null(last) {
		return d.behindKey(key, flow)
	}
	return d.end(last, key.Column-1, flow)
}

// behindKey is the place right behind the colon of a key.
func (d *Doc) behindKey(key *yaml.Node, flow bool) (int, error) {
	at, err := d.end(key, 0, flow)
	if err != nil {
		return 0, err
	}
	for at < len(d.text) && (d.text[at] == ' ' || d.text[at] == '\t') {
		at++
	}
	if at >= len(d.text) || d.text[at] != ':' {
		return 0, ErrUnclear
	}
	return at + 1, nil
}

func (d *Doc) endOfQuotes(at int, quote byte) (int, error) {
	if at >= len(d.text) || d.text[at] != quote {
		return 0, ErrUnclear
	}
	for at++; at < len(d.text); at++ {
		switch b := d.text[at]; {
		case b == '\\' && quote == '"':
			at++
		case b == quote && quote == '\'' && at+1 < len(d.text) && d.text[at+1] == '\'':
			at++
		case b == quote:
			return at + 1, nil
		}
	}
	return 0, ErrUnclear
}

// endOfBlock is the end of the last line with content behind | or >.
func (d *Doc) endOfBlock(at, indent int) (int, error) {
	if at >= len(d.text) || d.text[at] != '|' && d.text[at] != '>' {
		return 0, ErrUnclear
	}
	deep := 0 // columns of the content; 0 while not known
	for _, b := range d.text[at+1 : min(at+3, len(d.text))] {
		if b >= '1' && b <= '9' {
			deep = indent + int(b-'0')
		}
	}
	end := d.lineEnd(at)
	for line := end; line < len(d.text); {
		line += 1 + bytes.IndexByte(d.text[line:], '\n')
		to := d.lineEnd(line)
		text := d.text[line:to]
		spaces := len(text) - len(bytes.TrimLeft(text, " "))
		if blank := spaces == len(text); !blank {
			if deep == 0 && spaces > indent {
				deep = spaces
			}
			if deep == 0 || spaces < deep {
				break
			}
			end = to
		}
		if to == len(d.text) {
			break
		}
		line = to
	}
	return end, nil
}

// endOfPlain reads a text without quotes, of one or more lines, until it is the value read by the parser.
func (d *Doc) endOfPlain(at int, value string, flow bool) (int, error) {
	read, empty := "", 0
	for first := true; at < len(d.text); first = false {
		to := d.lineEnd(at)
		piece, whole := plainPiece(string(d.text[at:to]), flow)
		text := strings.TrimRight(piece, " \t")
		lead := len(text) - len(strings.TrimLeft(text, " \t"))
		if !first {
			text = text[lead:]
		}
		switch {
		case text == "":
			empty++
		case first:
			read = text
		case empty > 0:
			read, empty = read+strings.Repeat("\n", empty)+text, 0
		default:
			read += " " + text
		}
		if read == value {
			return at + len(strings.TrimRight(piece, " \t")), nil
		}
		if !whole || len(read) > len(value) {
			return 0, ErrUnclear
		}
		next := bytes.IndexByte(d.text[to:], '\n')
		if next < 0 {
			break
		}
		at = to + next + 1
	}
	return 0, ErrUnclear
}

// plainPiece is what of a line belongs to a text without quotes; whole tells that the line has nothing else.
func plainPiece(line string, flow bool) (piece string, whole bool) {
	for i := 0; i < len(line); i++ {
		switch b := line[i]; {
		case b == '#' && i > 0 && (line[i-1] == ' ' || line[i-1] == '\t'),
			b == ':' && (i+1 == len(line) || strings.IndexByte(" \t", line[i+1]) >= 0 || flow && strings.IndexByte(",[]{}", line[i+1]) >= 0),
			flow && strings.IndexByte(",[]{}", b) >= 0:
			return line[:i], false
		}
	}
	return line, true
}

package strict

import (
	"gopkg.in/yaml.v3"

	"bytes"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"connsync/lazy"
)

// Limits of one file. A manifest of a hundred connections is far below all of them.
const (
	maxFile  = 1 << 20
	maxDepth = 32
	maxKey   = 128
	maxItems = 120_000 // commas and lines: a file makes no more nodes than twice this number
	maxPaths = 8 << 20 // of the paths of all nodes together, in bytes
)

// screenText checks what can be told without parsing.
func (d *Document) screenText() bool {
	switch {
	case bytes.HasPrefix(d.text, []byte("version https://git-lfs.github.com/spec/")):
		d.atLine(1, "a pointer of Git LFS, not the file itself").Hint("connsync reads what Git has: take the file out of LFS in .gitattributes, and add it again")
		return false
	case len(d.text) > maxFile:
		d.atLine(0, "larger than 1 MiB")
	case bytes.HasPrefix(d.text, []byte("\xef\xbb\xbf")) || !utf8.Valid(d.text):
		d.atLine(1, "not plain UTF-8: save the file as UTF-8 without BOM")
		return false
	}
	if bytes.Count(d.text, []byte(","))+bytes.Count(d.text, []byte("\n")) > maxItems {
		d.atLine(0, "more than 120,000 items and lines").Hint("one file is for a few connections: use several")
		return false
	}
	number := 0
	for line := range bytes.SplitSeq(d.text, []byte("\n")) {
		number++
		line = bytes.TrimSuffix(line, []byte("\r"))
		if bytes.HasPrefix(line, []byte("%")) {
			d.atLine(number, "a YAML directive")
		}
		if hasForbidden(line) {
			d.atLine(number, "a control character")
		}
	}
	if line := conflictMarker(d.text); line > 0 && len(d.mistakes) == 0 {
		d.atLine(line, "a conflict marker: the merge of this file is not finished").
			Hint("take the whole file of one side from Git, with its sops block if it has one, and make the changes of the other side again")
	}
	return len(d.mistakes) == 0
}

var conflictMarks = [][]byte{[]byte("<<<<<<<"), []byte("|||||||"), []byte("======="), []byte(">>>>>>>")}

// conflictMarker is the first line written by Git to part the sides of a merge, from 1; 0 where there is none. No line of the YAML
// read here begins so.
func conflictMarker(text []byte) int {
	number := 0
	for line := range bytes.SplitSeq(text, []byte("\n")) {
		number++
		if len(line) == 0 || bytes.IndexByte([]byte("<|=>"), line[0]) < 0 {
			continue
		}
		for _, mark := range conflictMarks {
			rest, ok := bytes.CutPrefix(line, mark)
			if rest = bytes.TrimSuffix(rest, []byte("\r")); ok && (len(rest) == 0 || rest[0] == ' ') {
				return number
			}
		}
	}
	return 0
}

// Forbidden are characters no text here has a reason for: they hide or rearrange what a reviewer reads.
func Forbidden(r rune) bool {
	return r != '\t' && r != '\n' && unicode.IsControl(r) || invisible(r)
}

// hasForbidden tells whether a line has a Forbidden character. Most lines are plain ASCII.
func hasForbidden(line []byte) bool {
	for i, c := range line {
		if c >= utf8.RuneSelf {
			return bytes.IndexFunc(line[i:], Forbidden) >= 0
		}
		if c < ' ' && c != '\t' || c == 0x7f {
			return true
		}
	}
	return false
}

// invisible are zero-width and bidirectional control characters.
func invisible(r rune) bool {
	return r >= 0x200b && r <= 0x200f || r >= 0x202a && r <= 0x202e || r >= 0x2060 && r <= 0x2069 || r == 0xfeff || r == 0x061c || r == 0x2028 || r == 0x2029
}

var lineNumber = lazy.New(`line (\d+)`)

// syntax maps a parser's error to our words. Its own text can quote values.
func (d *Document) syntax(err error) {
	d.atLine(lineOf(err), "not valid YAML, here or just above").Hint("look for wrong indentation, a tab, an open quote or a missing colon")
}

// lineOf is the line in a parser's error; 1 where it names none.
func lineOf(err error) int {
	m := lineNumber.FindStringSubmatch(err.Error())
	if m == nil {
		return 1
	}
	line, _ := strconv.Atoi(m[1])
	return line
}

// screen refuses everything in a tree that could read differently to people, to YAML and to SOPS. indent is the column
// of a node's key or dash; 0 at the root.
func (d *Document) screen(n *Node, depth, indent int) {
	switch {
	case depth > maxDepth:
		d.Wrong(n, "nested more than %d levels deep", maxDepth)
		return
	case n.Kind == Alias:
		d.Wrong(n, "a YAML alias").Hint("write the value out: connsync, sops and reviewers must read the same")
	case n.Anchor != "":
		d.Wrong(n, "a YAML anchor").Hint("write the value out where it is used")
	case n.Style&yaml.TaggedStyle != 0 || d.startsWith(n, '!'): // a bare "!" makes text of a number
		d.Wrong(n, "an explicit YAML tag").Hint("remove the tag, and quote the value if it is text")
	case n.Kind == Scalar && strings.IndexFunc(n.Value, Forbidden) >= 0:
		d.Wrong(n, "a control character")
	case n.Kind == Scalar:
		d.written(n, indent)
	case n.Kind == Mapping:
		d.flow(n, indent)
		d.screenMapping(n, depth, indent)
	case n.Kind == Sequence:
		d.flow(n, indent)
		if n.Style&yaml.FlowStyle == 0 {
			indent = n.Column
		}
		for _, c := range n.Content {
			d.screen(c, depth+1, indent)
		}
	}
}

// weight is the length of the paths of all scalars under a node, where above is the length of its own.
func weight(n *Node, above int) int {
	if n.Kind == Scalar {
		return above
	}
	sum := 0
	for i, c := range n.Content {
		switch {
		case n.Kind == Sequence:
			sum += weight(c, above+6)
		case i%2 == 1:
			sum += weight(c, above+1+len(n.Content[i-1].Value))
		}
	}
	return sum
}

func (d *Document) screenMapping(n *Node, depth, indent int) {
	seen := make(map[string]*Node, len(n.Content)/2)
	fold := func(k string) string { return k }
	if depth >= d.foldFrom { // plugins may read keys without regard to case
		fold = strings.ToLower
	}
	named := d.names[n] && depth == d.foldFrom-aboveConfig
	for i := 0; i < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		switch {
		case key.Tag == "!!merge":
			d.Wrong(key, "a YAML merge key").Hint("write the fields out")
		case key.Kind != Scalar || key.Tag != "!!str" || key.Style&yaml.TaggedStyle != 0 || key.Anchor != "":
			d.Wrong(key, "a key that is not text").Hint("quote the key")
		case d.behind(key, '?'):
			d.Wrong(key, "a key behind a question mark").Hint("write  key: value")
		case named && !d.screenName(key):
		case !named && !validKey(key.Value):
			d.Wrong(key, "a key may hold letters, digits and _ . - only, at most %d", maxKey)
		case seen[fold(key.Value)] != nil:
			d.again(key, seen[fold(key.Value)])
		}
		seen[fold(key.Value)] = key
		if n.Style&yaml.FlowStyle == 0 {
			indent = key.Column
		}
		d.screen(value, depth+1, indent)
	}
}

// again says of a key: it was there before.
func (d *Document) again(key, first *Node) {
	if key.Value == first.Value {
		d.WrongName(key, "%s is here already, at line %d", key.Value, first.Line)
		return
	}
	d.WrongName(key, "a key that differs only by case from %s, at line %d", first.Value, first.Line).Hint("a plugin may read keys without regard to case")
}

// aboveConfig is how far a connection's name stands above its config's keys.
const aboveConfig = 2

// namesIn are the mappings of a manifest with names of connections as keys: SecMaster's own have all kinds of names.
func namesIn(root *Node) map[*Node]bool {
	out := map[*Node]bool{}
	for _, e := range Entries(root) {
		if e.Key.Value != "connections" || e.Value.Kind != Mapping {
			continue
		}
		for _, target := range Entries(e.Value) {
			out[target.Value] = true
		}
	}
	return out
}

// screenName tells whether a key can be the name of a connection, and notes why not.
func (d *Document) screenName(key *Node) bool {
	switch {
	case Name(key.Value):
		return true
	case strings.Contains(key.Value, ":"):
		d.Wrong(key, "a connection's name with a colon").Hint("sops joins the keys of a path with it, so a secret could move from one name to another: rename the connection in SecMaster")
	default:
		d.Wrong(key, "a connection's name may hold printable characters only, at most %d", mostName)
	}
	return false
}

// mostName is the length limit of the names SecMaster shows, in characters.
const mostName = 1024

// Name tells whether a key can be the name of a connection: printable, with no other space than a blank, and without a colon.
func Name(k string) bool {
	unfit := func(r rune) bool { return r == ':' || r == utf8.RuneError || Forbidden(r) || !unicode.IsPrint(r) }
	return k != "" && utf8.RuneCountInString(k) <= mostName && strings.IndexFunc(k, unfit) < 0
}

func validKey(k string) bool {
	if k == "" || len(k) > maxKey {
		return false
	}
	for i := 0; i < len(k); i++ {
		c := k[i]
		if !(c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '_' || c == '.' || c == '-') {
			return false
		}
	}
	return true
}

package manifest

import (
	"bytes"
	"errors"
	"io"
	"regexp"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"gopkg.in/yaml.v3"
)

// Limits of one file. A manifest of a hundred connections is far below all of them.
const (
	maxFile  = 1 << 20
	maxDepth = 32
	maxKey   = 128

	configDepth = 5 // of the mapping under connections, target, name, config
)

// document is one file while it is read: its text, its tree, and what is wrong with it.
type document struct {
	file     string
	text     []byte
	tree     *yaml.Node // the document
	root     *yaml.Node // the mapping at its root
	mistakes []Mistake
	exposed  map[*yaml.Node]bool // values in the clear that must not be shown
	lines    []string            // split on first use

	lastLine  int // whose characters lastRunes are
	lastRunes []rune
}

// read screens a file strictly and parses it. Whatever is wrong is in its mistakes; root is nil where the
// structure is not to be trusted. SOPS is given only files that passed here: its own reader can be made
// to overflow the stack by an alias in a second document.
func read(file string, text []byte) *document {
	d := &document{file: file, text: text, exposed: map[*yaml.Node]bool{}}
	if !d.screenText() {
		return d
	}
	dec := yaml.NewDecoder(bytes.NewReader(text))
	var n yaml.Node
	switch err := dec.Decode(&n); {
	case errors.Is(err, io.EOF):
		d.atLine(1, "the file is empty")
		return d
	case err != nil:
		d.syntax(err)
		return d
	}
	var more yaml.Node
	if err := dec.Decode(&more); !errors.Is(err, io.EOF) {
		d.atLine(max(more.Line, 1), "more than one YAML document", "one file is one document: put the other one into a file of its own")
		return d
	}
	root := n.Content[0]
	if root.Kind != yaml.MappingNode {
		d.wrong(root, false, nil, "the file must be a mapping")
		return d
	}
	before := len(d.mistakes)
	d.screen(root, 1, 0)
	if len(d.mistakes) == before {
		d.tree, d.root = &n, root
	}
	return d
}

// screenText checks what can be told without parsing.
func (d *document) screenText() bool {
	switch {
	case len(d.text) > maxFile:
		d.atLine(0, "larger than 1 MiB")
	case bytes.HasPrefix(d.text, []byte("\xef\xbb\xbf")) || !utf8.Valid(d.text):
		d.atLine(1, "not UTF-8 without a byte order mark")
		return false
	}
	for i, line := range bytes.Split(d.text, []byte("\n")) {
		line = bytes.TrimSuffix(line, []byte("\r"))
		if bytes.HasPrefix(line, []byte("%")) {
			d.atLine(i+1, "a YAML directive")
		}
		if bytes.IndexFunc(line, forbidden) >= 0 {
			d.atLine(i+1, "a control character")
		}
	}
	return len(d.mistakes) == 0
}

// forbidden are characters that no text here has a reason for: they hide or rearrange what a reviewer reads.
func forbidden(r rune) bool {
	return r != '\t' && r != '\n' && unicode.IsControl(r) || invisible(r)
}

// invisible are zero-width and bidirectional control characters.
func invisible(r rune) bool {
	return r >= 0x200b && r <= 0x200f || r >= 0x202a && r <= 0x202e || r >= 0x2060 && r <= 0x2069 || r == 0xfeff || r == 0x061c || r == 0x2028 || r == 0x2029
}

var lineNumber = regexp.MustCompile(`line (\d+)`)

// syntax maps a parser's error to our words. Its own text can quote values.
func (d *document) syntax(err error) {
	line := 1
	if m := lineNumber.FindStringSubmatch(err.Error()); m != nil {
		line, _ = strconv.Atoi(m[1])
	}
	d.atLine(line, "not valid YAML, here or just above", "look for wrong indentation, a tab, an open quote or a missing colon")
}

// screen refuses everything in a tree that could read differently to people, to YAML and to SOPS. indent is the column
// of the key or the dash that a node belongs to; 0 at the root.
func (d *document) screen(n *yaml.Node, depth, indent int) {
	switch {
	case depth > maxDepth:
		d.wrong(n, false, nil, "nested more than %d levels deep", maxDepth)
		return
	case n.Kind == yaml.AliasNode:
		d.wrong(n, false, []string{"write the value out: connsync, sops and reviewers must read the same"}, "a YAML alias")
	case n.Anchor != "":
		d.wrong(n, false, []string{"write the value out where it is used"}, "a YAML anchor")
	case n.Style&yaml.TaggedStyle != 0 || d.startsWith(n, '!'): // a bare "!" makes text of a number
		d.wrong(n, false, []string{"remove the tag, and quote the value if it is text"}, "an explicit YAML tag")
	case n.Kind == yaml.ScalarNode && strings.IndexFunc(n.Value, forbidden) >= 0:
		d.wrong(n, false, nil, "a control character")
	case n.Kind == yaml.ScalarNode:
		d.written(n, indent)
	case n.Kind == yaml.MappingNode:
		d.flow(n, indent)
		d.screenMapping(n, depth, indent)
	case n.Kind == yaml.SequenceNode:
		d.flow(n, indent)
		if n.Style&yaml.FlowStyle == 0 {
			indent = n.Column
		}
		for _, c := range n.Content {
			d.screen(c, depth+1, indent)
		}
	}
}

func (d *document) screenMapping(n *yaml.Node, depth, indent int) {
	seen := make(map[string]*yaml.Node, len(n.Content)/2)
	fold := func(k string) string { return k }
	if depth >= configDepth { // plugins may read keys without regard to case
		fold = strings.ToLower
	}
	for i := 0; i < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		switch {
		case key.Tag == "!!merge":
			d.wrong(key, false, []string{"write the fields out"}, "a YAML merge key")
		case key.Kind != yaml.ScalarNode || key.Tag != "!!str" || key.Style&yaml.TaggedStyle != 0 || key.Anchor != "":
			d.wrong(key, false, []string{"quote the key"}, "a key that is not text")
		case d.behind(key, '?'):
			d.wrong(key, false, []string{"write  key: value"}, "a key behind a question mark")
		case !validKey(key.Value):
			d.wrong(key, false, nil, "a key may hold letters, digits and _ . - only, at most %d", maxKey)
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

// again says that a key was there before.
func (d *document) again(key, first *yaml.Node) {
	if key.Value == first.Value {
		d.wrong(key, true, nil, "%s is here already, at line %d", key.Value, first.Line)
		return
	}
	d.wrong(key, true, []string{"a plugin may read keys without regard to case"}, "a key that differs only by case from %s, at line %d", first.Value, first.Line)
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

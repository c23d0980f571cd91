package manifest

import (
	"fmt"
	"regexp"
	"strings"

	"gopkg.in/yaml.v3"
)

// at is the place of a node.
func (d *document) at(n *yaml.Node) Position {
	return Position{File: d.file, Line: n.Line, Column: n.Column}
}

// wrong notes a mistake at a node. whole says that the node may be shown with its line: it is
// a name, a key or an id, never the value of a setting.
func (d *document) wrong(n *yaml.Node, whole bool, hints []string, format string, args ...any) {
	d.mistakes = append(d.mistakes, Mistake{
		Pos: d.at(n), Message: fmt.Sprintf(format, args...), Hints: hints, Source: d.source(n, whole),
	})
}

// atLine notes a mistake of a line whose text is not shown.
func (d *document) atLine(line int, message string, hints ...string) {
	d.mistakes = append(d.mistakes, Mistake{Pos: Position{File: d.file, Line: line, Column: min(line, 1)}, Message: message, Hints: hints})
}

// keyOnly is a line up to the colon of its key, where nothing but indentation stands before the key.
var keyOnly = regexp.MustCompile(`^\s*(- )?"?[A-Za-z0-9_.-]+"?:`)

// source is what of a node's line may be shown: the key alone, unless the line is that key, or that key and this node.
// Behind any other key, and in a comment, a secret may stand.
func (d *document) source(n *yaml.Node, whole bool) string {
	text := strings.TrimRight(d.line(n.Line), " \t\r")
	key := keyOnly.FindString(text)
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
func (d *document) line(number int) string {
	if number < 1 || number > d.lineCount() {
		return ""
	}
	return d.lines[number-1]
}

func (d *document) lineCount() int {
	if d.lines == nil {
		d.lines = strings.Split(string(d.text), "\n")
	}
	return len(d.lines)
}

// entry is one key of a mapping with its value.
type entry struct{ key, value *yaml.Node }

func entries(n *yaml.Node) []entry {
	out := make([]entry, 0, len(n.Content)/2)
	for i := 0; i+1 < len(n.Content); i += 2 {
		out = append(out, entry{n.Content[i], n.Content[i+1]})
	}
	return out
}

// child is the value under a key of a mapping; nil where there is none.
func child(n *yaml.Node, key string) *yaml.Node {
	for i := 0; i+1 < len(n.Content); i += 2 {
		if n.Kind == yaml.MappingNode && n.Content[i].Value == key {
			return n.Content[i+1]
		}
	}
	return nil
}

// mapping notes a mistake unless a node is a mapping.
func (d *document) mapping(n *yaml.Node, what string) bool {
	if n.Kind == yaml.MappingNode {
		return true
	}
	d.wrong(n, false, nil, "%s must be a mapping", what)
	return false
}

// str is a field that must be text: quoted where YAML would read it as something else. ok is false where a mistake was noted.
func (d *document) str(n *yaml.Node, field string) (string, bool) {
	switch {
	case isEncrypted(n.Value) && n.Kind == yaml.ScalarNode:
		d.encryptedElsewhere(n, field)
	case n.Kind != yaml.ScalarNode || n.Tag == "!!null":
		d.wrong(n, false, nil, "%s must be text", field)
	case n.Tag != "!!str":
		d.wrong(n, true, []string{"quote it"}, "%s must be text", field)
	default:
		return n.Value, true
	}
	return "", false
}

func (d *document) encryptedElsewhere(n *yaml.Node, field string) {
	d.wrong(n, false, []string{
		"reviewers and plans read it without a key: encrypt only values under config",
		"for example with  encrypted_regex: ^(password|token|secret)$  in .sops.yaml",
	}, "%s must not be encrypted", field)
}

// unknown notes a key that nobody knows, with the nearest one that is known.
func (d *document) unknown(key *yaml.Node, what string, known ...string) {
	var hints []string
	if n := nearest(key.Value, known); n != "" {
		hints = []string{"did you mean " + n}
	} else {
		hints = []string{"known: " + strings.Join(known, ", ")}
	}
	d.wrong(key, false, hints, "unknown %s %s", what, key.Value)
}

// nearest is the known name that a mistyped one most likely meant; "" where none is near.
func nearest(name string, known []string) string {
	best, distance := "", 1+len(name)/3
	for _, k := range known {
		if d := editDistance(strings.ToLower(name), strings.ToLower(k)); d <= distance {
			best, distance = k, d-1
		}
	}
	return best
}

// editDistance is the Levenshtein distance.
func editDistance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := 1; i <= len(a); i++ {
		diagonal := row[0]
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := diagonal
			if a[i-1] != b[j-1] {
				cost++
			}
			diagonal = row[j]
			row[j] = min(cost, row[j]+1, row[j-1]+1)
		}
	}
	return row[len(b)]
}

package strict

import (
	"strings"

	"gopkg.in/yaml.v3"
)

// Node is a place of a document.
type Node = yaml.Node

// The kinds of nodes.
const (
	Tree     = yaml.DocumentNode
	Mapping  = yaml.MappingNode
	Sequence = yaml.SequenceNode
	Scalar   = yaml.ScalarNode
	Alias    = yaml.AliasNode
)

// Quoted are the styles of texts not taken for anything else by any reader.
const Quoted = yaml.SingleQuotedStyle | yaml.DoubleQuotedStyle | yaml.LiteralStyle | yaml.FoldedStyle

// Loose parses a text as most programs do, and so as sops parses its rules. Of an error no more than the line is told: the parser's text can
// quote values.
func Loose(text []byte) (n *Node, line int, ok bool) {
	var document Node
	if err := yaml.Unmarshal(text, &document); err != nil {
		return nil, lineOf(err), false
	}
	return &document, 0, true
}

// Decode is how most programs take a document into a value of theirs. Where a part of it has another type, at is that part.
func Decode(document *Node, into any) (at *Node, ok bool) {
	err := document.Decode(into)
	if err == nil {
		return nil, true
	}
	line := lineOf(err)
	at = &Node{Line: line, Column: 1}
	visit(document, func(n *Node) {
		if n.Line == line {
			at = n
		}
	})
	return at, false
}

func visit(n *Node, each func(*Node)) {
	each(n)
	for _, c := range n.Content {
		visit(c, each)
	}
}

// Resolved is the node behind an alias.
func Resolved(n *Node) *Node {
	if n.Kind == Alias {
		return n.Alias
	}
	return n
}

// Entry is one key of a mapping with its value.
type Entry struct{ Key, Value *Node }

// Entries are the keys of a mapping with their values, in order.
func Entries(n *Node) []Entry {
	out := make([]Entry, 0, len(n.Content)/2)
	for i := 0; i+1 < len(n.Content); i += 2 {
		out = append(out, Entry{n.Content[i], n.Content[i+1]})
	}
	return out
}

// Child is the value under a key of a mapping; nil where there is none.
func Child(n *Node, key string) *Node {
	for i := 0; i+1 < len(n.Content); i += 2 {
		if n.Kind == Mapping && n.Content[i].Value == key {
			return n.Content[i+1]
		}
	}
	return nil
}

// Mapping notes a mistake unless a node is a mapping.
func (d *Document) Mapping(n *Node, what string) bool {
	if n.Kind == Mapping {
		return true
	}
	d.Wrong(n, "%s must be a mapping", what)
	return false
}

// Unknown notes an unknown key, with the nearest known one.
func (d *Document) Unknown(key *Node, what string, known ...string) {
	var hints []string
	if n := d.Nearest(key.Value, known); n != "" {
		hints = []string{"did you mean " + n}
	} else {
		hints = []string{"known: " + strings.Join(known, ", ")}
	}
	d.Wrong(key, "unknown %s %s", what, key.Value).Hint(hints...)
}

// maxKnown is how many names one is compared with.
const maxKnown = 500

// Nearest is the package's Nearest; "" where the mistake would not be told.
func (d *Document) Nearest(name string, known []string) string {
	if d.full() {
		return ""
	}
	return Nearest(name, known)
}

// Nearest is the known name that a mistyped one most likely meant; "" where none is near, or too many are known.
func Nearest(name string, known []string) string {
	best, distance := "", 1+len(name)/3
	if len(known) > maxKnown || len(name) > maxKey {
		return ""
	}
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

package manifest

import (
	"slices"

	"connsync/manifest/sopsrules"
	"connsync/manifest/strict"
	"connsync/secrets"
)

// uncovering finds names that a selector takes for those of values in the clear. sops looks at every key above a value, so under such a name
// everything stays in the clear, whatever it is called itself.
type uncovering struct {
	d        *document
	selector sopsrules.Selector
	judge    *sopsrules.Judge
}

// screenNames refuses targets, connections and, under a regular expression, mappings of such names.
func (d *document) screenNames(s sopsrules.Selector, judge *sopsrules.Judge) {
	if s.Uncovers() {
		uncovering{d, s, judge}.mapping(d.Root, "", 0)
	}
}

// mapping looks at the names of what holds values in a mapping. depth counts the mappings around it.
func (u uncovering) mapping(n *strict.Node, at secrets.Path, depth int) {
	for _, e := range strict.Entries(n) {
		key := e.Key.Value
		if !holdsKeys(e.Value) || depth == 0 && key == "sops" {
			continue
		}
		if (depth < maxNamed || u.selector.Kind == "unencrypted_regex") && u.judge.Uncovers(key) {
			u.refuse(e.Key, at.Key(key), depth)
			continue
		}
		u.below(e.Value, at.Key(key), depth+1)
	}
}

// maxNamed is how deep names are those of the file, of targets and of connections.
const maxNamed = 3

func (u uncovering) below(n *strict.Node, at secrets.Path, depth int) {
	if n.Kind == strict.Mapping {
		u.mapping(n, at, depth)
		return
	}
	for i, item := range n.Content {
		u.below(item, at.Index(i), depth)
	}
}

// holdsKeys tells whether values have further keys below a node. Those of a list alone have not.
func holdsKeys(n *strict.Node) bool {
	switch n.Kind {
	case strict.Mapping:
		return len(n.Content) > 0
	case strict.Sequence:
		return slices.ContainsFunc(n.Content, holdsKeys)
	}
	return false
}

func (u uncovering) refuse(key *strict.Node, at secrets.Path, depth int) {
	what := "the mapping " + string(at.After(3))
	switch depth {
	case 0:
		what = "the whole file, under " + key.Value
	case 1:
		what = "the target " + key.Value
	case 2:
		what = "the connection " + key.Value
	}
	u.d.WrongName(key, "%s would stand in the clear: %s fits its name, and sops then leaves all below as it is", what, u.kind()).
		Hint("in " + RulesFile + ", let the selector fit the keys of single values only, and no such name; then:  connsync reseal " + ShellWord(u.d.File))
}

// kind is the selector's in words, without its text, which may be long.
func (u uncovering) kind() string {
	if u.selector.None() {
		return "the suffix _unencrypted"
	}
	return u.selector.Kind
}

package sops

import (
	"strings"

	upstream "github.com/getsops/sops/v3"
	"go.yaml.in/yaml/v3"
)

// branchOf is a document (of document) as SOPS has it: keys, values and comments in the order the MAC covers them, and comments that
// select what is encrypted in front of what they select. It is the tree of SOPS's own reader. That reader links a cloud's storage and more.
func branchOf(doc *yaml.Node) upstream.TreeBranch {
	b := commentsAbove(upstream.TreeBranch{}, doc)
	b = mappingItems(b, doc.Content[0], true)
	return remarks(b, doc.FootComment, false)
}

// mappingItems adds what a mapping holds. own tells whether the comments at the mapping itself are to be added too: of a list's item, the
// list has them.
func mappingItems(b upstream.TreeBranch, n *yaml.Node, own bool) upstream.TreeBranch {
	if own {
		b = commentsAbove(b, n)
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		b = commentsAbove(b, key)
		scalar := value.Kind == yaml.ScalarNode
		if scalar {
			b = remarks(b, value.HeadComment, false)
			b = remarks(b, value.LineComment, true)
		}
		b = append(b, upstream.TreeItem{Key: key.Value, Value: treeValue(value, !scalar)})
		if scalar {
			b = remarks(b, value.FootComment, false)
		}
		b = remarks(b, key.FootComment, false)
	}
	if own {
		b = remarks(b, n.FootComment, false)
	}
	return b
}

// listItems are what a list holds, comments included.
func listItems(n *yaml.Node, own bool) []any {
	var out []any
	add := func(text string, inline bool) {
		for _, c := range remarks(nil, text, inline) {
			out = append(out, c.Key)
		}
	}
	if own {
		add(n.HeadComment, false)
		add(n.LineComment, false)
	}
	for _, item := range n.Content {
		add(item.HeadComment, false)
		add(item.LineComment, true)
		out = append(out, treeValue(item, false))
		add(item.FootComment, false)
	}
	if own {
		add(n.FootComment, false)
	}
	return out
}

func treeValue(n *yaml.Node, own bool) any {
	switch n.Kind {
	case yaml.MappingNode:
		return mappingItems(upstream.TreeBranch{}, n, own)
	case yaml.SequenceNode:
		return listItems(n, own)
	}
	if n.Tag == textTag {
		return n.Value
	}
	var v any
	_ = n.Decode(&v) // a scalar without a tag of its own is always read as something
	return v
}

// commentsAbove adds the comments above a node, and those behind it.
func commentsAbove(b upstream.TreeBranch, n *yaml.Node) upstream.TreeBranch {
	return remarks(remarks(b, n.HeadComment, false), n.LineComment, false)
}

// remarks adds each line of a comment as an item.
func remarks(b upstream.TreeBranch, text string, inline bool) upstream.TreeBranch {
	if text == "" {
		return b
	}
	for line := range strings.SplitSeq(text, "\n") {
		if line != "" {
			b = append(b, upstream.TreeItem{Key: upstream.Comment{Value: line[1:], Inline: inline}})
		}
	}
	return b
}

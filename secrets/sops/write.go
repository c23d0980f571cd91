package sops

import (
	"bytes"
	"errors"
	"strings"

	upstream "github.com/getsops/sops/v3"
	"github.com/getsops/sops/v3/stores"
	"go.yaml.in/yaml/v3"
)

// encryptedText is an encrypted tree as SOPS writes it, at an indentation: its values, and after them its sops block.
func encryptedText(tree upstream.Tree, indent int) ([]byte, error) {
	branches, err := stores.SerializeMetadata(tree, stores.MetadataOpts{})
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	e := yaml.NewEncoder(&out)
	e.SetIndent(indent)
	err = errors.Join(e.Encode(&yaml.Node{Kind: yaml.DocumentNode, Content: []*yaml.Node{mappingNode(branches[0])}}), e.Close())
	return out.Bytes(), err
}

// mappingNode is a mapping with its comments: each stands above what follows it, and the last ones below.
func mappingNode(b upstream.TreeBranch) *yaml.Node {
	n := &yaml.Node{Kind: yaml.MappingNode}
	var wait waiting
	for _, item := range b {
		if wait.take(item.Key) {
			continue
		}
		key, value := scalarNode(item.Key), valueNode(item.Value)
		wait.above(n, key, value)
		n.Content = append(n.Content, key, value)
	}
	last := n
	if len(n.Content) > 0 {
		last = n.Content[len(n.Content)-2]
	}
	wait.below(n, last)
	return n
}

func listNode(list []any) *yaml.Node {
	n := &yaml.Node{Kind: yaml.SequenceNode}
	var wait waiting
	for _, item := range list {
		if wait.take(item) {
			continue
		}
		v := valueNode(item)
		wait.above(n, v, v)
		n.Content = append(n.Content, v)
	}
	last := n
	if len(n.Content) > 0 {
		last = n.Content[len(n.Content)-1]
	}
	wait.below(n, last)
	return n
}

func valueNode(v any) *yaml.Node {
	switch v := v.(type) {
	case upstream.TreeBranch:
		return mappingNode(v)
	case []any:
		return listNode(v)
	}
	return scalarNode(v)
}

func scalarNode(v any) *yaml.Node {
	n := &yaml.Node{}
	_ = n.Encode(v) // what a reader of YAML made of a scalar
	return n
}

// waiting are comments without a place yet.
type waiting struct{ head, inline []string }

func (w *waiting) take(v any) bool {
	c, ok := v.(upstream.Comment)
	switch {
	case ok && c.Inline:
		w.inline = append(w.inline, c.Value)
	case ok:
		w.head = append(w.head, c.Value)
	}
	return ok
}

// above puts them at an item. Those that begin a collection are the collection's.
func (w *waiting) above(in, key, value *yaml.Node) {
	first := key
	if len(in.Content) == 0 {
		first = in
	}
	first.HeadComment = joined(w.head, first.HeadComment)
	value.LineComment = joined(w.inline, value.LineComment)
	*w = waiting{}
}

// below puts the rest after the last item; where there is none, into the collection.
func (w *waiting) below(in, last *yaml.Node) {
	rest := append(w.head, w.inline...)
	if last == in {
		in.HeadComment = joined(rest, in.HeadComment)
	} else if text := joined(rest, ""); text != "" {
		last.FootComment = strings.TrimPrefix(last.FootComment+"\n"+text, "\n")
	}
}

// joined are comments, and below them those that stand there already.
func joined(list []string, there string) string {
	if len(list) == 0 {
		return there
	}
	return strings.TrimSuffix("#"+strings.Join(list, "\n#")+"\n"+there, "\n")
}

package sops

import (
	"bytes"
	"errors"
	"io"

	upstream "github.com/getsops/sops/v3"
	"github.com/getsops/sops/v3/stores"
	"go.yaml.in/yaml/v3"
)

// document reads a text: one YAML mapping without anchors, aliases and tags, with texts as keys, each once. Where it is none of that,
// it says why. SOPS's own reader takes more, and follows an alias in a second document until the stack overflows. No recover catches that.
func document(data []byte) (doc *yaml.Node, detail string) {
	if len(data) > maxFile {
		return nil, "it is larger than 4 MiB"
	}
	d := yaml.NewDecoder(bytes.NewReader(data))
	doc = &yaml.Node{}
	var more yaml.Node
	if err := d.Decode(doc); err != nil {
		return nil, "it is not YAML"
	}
	if err := d.Decode(&more); !errors.Is(err, io.EOF) {
		return nil, "it has more than one document"
	}
	root := doc.Content[0]
	if root.Kind != yaml.MappingNode {
		return nil, "it is not a mapping"
	}
	if detail := unlikeJSON(root, 1); detail != "" {
		return nil, detail
	}
	return doc, ""
}

// unlikeJSON says what a node has and JSON lacks.
func unlikeJSON(n *yaml.Node, depth int) string {
	switch {
	case depth > maxDepth:
		return "it is nested too deeply"
	case n.Kind == yaml.AliasNode || n.Anchor != "":
		return "it has an anchor or an alias"
	case n.Style&yaml.TaggedStyle != 0:
		return "it has a tag"
	case n.Kind == yaml.MappingNode:
		if detail := screenKeys(n); detail != "" {
			return detail
		}
	}
	for _, c := range n.Content {
		if detail := unlikeJSON(c, depth+1); detail != "" {
			return detail
		}
	}
	return ""
}

func screenKeys(n *yaml.Node) string {
	seen := make(map[string]bool, len(n.Content)/2)
	for i := 0; i < len(n.Content); i += 2 {
		k := n.Content[i]
		if k.Kind != yaml.ScalarNode || k.Tag != textTag {
			return "it has a key that is no text"
		}
		if seen[k.Value] {
			return "it has a key twice"
		}
		seen[k.Value] = true
	}
	return ""
}

const textTag = "!!str"

// plainTree is a text as SOPS has it before it encrypts it.
func plainTree(text []byte) (upstream.TreeBranch, error) {
	doc, detail := document(text)
	if detail != "" {
		return nil, errEncrypt
	}
	return branchOf(doc), nil
}

// encryptedTree is a document as SOPS has it before it decrypts it: its values, and what its sops block says.
func encryptedTree(doc *yaml.Node) (upstream.Tree, error) {
	branches, meta, err := stores.ExtractMetadata(upstream.TreeBranches{branchOf(doc)}, stores.MetadataOpts{})
	if err != nil {
		return upstream.Tree{}, errUnlike
	}
	return upstream.Tree{Branches: branches, Metadata: meta}, nil
}

// loaded is encryptedTree of a text.
func loaded(text []byte) (upstream.Tree, error) {
	doc, detail := document(text)
	if detail != "" {
		return upstream.Tree{}, errUnlike
	}
	return encryptedTree(doc)
}

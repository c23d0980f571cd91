package sops

import (
	"bytes"
	"errors"
	"io"
	"strings"

	"go.yaml.in/yaml/v3"

	"connsync/secrets"
)

// Limits of a file, above those of a manifest.
const (
	maxFile  = 4 << 20
	maxDepth = 64
)

// sealed tells whether a text is an encrypted value, of the types that a manifest can have.
func sealed(s string) bool { return secrets.IsCiphertext(s, "str", "int", "float", "bool") }

// sealedComment tells whether a text is what SOPS makes of a comment in an encrypted list: one more item.
func sealedComment(s string) bool { return secrets.IsCiphertext(s, "comment") }

// screen says what is wrong with the structure of a file before SOPS's reader sees it: that one follows an alias in a
// second document until the stack overflows, which no recover catches. "" where nothing is wrong.
func screen(data []byte) string {
	if len(data) > maxFile {
		return "it is larger than 4 MiB"
	}
	d := yaml.NewDecoder(bytes.NewReader(data))
	var doc, more yaml.Node
	if err := d.Decode(&doc); err != nil {
		return "it is not YAML"
	}
	if err := d.Decode(&more); !errors.Is(err, io.EOF) {
		return "it has more than one document"
	}
	root := doc.Content[0]
	if root.Kind != yaml.MappingNode {
		return "it is not a mapping"
	}
	if detail := screenNode(root, 1); detail != "" {
		return detail
	}
	meta := at(root, "sops")
	if meta == nil || meta.Kind != yaml.MappingNode {
		return "it has no sops block"
	}
	if mac := at(meta, "mac"); mac == nil || !sealed(mac.Value) {
		return "it has no MAC"
	}
	return ""
}

func screenNode(n *yaml.Node, depth int) string {
	switch {
	case depth > maxDepth:
		return "it is nested too deeply"
	case n.Kind == yaml.AliasNode || n.Anchor != "":
		return "it has an anchor or an alias"
	case n.Style&yaml.TaggedStyle != 0:
		return "it has a tag"
	case n.Kind == yaml.ScalarNode && strings.HasPrefix(n.Value, "ENC[") && !sealed(n.Value) && !sealedComment(n.Value):
		return "it has an encrypted value of an unknown form"
	case n.Kind == yaml.MappingNode:
		if detail := screenKeys(n); detail != "" {
			return detail
		}
	}
	for _, c := range n.Content {
		if detail := screenNode(c, depth+1); detail != "" {
			return detail
		}
	}
	return ""
}

func screenKeys(n *yaml.Node) string {
	seen := make(map[string]bool, len(n.Content)/2)
	for i := 0; i < len(n.Content); i += 2 {
		k := n.Content[i]
		if k.Kind != yaml.ScalarNode || k.Tag != "!!str" {
			return "it has a key that is no text"
		}
		if seen[k.Value] {
			return "it has a key twice"
		}
		seen[k.Value] = true
	}
	return ""
}

func at(n *yaml.Node, key string) *yaml.Node {
	for i := 0; i+1 < len(n.Content); i += 2 {
		if n.Content[i].Value == key {
			return n.Content[i+1]
		}
	}
	return nil
}

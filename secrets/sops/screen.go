package sops

import (
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"connsync/secrets"
)

// Limits of a file, above those of a manifest.
const (
	maxFile  = 4 << 20
	maxDepth = 64
)

// sealed tells whether a text is an encrypted value, of the types a manifest can have.
func sealed(s string) bool { return secrets.IsCiphertext(s, "str", "int", "float", "bool") }

// sealedComment tells whether a text is what SOPS makes of a comment in an encrypted list: one more item.
func sealedComment(s string) bool { return secrets.IsCiphertext(s, "comment") }

// screen reads a file that SOPS may see, or says what is wrong with its structure.
func screen(data []byte) (doc *yaml.Node, detail string) {
	doc, detail = document(data)
	if detail != "" {
		return nil, detail
	}
	root := doc.Content[0]
	if strangeCiphertext(root) {
		return nil, "it has an encrypted value of an unknown form"
	}
	meta := at(root, "sops")
	if meta == nil || meta.Kind != yaml.MappingNode {
		return nil, "it has no sops block"
	}
	if mac := at(meta, "mac"); mac == nil || !sealed(mac.Value) {
		return nil, "it has no MAC"
	}
	return doc, ""
}

func strangeCiphertext(n *yaml.Node) bool {
	if n.Kind == yaml.ScalarNode {
		return strings.HasPrefix(n.Value, "ENC[") && !sealed(n.Value) && !sealedComment(n.Value)
	}
	return slices.ContainsFunc(n.Content, strangeCiphertext)
}

func at(n *yaml.Node, key string) *yaml.Node {
	for i := 0; i+1 < len(n.Content); i += 2 {
		if n.Content[i].Value == key {
			return n.Content[i+1]
		}
	}
	return nil
}

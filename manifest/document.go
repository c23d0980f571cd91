package manifest

import (
	"strings"

	"connsync/manifest/sopsrules"
	"connsync/manifest/strict"
)

// document is one file of a project while it is read.
type document struct {
	*strict.Document
	leaves   []sopsrules.Leaf
	exposed  map[*strict.Node]bool // values in the clear, never shown
	tolerant bool                  // secrets.rule: warn
	inClear  map[*strict.Node]bool // values in the clear although the file's rule encrypts them
	selects  sopsrules.Selector    // of the file's rule in .sops.yaml
	named    []string              // targets, as the file names them
	vague    bool                  // something in it may be meant for any target
}

// configDepth is the depth of the mapping under connections, target, name, config: plugins may read its keys without regard to case.
const configDepth = 5

func read(file string, text []byte) *document {
	return &document{Document: strict.Read(file, text, configDepth), exposed: map[*strict.Node]bool{}, inClear: map[*strict.Node]bool{}}
}

// isEncrypted tells whether a text is meant to be a SOPS ciphertext, well-formed or not.
func isEncrypted(s string) bool { return strings.HasPrefix(s, "ENC[") }

// str is a field that must be text: quoted where YAML would read it as something else. ok is false where a mistake was noted.
func (d *document) str(n *strict.Node, field string) (string, bool) {
	switch {
	case isEncrypted(n.Value) && n.Kind == strict.Scalar:
		d.encryptedElsewhere(n, field)
	case n.Kind != strict.Scalar || n.Tag == "!!null":
		d.Wrong(n, "%s must be text", field)
	case n.Tag != "!!str":
		d.WrongName(n, "%s must be text", field).Hint("quote it")
	default:
		return n.Value, true
	}
	return "", false
}

func (d *document) encryptedElsewhere(n *strict.Node, field string) {
	d.Wrong(n, "%s must not be encrypted", field).Hint(
		"reviewers and plans read it without a key: encrypt only values under config",
		"for example with  encrypted_regex: ^(password|token|secret)$  in .sops.yaml",
	)
}

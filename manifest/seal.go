package manifest

import (
	"fmt"

	"connsync/manifest/sopsrules"
	"connsync/manifest/strict"
	"connsync/secrets"
	"connsync/secrets/seal"
)

// seal reads the one value of a connection that is encrypted outside of its config.
func (d *document) seal(c *Connection, n *strict.Node) {
	if n.Kind != strict.Scalar || n.Tag != "!!str" || !isEncrypted(n.Value) {
		hint := SealHint(d.File)
		switch {
		case c.File.Sops == nil:
			hint = "remove it: a file that is not encrypted has no seals"
		case d.exposed[n] || n.Kind != strict.Scalar:
			hint = "restore the file as sops wrote it"
		}
		d.Wrong(n, "a seal that is not encrypted is none: everyone who may push can write it").Hint(hint)
		return
	}
	text, valid := secrets.ReadCiphertext(n.Value, "str")
	switch {
	case !valid:
		d.Wrong(n, "not a valid encrypted value").Hint("restore it as it was, or " + SealHint(d.File))
	case c.File.Sops == nil:
		d.Wrong(n, "an encrypted value in a file without a sops block").Hint("restore the file as sops wrote it")
	default:
		path := secrets.Path("connections").Key(c.Target).Key(c.Name).Key(seal.Key)
		c.Seal = &secrets.Ref{File: d.File, Path: path, Fingerprint: secrets.FingerprintOf(n.Value), Ciphertext: text}
	}
}

// SealHint is how a connection of a file gets a seal.
func SealHint(file string) string {
	return "look at what it would sign, and seal it with the file's key:  connsync seal " + ShellWord(file)
}

// isSealOf tells whether a leaf is the seal of a connection.
func isSealOf(l sopsrules.Leaf) bool {
	return len(l.Keys) == 4 && l.Keys[0] == "connections" && l.Keys[3] == seal.Key
}

// HasSecrets tells whether the config of a connection has an encrypted value.
func (c *Connection) HasSecrets() bool {
	has := false
	c.Fingerprints(func(secrets.Fingerprint) { has = true })
	return has
}

// Bound are the lines that a seal of the connection has in a target. ok is false where a value in the clear must not be sent: then nothing is
// sealed either.
func (c *Connection) Bound(t Target) (lines seal.Lines, ok bool) {
	in := seal.Connection{
		Place:  t.place(),
		Plugin: [4]string{c.Component, c.Version, c.ComponentID, c.ComponentVersionID},
	}
	for _, s := range Settings("config", c.Config) {
		v := s.Value
		if w, withheld := v.(Withheld); withheld {
			if w.send == nil {
				return nil, false
			}
			v = w.send()
		}
		in.Settings = append(in.Settings, seal.Setting{Path: s.Path, Value: v, Secret: s.Secret != nil})
	}
	return in.Bound()
}

// unsealed are the connections without a seal, where the project wants one.
func (s Set) unsealed(p Project) []Mistake {
	if p.Secrets.Destinations != Sealed {
		return nil
	}
	var out []Mistake
	for i := range s.Connections {
		c := &s.Connections[i]
		if _, told := c.fields[seal.Key]; told || !c.HasSecrets() {
			continue
		}
		out = append(out, Mistake{
			Pos: c.Pos, Message: fmt.Sprintf("%s has secrets and no seal, and %s wants one (secrets.destinations: sealed)", strict.SaidName(c.Name), p.File), Hints: []string{SealHint(c.File.Path)},
		})
	}
	return out
}

package manifest

import (
	"fmt"

	"connsync/manifest/strict"
	"connsync/secrets"
)

// SecretAt is one secret of a set and its setting.
type SecretAt struct {
	Ref        secrets.Ref
	Connection *Connection
	Path       secrets.Path // from the connection
}

// name tells a secret's place for people.
func (s SecretAt) name() string {
	return fmt.Sprintf("%s of %s in target %s", s.Path, strict.SaidName(s.Connection.Name), s.Connection.Target)
}

// Pos is its place in its file.
func (s SecretAt) Pos() Position { return s.Connection.At(s.Path) }

// SecretsOf are the secrets of a set, in order, with ciphertexts wanted by some function.
func (s Set) SecretsOf(wanted func(secrets.Fingerprint) bool) []SecretAt {
	var out []SecretAt
	for i := range s.Connections {
		c := &s.Connections[i]
		some := false
		c.Fingerprints(func(f secrets.Fingerprint) { some = some || wanted(f) })
		if !some {
			continue
		}
		for _, setting := range Settings("config", c.Config) {
			if setting.Secret != nil && wanted(setting.Secret.Fingerprint) {
				out = append(out, SecretAt{*setting.Secret, c, setting.Path})
			}
		}
	}
	return out
}

// Fingerprints calls a function with the ciphertext of each secret of a connection.
func (c *Connection) Fingerprints(each func(secrets.Fingerprint)) { fingerprints(c.Config, each) }

func fingerprints(v any, each func(secrets.Fingerprint)) {
	switch v := v.(type) {
	case map[string]any:
		for _, child := range v {
			fingerprints(child, each)
		}
	case []any:
		for _, child := range v {
			fingerprints(child, each)
		}
	case secrets.Ref:
		each(v.Fingerprint)
	}
}

// copies finds ciphertexts with two paths: at most one of them opens.
func (s Set) copies() []Mistake {
	count := map[secrets.Fingerprint]int{}
	for i := range s.Connections {
		s.Connections[i].Fingerprints(func(f secrets.Fingerprint) { count[f]++ })
	}
	first := map[secrets.Fingerprint]SecretAt{}
	var out []Mistake
	for _, x := range s.SecretsOf(func(f secrets.Fingerprint) bool { return count[f] > 1 }) {
		other, again := first[x.Ref.Fingerprint]
		if !again {
			first[x.Ref.Fingerprint] = x
			continue
		}
		if other.Ref.Path.Bound() == x.Ref.Path.Bound() {
			continue
		}
		out = append(out, twins(copyOf(x, other), copyOf(other, x)))
	}
	return out
}

// copyOf says at one of two places that both have one ciphertext.
func copyOf(x, other SecretAt) Mistake {
	return Mistake{
		Pos:     x.Pos(),
		Message: fmt.Sprintf("%s has the ciphertext of %s (%s): a ciphertext opens in one place only", x.name(), other.name(), other.Pos()),
		Hints:   []string{"undo the copy: sops ties a secret to its target, connection and setting", "then set the secret with  sops edit " + ShellWord(x.Connection.File.Path)},
	}
}

// twins are one mistake about two places.
func twins(m, twin Mistake) Mistake {
	m.Twin = &twin
	return m
}

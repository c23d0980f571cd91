package manifest

import (
	"fmt"
	"slices"
	"strings"

	"connsync/secrets"
)

// Check finds what a sync could not open, or what sops would not have written, by what no single file shows: key types that the project
// does not allow, recipients that are not those of the .sops.yaml rule, and one ciphertext in two places. It needs no key.
func (s Set) Check(p Project, rules Rules) []Mistake {
	var out []Mistake
	for _, f := range s.Files {
		if f.Sops == nil {
			continue
		}
		out = append(out, f.checkKeyTypes(p)...)
		out = append(out, f.checkRecipients(rules)...)
	}
	return append(out, s.copies()...)
}

func (f File) checkKeyTypes(p Project) []Mistake {
	for _, kind := range f.Sops.KeyTypes {
		if slices.Contains(p.Secrets.Allow, kind) {
			return nil
		}
	}
	if len(f.Sops.KeyTypes) == 0 {
		return nil // told already
	}
	return []Mistake{{
		Pos:     f.Sops.Pos,
		Message: fmt.Sprintf("no sync can open the file: its keys are of type %s, and %s allows %s", strings.Join(f.Sops.KeyTypes, ", "), p.File, strings.Join(p.Secrets.Allow, ", ")),
		Hints:   []string{"name a key of a type that is allowed in its rule in " + RulesFile + ", and then:  sops updatekeys " + f.Path},
	}}
}

func (f File) checkRecipients(rules Rules) []Mistake {
	rule, told := rules.For(f.Path)
	if !told || rule != nil && len(rule.Recipients) == 0 {
		return nil
	}
	if rule == nil {
		return []Mistake{{Pos: f.Sops.Pos, Message: "no rule of " + RulesFile + " fits the file, so sops could not have made it", Hints: []string{"add a rule whose path_regex fits it"}}}
	}
	var differ []string
	hints := []string{"sops updatekeys " + f.Path}
	for _, r := range Missing(rule.Recipients, f.Sops.Recipients) {
		differ = append(differ, r.String()+" cannot open it")
	}
	for _, r := range Missing(f.Sops.Recipients, rule.Recipients) {
		differ = append(differ, r.String()+" can open it")
	}
	if len(Missing(f.Sops.Recipients, rule.Recipients)) > 0 {
		hints = append(hints, "whoever should not open it any more has seen its data key: then also  sops rotate --in-place "+f.Path+",  and rotate the secrets")
	}
	if len(differ) == 0 {
		return nil
	}
	return []Mistake{{
		Pos:     f.Sops.Pos,
		Message: "the recipients are not those of its rule in " + RulesFile + ": " + strings.Join(differ, ", "),
		Hints:   hints,
	}}
}

// SecretAt is one secret of a set and the setting that holds it.
type SecretAt struct {
	Ref        secrets.Ref
	Connection *Connection
	Path       secrets.Path // from the connection
}

// name tells a secret's place for people.
func (s SecretAt) name() string {
	return fmt.Sprintf("%s of %s in target %s", s.Path, s.Connection.Name, s.Connection.Target)
}

// Pos is its place in its file.
func (s SecretAt) Pos() Position { return s.Connection.At(s.Path) }

// SecretsOf are the secrets of a set, in order, whose ciphertexts some function wants.
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

// copies finds ciphertexts that stand under two paths: at most one of them opens.
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
		out = append(out, Mistake{
			Pos:     x.Pos(),
			Message: fmt.Sprintf("%s has the ciphertext of %s (%s): a ciphertext opens in one place only", x.name(), other.name(), other.Pos()),
			Hints:   []string{"set it anew with  sops set  or  sops edit " + x.Connection.File.Path},
		})
	}
	return out
}

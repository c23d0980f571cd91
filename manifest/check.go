package manifest

import (
	"fmt"
	"regexp"
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

// sealed is one secret of a set.
type sealed struct {
	Ref secrets.Ref
	C   *Connection
	At  secrets.Path // from the connection
}

// Name tells a secret's place for people.
func (s sealed) name() string {
	return fmt.Sprintf("%s of %s in target %s", s.At, s.C.Name, s.C.Target)
}

func (s sealed) pos() Position { return s.C.At(s.At) }

// listPosition is what SOPS leaves out of the path that it authenticates.
var listPosition = regexp.MustCompile(`\[[0-9]+\]`)

// bound is the path that a ciphertext is bound to: it opens nowhere else.
func bound(p secrets.Path) string { return listPosition.ReplaceAllString(string(p), "") }

// sealed are the secrets of a set, in order, whose ciphertexts some function wants.
func (s Set) sealed(wanted func(secrets.Fingerprint) bool) []sealed {
	var out []sealed
	for i := range s.Connections {
		c := &s.Connections[i]
		some := false
		fingerprints(c.Config, func(f secrets.Fingerprint) { some = some || wanted(f) })
		if !some {
			continue
		}
		for _, setting := range Settings("config", c.Config) {
			if setting.Secret != nil && wanted(setting.Secret.Fingerprint) {
				out = append(out, sealed{*setting.Secret, c, setting.Path})
			}
		}
	}
	return out
}

// fingerprints calls a function with the ciphertext of each secret of a config.
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
		fingerprints(s.Connections[i].Config, func(f secrets.Fingerprint) { count[f]++ })
	}
	first := map[secrets.Fingerprint]sealed{}
	var out []Mistake
	for _, x := range s.sealed(func(f secrets.Fingerprint) bool { return count[f] > 1 }) {
		other, again := first[x.Ref.Fingerprint]
		if !again {
			first[x.Ref.Fingerprint] = x
			continue
		}
		if bound(other.Ref.Path) == bound(x.Ref.Path) {
			continue
		}
		out = append(out, Mistake{
			Pos:     x.pos(),
			Message: fmt.Sprintf("%s has the ciphertext of %s (%s): a ciphertext opens in one place only", x.name(), other.name(), other.pos()),
			Hints:   []string{"set it anew with  sops set  or  sops edit " + x.C.File.Path},
		})
	}
	return out
}

// CheckSince finds what was done to files without sops since a base, told by what sops would have changed too: a MAC that is the old
// one over other values, and ciphertexts that stood elsewhere (the Moves since that base).
func (s Set) CheckSince(base Set, moves []Move) []Mistake {
	before := make(map[string]File, len(base.Files))
	for _, f := range base.Files {
		before[f.Path] = f
	}
	var out []Mistake
	for _, f := range s.Files {
		b, ok := before[f.Path]
		if !ok || f.Sops == nil || b.Sops == nil || f.Sops.MAC == "" || f.Sops.MAC != b.Sops.MAC {
			continue
		}
		if f.Sops.Covered != b.Sops.Covered || f.Sops.MACOnlyEncrypted != b.Sops.MACOnlyEncrypted || f.Sops.LastModified != b.Sops.LastModified {
			out = append(out, f.editedByHand())
		}
	}
	return append(out, moved(moves)...)
}

func (f File) editedByHand() Mistake {
	m := Mistake{Pos: f.Sops.Pos, Message: "edited without sops: values were changed, added or removed, and the MAC is still the old one, so the file does not open"}
	m.Hints = []string{"undo the edit, and make it with  sops edit " + f.Path}
	if !f.Sops.MACOnlyEncrypted {
		m.Hints = append(m.Hints, "with  mac_only_encrypted: true  in "+RulesFile+" values in the clear may be edited by hand")
	}
	return m
}

// Move is a secret whose ciphertext stood under another path, or in a file with another data key, at the base.
type Move struct {
	Target, Name string // of the connection that has it now
	At           secrets.Path
	From         secrets.Ref
	FromTarget   string
	FromName     string
	FromAt       secrets.Path
	Copied       bool // it still stands where it was
	pos          Position
}

// Edited are the connections whose files are not what they were at a base.
func (s Set) Edited(base Set) []Connection {
	before := make(map[string]string, len(base.Files))
	for _, f := range base.Files {
		before[f.Path] = f.Digest
	}
	var out []Connection
	for i := range s.Connections {
		if f := s.Connections[i].File; before[f.Path] != f.Digest {
			out = append(out, s.Connections[i])
		}
	}
	return out
}

// Moves are the ciphertexts that stand somewhere else than at a base.
func (s Set) Moves(base Set) []Move {
	edited := map[secrets.Fingerprint]bool{} // of files that are not as they were
	for _, c := range s.Edited(base) {
		fingerprints(c.Config, func(f secrets.Fingerprint) { edited[f] = true })
	}
	wanted := func(f secrets.Fingerprint) bool { return edited[f] }
	was := map[secrets.Fingerprint][]sealed{}
	for _, x := range base.sealed(wanted) {
		was[x.Ref.Fingerprint] = append(was[x.Ref.Fingerprint], x)
	}
	now := map[secrets.Fingerprint]map[string]bool{}
	head := s.sealed(wanted)
	for _, x := range head {
		if now[x.Ref.Fingerprint] == nil {
			now[x.Ref.Fingerprint] = map[string]bool{}
		}
		now[x.Ref.Fingerprint][bound(x.Ref.Path)] = true
	}
	var out []Move
	for _, x := range head {
		before := was[x.Ref.Fingerprint]
		if len(before) == 0 || slices.ContainsFunc(before, func(b sealed) bool { return bound(b.Ref.Path) == bound(x.Ref.Path) }) {
			continue
		}
		b := before[0]
		out = append(out, Move{
			Target: x.C.Target, Name: x.C.Name, At: x.At, From: b.Ref, FromTarget: b.C.Target, FromName: b.C.Name, FromAt: b.At,
			Copied: now[x.Ref.Fingerprint][bound(b.Ref.Path)], pos: x.pos(),
		})
	}
	return out
}

// moved are the moves that copies has not told already.
func moved(moves []Move) []Mistake {
	var out []Mistake
	for _, m := range moves {
		if m.Copied {
			continue
		}
		out = append(out, Mistake{
			Pos: m.pos,
			Message: fmt.Sprintf("%s of %s in target %s has the ciphertext that was %s of %s in target %s: a ciphertext opens in one place only",
				m.At, m.Name, m.Target, m.FromAt, m.FromName, m.FromTarget),
			Hints: []string{"set it anew with  sops set  or  sops edit " + m.pos.File},
		})
	}
	return out
}

package manifest

import (
	"fmt"
	"slices"
	"strings"

	"connsync/manifest/sopsrules"
	"connsync/manifest/strict"
)

// Check finds what a sync could not open, or what sops would not have written, by what no single file shows: key types the project
// does not allow, files that are not as their rule in .sops.yaml wants them, and one ciphertext in two places. It needs no key.
func (s Set) Check(p Project) []Mistake {
	out := slices.Clone(s.unruly)
	clear := s.inClear()
	for _, f := range s.Files {
		rule, told := s.Rules.For(f.Path)
		c := ruleCheck{f, rule, p.Secrets.RuleWarn}
		if f.Sops != nil {
			out = append(out, f.checkKeyTypes(p)...)
			out = append(out, c.recipients(told, s.Rules.ForWindows(f.Path))...)
		}
		if rule == nil {
			continue
		}
		found := c.values(clear[f.Path])
		if f.Sops != nil && len(found) == 0 {
			found = c.differences()
		}
		out = append(out, found...)
	}
	return append(append(out, s.copies()...), s.unsealed(p)...)
}

// inClear are the connections with settings in the clear against the rule, by file.
func (s Set) inClear() map[string][]*Connection {
	out := map[string][]*Connection{}
	for i := range s.Connections {
		if c := &s.Connections[i]; len(c.InClear) > 0 {
			out[c.File.Path] = append(out[c.File.Path], c)
		}
	}
	return out
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
		Hints:   []string{"name a key of a type that is allowed in its rule in " + RulesFile + ", and then:  sops updatekeys " + ShellWord(f.Path)},
	}}
}

// ruleCheck compares a file with its rule.
type ruleCheck struct {
	f        File
	rule     *Rule // nil where none fits
	tolerant bool  // secrets.rule: warn
}

// where names the .sops.yaml of the rule. sops itself may take another one.
func (c ruleCheck) where() string {
	if c.rule.From == RulesFile {
		return RulesFile
	}
	return strict.SaidName(c.rule.From) + " (the nearest to the file)"
}

// recipients finds who can open the file and should not, or the other way round.
func (c ruleCheck) recipients(told, forWindows bool) []Mistake {
	if !told || c.rule != nil && len(c.rule.Recipients) == 0 {
		return nil
	}
	if c.rule == nil {
		m := Mistake{Pos: c.f.Sops.Pos, Message: "no rule of " + RulesFile + " fits the file, so sops could not have made it", Hints: []string{"add a rule whose path_regex fits it"}}
		if forWindows {
			m.Hints = []string{"a path_regex fits it on Windows only: write  [/\\\\]  between the parts of a path"}
		}
		return []Mistake{m}
	}
	missing, more := Missing(c.rule.Recipients, c.f.Sops.Recipients), Missing(c.f.Sops.Recipients, c.rule.Recipients)
	if len(missing)+len(more) == 0 {
		return nil
	}
	var differ []string
	if len(missing) > 0 {
		differ = append(differ, "not encrypted for "+named(missing)+", which "+c.where()+" lists")
	}
	if len(more) > 0 {
		differ = append(differ, "encrypted for "+named(more)+", which "+c.where()+" does not list")
	}
	hints := []string{c.rule.Command("updatekeys " + ShellWord(c.f.Path))}
	if len(more) > 0 {
		hints = append(hints, "who should not open it any more has seen its data key: then also  sops rotate --in-place "+ShellWord(c.f.Path)+"  and rotate the secrets")
	}
	return []Mistake{{
		Pos:     c.f.Sops.Pos,
		Message: strings.Join(differ, "; "),
		Hints:   hints,
	}}
}

func named(rs []Recipient) string {
	var out []string
	for _, r := range rs {
		out = append(out, r.String())
	}
	return strings.Join(out, ", ")
}

// maxInClear is how many values of one file are told one by one.
const maxInClear = 20

// values are the settings in the clear although the rule encrypts them.
func (c ruleCheck) values(of []*Connection) []Mistake {
	var out []Mistake
	more := 0
	for _, conn := range of {
		for _, at := range conn.InClear {
			if len(out) == maxInClear {
				more++
				continue
			}
			m := c.mistake(conn.At(at), fmt.Sprintf("%s of %s is in the clear, and its rule in %s encrypts it (%s)", at, strict.SaidName(conn.Name), c.where(), c.selector()))
			m.Hints = c.encryptHints()
			out = append(out, m)
		}
	}
	if more > 0 {
		m := c.mistake(Position{File: c.f.Path}, fmt.Sprintf("%d more settings are in the clear, and its rule encrypts them", more))
		out = append(out, m)
	}
	return out
}

func (c ruleCheck) mistake(at Position, message string) Mistake {
	return Mistake{Pos: at, Message: message, Rule: true, Warning: c.tolerant}
}

// selector is the rule's, in words.
func (c ruleCheck) selector() string {
	if c.rule.Selects.None() {
		return "it has no selector: everything under config"
	}
	return sopsrules.Said(c.rule.Selector)
}

// resealHints bring the file to its rule. What the rule leaves in the clear and the file encrypts is decrypted only at a user's order, and
// never where it looks like a secret: then the rule has to grow.
func (c ruleCheck) resealHints() []string {
	command := "connsync reseal " + ShellWord(c.f.Path)
	if c.f.Sops == nil || len(c.f.Sops.Beyond) == 0 {
		return []string{command}
	}
	keep, flags := "let the rule encrypt what the file encrypts ("+sopsrules.Said(c.f.Sops.Selector)+")", ""
	for _, at := range c.f.Sops.Beyond {
		at = at.After(3)
		if flag := " --reveal " + ShellWord(string(at)); !strings.Contains(flags+" ", flag+" ") {
			flags += flag
		}
		if len(flags) > maxFlags || (Setting{Path: at, Value: "x"}).Suspicious() {
			return []string{keep + ", and then:  " + command}
		}
	}
	return []string{keep, "or have decrypted what is no secret:  " + command + flags}
}

// maxFlags is how long the flags of a printed command may be.
const maxFlags = 500

func (c ruleCheck) encryptHints() []string {
	hints := append(c.resealHints(), "rotate it if it is a secret that was pushed")
	if c.rule.Selects.Kind == "unencrypted_regex" {
		return append(hints, "if it is no secret, and no other value of that key is one, add the key to unencrypted_regex in "+c.where())
	}
	if c.rule.Selects.None() {
		return append(hints, "to leave settings in the clear, give the rule a selector:  encrypted_regex: ^(password|token|secret)$")
	}
	return hints
}

// differences are what of a file is not as its rule has it, and hurts no value yet.
func (c ruleCheck) differences() []Mistake {
	var out []Mistake
	differs := func(format string, args ...any) {
		m := Mistake{Pos: c.f.Sops.Pos, Message: fmt.Sprintf(format, args...), Hints: c.resealHints(), Rule: true, Warning: true}
		out = append(out, m)
	}
	own, rule := c.f.Sops, c.rule
	if !rule.Selects.None() && rule.Selects.Fault == sopsrules.NoFault && own.Selector != rule.Selector && own.Selector != rule.Selects.WithSeals() {
		differs("what is encrypted is not what its rule in %s says: %s", c.where(), sopsrules.SaidApart(own.Selector, rule.Selector))
	}
	if own.MACOnlyEncrypted != rule.MACOnly {
		differs("mac_only_encrypted is %t in the file, and %t in its rule in %s", own.MACOnlyEncrypted, rule.MACOnly, c.where())
	}
	if threshold := min(rule.Threshold, rule.Groups); own.Groups != rule.Groups || rule.Groups > 1 && threshold != 0 && threshold != own.Threshold {
		differs("%d of %d groups of keys open the file, and its rule in %s wants %d of %d", own.Threshold, own.Groups, c.where(), threshold, rule.Groups)
	}
	return out
}

// Settled tells of a mistake between a file and its rule whether neither is new: both are as they were in another set.
func (s Set) Settled(m Mistake, before Set) bool {
	if !m.Rule {
		return false
	}
	for _, old := range before.unruly {
		if old.Pos.File == m.Pos.File && old.Message == m.Message {
			return true
		}
	}
	digest := func(s Set) string {
		i := slices.IndexFunc(s.Files, func(f File) bool { return f.Path == m.Pos.File })
		if i < 0 {
			return ""
		}
		return s.Files[i].Digest
	}
	now, _ := s.Rules.For(m.Pos.File)
	was, _ := before.Rules.For(m.Pos.File)
	return now != nil && was != nil && digest(s) != "" && digest(s) == digest(before) && now.Same(*was)
}

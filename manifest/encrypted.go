package manifest

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"connsync/manifest/strict"

	"connsync/manifest/sopsrules"
	"connsync/secrets"
)

// selector reads what a sops block says of the encrypted values. Where it is not what it looks like, it is a mistake.
func (d *document) selector(sops *strict.Node) sopsrules.Selector {
	var s sopsrules.Selector
	for _, e := range strict.Entries(sops) {
		kind := e.Key.Value
		if !slices.Contains(sopsrules.Kinds, kind) || e.Value.Value == "" && e.Value.Kind == strict.Scalar {
			continue
		}
		again := []string{"correct it in " + RulesFile + ", then  sops decrypt --in-place " + ShellWord(d.File) + "  and  sops encrypt --in-place " + ShellWord(d.File)}
		switch next := sopsrules.NewSelector(kind, e.Value.Value); {
		case e.Value.Kind != strict.Scalar || e.Value.Tag != "!!str":
			d.Wrong(e.Key, "%s in the sops block must be text", kind).Hint("restore the file as sops wrote it")
		case !s.None():
			d.Wrong(e.Key, "the sops block has %s and %s: sops does not open it", s.Kind, kind).Hint("restore the file as sops wrote it")
		case next.Fault == sopsrules.NoRegexp:
			d.Wrong(e.Key, "%s of the sops block is no regular expression: sops says nothing, and lets it match nothing", kind).Hint(again...)
			s = next
		default:
			s = next
		}
	}
	return s
}

// isSealed tells whether a leaf is meant to be a ciphertext.
func isSealed(l sopsrules.Leaf) bool { return l.Node.Tag == "!!str" && isEncrypted(l.Node.Value) }

// unread tells what SOPS takes for nothing, or for a comment.
func unread(l sopsrules.Leaf) bool { return l.Empty() || secrets.IsCiphertext(l.Node.Value, "comment") }

// covered is a digest of what the MAC of a file is made of: the values in order, each ciphertext standing for its plaintext. SOPS
// takes neither keys nor separators into it.
func covered(leaves []sopsrules.Leaf, encrypts func(sopsrules.Leaf) bool, encryptedOnly bool) string {
	var b strings.Builder
	for _, l := range leaves {
		switch {
		case unread(l):
		case isSealed(l):
			b.WriteString("\x00" + l.Node.Value + "\x00")
		case !encryptedOnly || encrypts(l):
			b.WriteString(macText(l.Node))
		}
	}
	return secrets.Digest(b.String())
}

// macText is a value in the clear as SOPS takes it into the MAC.
func macText(n *strict.Node) string {
	var v any
	if n.Tag == "!!str" || n.Decode(&v) != nil {
		return n.Value
	}
	switch v := v.(type) {
	case bool:
		return map[bool]string{true: "True", false: "False"}[v]
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	case int, int64, uint64:
		return fmt.Sprint(v)
	}
	return n.Value
}

// isSetting tells whether a leaf stands in the config of a connection.
func isSetting(l sopsrules.Leaf) bool {
	return len(l.Keys) > 3 && l.Keys[0] == "connections" && l.Keys[3] == "config"
}

// misplaced tells whether a leaf stands in a field that no connection has, which is a mistake of its own: its file opens once the field has its name.
func misplaced(l sopsrules.Leaf) bool {
	return len(l.Keys) > 3 && l.Keys[0] == "connections" && !slices.Contains(ConnectionFields, l.Keys[3])
}

// screenEncrypted finds what SOPS would not open: values in the clear where it expects ciphertexts, and ciphertexts where it looks for
// none. Of what stands outside of configs only the first is told: there the rule is at fault, not the value.
func (d *document) screenEncrypted(s sopsrules.Selector, encrypts func(sopsrules.Leaf) bool) {
	told := false
	for _, l := range d.leaves {
		if isSealOf(l) && !isSealed(l) { // told where it is read
			d.exposed[l.Node] = encrypts(l)
			continue
		}
		if unread(l) {
			continue
		}
		switch inside, setting := encrypts(l), isSetting(l); {
		case inside && !isSealed(l) && setting:
			d.exposed[l.Node] = true
			d.Wrong(l.Node, "%s is in the clear, and the file's own rule (%s) says that it is encrypted: sops cannot open the file", l.Path, sopsrules.Said(s.String())).Hint(
				"take it out again, and set it with  sops edit "+ShellWord(d.File),
				"if it is a secret that was pushed in the clear, rotate it",
			)
		case isSealOf(l) && !inside:
			d.Wrong(l.Node, "%s is encrypted, and the file's own rule (%s) does not cover it: nothing would decrypt it", l.Path, sopsrules.Said(s.String())).Hint("restore the file as it was when it was sealed")
		case inside && !isSealed(l) && !told && !misplaced(l):
			told = true
			d.Wrong(l.Node, "%s is in the clear, and the file's own rule (%s) says that it is encrypted: sops cannot open the file", l.Path, sopsrules.Said(s.String())).Hint("encrypt the file again with a rule for values under config only, as in  encrypted_regex: ^(password|token|secret)$")
		case !inside && isSealed(l) && setting:
			d.Wrong(l.Node, "%s is encrypted, and the file's own rule (%s) does not cover it: nothing would decrypt it", l.Path, sopsrules.Said(s.String())).Hint("encrypt the file again with a rule that covers it, or give the key its name back")
		}
	}
}

// ruled notes the settings in the clear that the file's rule in .sops.yaml encrypts, whatever the file itself says, and the encrypted ones it
// leaves. Nothing is said of a
// rule whose selector is no regular expression, or is too large: the rule has a mistake of its own for it.
func (d *document) ruled(s *Sops, rule *Rule) {
	if rule == nil || rule.Selects.Fault != sopsrules.NoFault {
		return
	}
	d.selects = rule.Selects
	judge := rule.Selects.Judge()
	if !rule.Selects.None() && (s == nil || s.Selector != rule.Selector) { // of a rule without a selector connsync encrypts the config
		d.screenNames(rule.Selects, judge)
	}
	for _, l := range d.leaves {
		if !isSetting(l) || unread(l) || d.exposed[l.Node] {
			continue
		}
		switch encrypts := judge.Encrypts(l); {
		case encrypts && !isSealed(l):
			d.inClear[l.Node] = true
		case !encrypts && isSealed(l) && s != nil:
			s.Beyond = append(s.Beyond, l.Path)
		}
	}
	if judge.Exhausted() {
		d.Wrong(d.Root, "the file is too large for the selector of its rule in %s", strict.SaidName(rule.From)).Hint("write a shorter selector, or several files")
	}
}

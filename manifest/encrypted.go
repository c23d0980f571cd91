package manifest

import (
	"fmt"
	"strconv"
	"strings"

	"gopkg.in/yaml.v3"

	"connsync/manifest/sopsrules"
	"connsync/secrets"
)

// selector reads what a sops block says of the values that are encrypted. Where that is not what it looks like, it is a mistake.
func (d *document) selector(sops *yaml.Node) sopsrules.Selector {
	var s sopsrules.Selector
	for _, e := range entries(sops) {
		kind := e.key.Value
		if !oneOf(kind, sopsrules.Kinds) || e.value.Value == "" && e.value.Kind == yaml.ScalarNode {
			continue
		}
		again := []string{"correct it in " + RulesFile + ", then  sops decrypt --in-place " + d.file + "  and  sops encrypt --in-place " + d.file}
		switch next := sopsrules.NewSelector(kind, e.value.Value); {
		case e.value.Kind != yaml.ScalarNode || e.value.Tag != "!!str":
			d.wrong(e.key, false, []string{"restore the file as sops wrote it"}, "%s in the sops block must be text", kind)
		case !s.None():
			d.wrong(e.key, false, []string{"restore the file as sops wrote it"}, "the sops block has %s and %s: sops does not open it", s.Kind, kind)
		case next.Fault == sopsrules.NoRegexp:
			d.wrong(e.key, false, again, "%s of the sops block is no regular expression: sops says nothing, and lets it match nothing", kind)
			s = next
		default:
			s = next
		}
	}
	return s
}

func oneOf(text string, list []string) bool {
	for _, t := range list {
		if t == text {
			return true
		}
	}
	return false
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
func macText(n *yaml.Node) string {
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

// screenEncrypted finds what SOPS would not open: values in the clear where it expects ciphertexts, and ciphertexts where it looks for
// none. Of what stands outside of configs only the first is told: there the rule is at fault, not the value.
func (d *document) screenEncrypted(leaves []sopsrules.Leaf, s sopsrules.Selector, encrypts func(sopsrules.Leaf) bool) {
	told := false
	for _, l := range leaves {
		if unread(l) {
			continue
		}
		switch inside, setting := encrypts(l), isSetting(l); {
		case inside && !isSealed(l) && setting:
			d.exposed[l.Node] = true
			d.wrong(l.Node, false, []string{
				"take it out again, and set it with  sops edit " + d.file + "  or  sops set",
				"if it is a secret that was pushed in the clear, rotate it",
			}, "%s is in the clear, and the file's own rule (%s) says that it is encrypted: sops cannot open the file", l.Path, ownRule(s))
		case inside && !isSealed(l) && !told:
			told = true
			d.wrong(l.Node, false, []string{"encrypt the file again with a rule for values under config only, as in  encrypted_regex: ^(password|token|secret)$"},
				"%s is in the clear, and the file's own rule (%s) says that it is encrypted: sops cannot open the file", l.Path, ownRule(s))
		case !inside && isSealed(l) && setting:
			d.wrong(l.Node, false, []string{"encrypt the file again with a rule that covers it, or give the key its name back"},
				"%s is encrypted, and the file's own rule (%s) does not cover it: nothing would decrypt it", l.Path, ownRule(s))
		}
	}
}

// ownRule is a file's selector in words.
func ownRule(s sopsrules.Selector) string {
	if s.None() {
		return "unencrypted_suffix: _unencrypted"
	}
	return s.String()
}

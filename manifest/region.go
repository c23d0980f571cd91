package manifest

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"gopkg.in/yaml.v3"

	"connsync/secrets"
)

// region tells which values of a file SOPS encrypts, from the file's own metadata, as SOPS decides it: every key above a value
// counts, and the patterns are not anchored.
type region struct {
	known    bool // false where it depends on comments, or the pattern cannot be read
	selector string
	inside   func(key string) bool // whether one key decides
	inverted bool                  // the key decides that the value stays in the clear
}

// regionOf reads the selector of a sops block. SOPS itself refuses more than one; without one, keys that end in
// _unencrypted stay in the clear.
func regionOf(sops *yaml.Node) region {
	value := func(key string) string {
		if n := child(sops, key); n != nil {
			return n.Value
		}
		return ""
	}
	for _, key := range []string{"encrypted_comment_regex", "unencrypted_comment_regex"} {
		if v := value(key); v != "" {
			return region{selector: key + ": " + v}
		}
	}
	for _, s := range []struct {
		key             string
		regex, inverted bool
	}{{"encrypted_regex", true, false}, {"encrypted_suffix", false, false}, {"unencrypted_regex", true, true}, {"unencrypted_suffix", false, true}} {
		if v := value(s.key); v != "" {
			return selecting(s.key, v, s.regex, s.inverted)
		}
	}
	return selecting("unencrypted_suffix", "_unencrypted", false, true)
}

func selecting(key, text string, isRegex, inverted bool) region {
	r := region{known: true, selector: key + ": " + text, inverted: inverted}
	if !isRegex {
		r.inside = func(k string) bool { return strings.HasSuffix(k, text) }
		return r
	}
	pattern, err := regexp.Compile(text)
	if err != nil {
		return region{selector: r.selector}
	}
	r.inside = pattern.MatchString
	return r
}

// encrypts tells whether SOPS encrypts the value under these keys.
func (r region) encrypts(keys []string) bool {
	for _, k := range keys {
		if r.inside(k) {
			return !r.inverted
		}
	}
	return r.inverted
}

// leaf is one scalar of a file, with the keys above it.
type leaf struct {
	node *yaml.Node
	keys []string // list positions are not among them, as in SOPS's additional data
	path secrets.Path
}

// leavesOf are the scalars of a manifest in order, but for its sops block.
func leavesOf(root *yaml.Node) []leaf {
	var out []leaf
	var walk func(n *yaml.Node, keys []string, at secrets.Path)
	walk = func(n *yaml.Node, keys []string, at secrets.Path) {
		switch n.Kind {
		case yaml.MappingNode:
			for _, e := range entries(n) {
				if at == "" && e.key.Value == "sops" {
					continue
				}
				walk(e.value, append(keys[:len(keys):len(keys)], e.key.Value), at.Key(e.key.Value))
			}
		case yaml.SequenceNode:
			for i, item := range n.Content {
				walk(item, keys, at.Index(i))
			}
		default:
			out = append(out, leaf{n, keys, at})
		}
	}
	walk(root, nil, "")
	return out
}

// empty tells what SOPS never encrypts and never authenticates.
func (l leaf) empty() bool { return l.node.Value == "" || l.node.Tag == "!!null" }

// covered is a digest of what the MAC of a file is made of: the values in order, each ciphertext standing for its plaintext. SOPS
// takes neither keys nor separators into it.
func covered(leaves []leaf, r region, encryptedOnly bool) string {
	var b strings.Builder
	for _, l := range leaves {
		switch {
		case l.empty(), secrets.IsCiphertext(l.node.Value, "comment"):
		case l.node.Tag == "!!str" && isEncrypted(l.node.Value):
			b.WriteString("\x00" + l.node.Value + "\x00")
		case !encryptedOnly || r.encrypts(l.keys):
			b.WriteString(macText(l.node))
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
	case json.Number, int, int64, uint64:
		return fmt.Sprint(v)
	}
	return n.Value
}

// screenRegion finds what SOPS would not open: values in the clear where it expects ciphertexts, and ciphertexts where it looks for
// none. Of what stands outside of configs only the first is told: there the rule is at fault, not the value.
func (d *document) screenRegion(leaves []leaf, r region) {
	if !r.known {
		return
	}
	ruleTold := false
	for _, l := range leaves {
		if l.empty() || secrets.IsCiphertext(l.node.Value, "comment") {
			continue
		}
		encrypted := l.node.Tag == "!!str" && isEncrypted(l.node.Value)
		setting := len(l.keys) > 3 && l.keys[0] == "connections" && l.keys[3] == "config"
		switch inside := r.encrypts(l.keys); {
		case inside && !encrypted && setting:
			d.exposed[l.node] = true
			d.wrong(l.node, false, []string{
				"take it out again, and set it with  sops edit " + d.file + "  or  sops set",
				"if it is a secret that was pushed in the clear, rotate it",
			}, "%s is in the clear, and the file's own rule (%s) says that it is encrypted: sops cannot open the file", l.path, r.selector)
		case inside && !encrypted && !ruleTold:
			ruleTold = true
			d.wrong(l.node, false, []string{"encrypt the file again with a rule for values under config only, as in  encrypted_regex: ^(password|token|secret)$"},
				"%s is in the clear, and the file's own rule (%s) says that it is encrypted: sops cannot open the file", l.path, r.selector)
		case !inside && encrypted && setting:
			d.wrong(l.node, false, []string{"encrypt the file again with a rule that covers it, or give the key its name back"},
				"%s is encrypted, and the file's own rule (%s) does not cover it: nothing would decrypt it", l.path, r.selector)
		}
	}
}

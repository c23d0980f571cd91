package manifest

import (
	"encoding/json"
	"math"
	"math/big"
	"strconv"
	"strings"

	"gopkg.in/yaml.v3"

	"connsync/secrets"
)

// isEncrypted tells whether a text is meant to be a SOPS ciphertext, well-formed or not.
func isEncrypted(s string) bool { return strings.HasPrefix(s, "ENC[") }

// configReader turns the config of one connection into Go values.
type configReader struct {
	d         *document
	c         *Connection
	encrypted bool                        // the file has a sops block
	clear     map[secrets.Path]*yaml.Node // reviewed exceptions that are still unused
}

// value reads a node: at is its path from the connection, root its path from the document.
func (r *configReader) value(n *yaml.Node, at, root secrets.Path, key string) any {
	r.c.fields[at] = r.d.at(n)
	switch n.Kind {
	case yaml.MappingNode:
		m := make(map[string]any, len(n.Content)/2)
		for _, e := range entries(n) {
			k := e.key.Value
			r.comments(e.key)
			r.comments(e.value)
			m[k] = r.value(e.value, at.Key(k), root.Key(k), k)
		}
		return m
	case yaml.SequenceNode:
		list := make([]any, 0, len(n.Content))
		for _, item := range n.Content {
			if item.Kind == yaml.ScalarNode && secrets.IsCiphertext(item.Value, "comment") {
				continue // what SOPS makes of a comment in an encrypted list
			}
			i := len(list)
			list = append(list, r.value(item, at.Index(i), root.Index(i), key))
		}
		return list
	}
	if n.Tag == "!!str" && isEncrypted(n.Value) {
		return r.secret(n, root)
	}
	v := r.scalar(n)
	if r.d.exposed[n] || r.suspect(n, at, key, v) {
		return withhold(v)
	}
	return v
}

func (r *configReader) secret(n *yaml.Node, root secrets.Path) any {
	switch {
	case secrets.IsCiphertext(n.Value, "bytes", "time"):
		r.d.wrong(n, false, []string{"set it anew as a quoted text, with  sops edit " + r.d.file}, "an encrypted value that is no text, number or boolean: sops read it as a date or as bytes")
	case !secrets.IsCiphertext(n.Value, "str", "int", "float", "bool"):
		r.d.wrong(n, false, []string{"encrypt the value again with sops: this ciphertext is cut short, changed, or of a type that is not supported"}, "not a valid encrypted value")
	case !r.encrypted:
		r.d.wrong(n, false, []string{"restore the file as sops wrote it"}, "an encrypted value in a file without a sops block")
	}
	return secrets.Ref{File: r.d.file, Path: root, Fingerprint: secrets.FingerprintOf(n.Value)}
}

// scalar reads a value in the clear. What YAML and SOPS would read differently, or SOPS would rewrite
// when it encrypts, has to be quoted.
func (r *configReader) scalar(n *yaml.Node) any {
	plain := n.Style&(yaml.SingleQuotedStyle|yaml.DoubleQuotedStyle|yaml.LiteralStyle|yaml.FoldedStyle) == 0
	switch {
	case n.Tag == "!!null":
		r.d.wrong(n, false, []string{`write "" for an empty text, or leave the setting out`}, "a setting without a value")
	case n.Tag == "!!bool":
		return strings.EqualFold(n.Value, "true")
	case n.Tag == "!!int" || n.Tag == "!!float":
		if !jsonNumber(n.Value) {
			r.d.wrong(n, false, []string{"quote it if it is text, or write it as a plain decimal number"}, "a number that JSON, YAML or sops would write differently")
		}
		return whole(n.Value)
	case n.Tag == "!!timestamp":
		r.d.wrong(n, false, []string{"quote it: sops rewrites a plain date"}, "a plain date")
	case plain && ambiguous[strings.ToLower(n.Value)]:
		r.d.wrong(n, false, []string{"quote it, or write true or false"}, "text here, and a boolean for other readers of YAML")
	}
	return n.Value
}

// ambiguous are booleans of YAML 1.1.
var ambiguous = map[string]bool{"y": true, "n": true, "yes": true, "no": true, "on": true, "off": true}

// jsonNumber tells whether a text is a number of JSON that comes out of SOPS as it went in: one that no reader rounds,
// and that is written in one of the two ways in which floating-point numbers are written (SOPS makes 1.1 of 1.10,
// which may have been a version).
func jsonNumber(s string) bool {
	if !json.Valid([]byte(s)) || s == "-0" {
		return false
	}
	if !strings.ContainsAny(s, ".eE") {
		i, ok := new(big.Int).SetString(s, 10)
		return ok && i.IsInt64()
	}
	f, err := json.Number(s).Float64()
	if err != nil {
		return false
	}
	short, err := json.Marshal(f)
	return err == nil && (s == string(short) || s == strconv.FormatFloat(f, 'g', -1, 64))
}

// whole is a number as it is sent: `sops set` writes 1048576 as 1.048576e+06, and a plugin may take only whole numbers for such a setting.
func whole(s string) json.Number {
	if f, err := strconv.ParseFloat(s, 64); err == nil && strings.ContainsAny(s, "eE") && math.Trunc(f) == f && math.Abs(f) < 1<<53 {
		return json.Number(strconv.FormatFloat(f, 'f', -1, 64))
	}
	return json.Number(s)
}

// suspect notes a setting in the clear that looks like a secret, unless the manifest excuses it.
func (r *configReader) suspect(n *yaml.Node, at secrets.Path, key string, v any) bool {
	why := looksSecret(key, v)
	if why == "" {
		return false
	}
	if _, excused := r.clear[at]; excused {
		delete(r.clear, at)
		return false
	}
	r.d.wrong(n, false, []string{
		"encrypt it: add its key to encrypted_regex in .sops.yaml, then  sops encrypt --in-place " + r.d.file,
		"if it was pushed in the clear, rotate it",
		"if it is no secret, say so and why:  cleartext: [{setting: " + string(at) + ", reason: …}]",
	}, "%s looks like a secret in the clear (%s)", at, why)
	return true
}

// comments notes a secret that was left in a comment, which SOPS does not encrypt.
func (r *configReader) comments(n *yaml.Node) {
	for _, c := range [...]string{n.HeadComment, n.LineComment, n.FootComment} {
		if c != "" && secretComment(c) {
			r.d.wrong(n, false, []string{"remove it, and rotate the secret if it was pushed"}, "a comment here looks like a secret in the clear")
			return
		}
	}
}

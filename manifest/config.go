package manifest

import (
	"encoding/json"
	"math"
	"math/big"
	"strconv"
	"strings"

	"connsync/manifest/sopsrules"
	"connsync/manifest/strict"
	"connsync/manifest/suspect"
	"connsync/secrets"
)

// configReader turns the config of one connection into Go values.
type configReader struct {
	d         *document
	c         *Connection
	encrypted bool                          // the file has a sops block
	holes     bool                          // incomplete: true
	clear     map[secrets.Path]*strict.Node // reviewed exceptions still unused
}

// value reads a node: at is its path from the connection, root its path from the document, and keys are those above it in the config.
func (r *configReader) value(n *strict.Node, at, root secrets.Path, keys []string) any {
	r.c.fields[at] = r.d.At(n)
	switch n.Kind {
	case strict.Mapping:
		return r.mapping(n, at, root, keys)
	case strict.Sequence:
		return r.list(n, at, root, keys)
	}
	if n.Tag == "!!str" && isEncrypted(n.Value) {
		return r.secret(n, at, root, keys)
	}
	v := r.scalar(n)
	looks := r.suspect(n, at, keys, v)
	switch {
	case r.d.exposed[n] || looks.Verdict == suspect.Secret:
		return withhold(v)
	case r.d.inClear[n]:
		return r.inClear(at, v)
	case looks.Hide():
		return unshown(v)
	}
	return v
}

func (r *configReader) mapping(n *strict.Node, at, root secrets.Path, keys []string) map[string]any {
	m := make(map[string]any, len(n.Content)/2)
	for _, e := range strict.Entries(n) {
		k := e.Key.Value
		r.comments(e.Key)
		r.comments(e.Value)
		if r.holes && isNull(e.Value) {
			r.hole(e.Value, at.Key(k))
			continue
		}
		m[k] = r.value(e.Value, at.Key(k), root.Key(k), append(keys[:len(keys):len(keys)], k))
	}
	return m
}

func (r *configReader) list(n *strict.Node, at, root secrets.Path, keys []string) []any {
	list := make([]any, 0, len(n.Content))
	for _, item := range n.Content {
		if item.Kind == strict.Scalar && secrets.IsCiphertext(item.Value, "comment") {
			continue // what SOPS makes of a comment in an encrypted list
		}
		i := len(list)
		list = append(list, r.value(item, at.Index(i), root.Index(i), keys))
	}
	return list
}

func isNull(n *strict.Node) bool { return n.Kind == strict.Scalar && n.Tag == "!!null" }

// hole is a setting without a value in a connection marked so: what SecMaster did not show when it was imported, or what is not known yet.
func (r *configReader) hole(n *strict.Node, at secrets.Path) {
	r.c.fields[at] = r.d.At(n)
	r.c.Missing = append(r.c.Missing, at)
	hints := []string{"connsync set " + ShellWord(PlaceOf(r.c.Target, r.c.Name)+"."+string(at)), `or write "" for an empty text, or leave the setting out`}
	if at == "config" {
		hints = []string{"write the settings under it; {} is a config without settings"}
	}
	r.d.Wrong(n, "%s has no value yet: the connection is not written before it has one", at).Hint(hints...).Warn()
}

// inClear is a value in the clear although the file's rule encrypts it.
func (r *configReader) inClear(at secrets.Path, v any) any {
	r.c.InClear = append(r.c.InClear, at)
	if r.c.Tolerated {
		return unshown(v)
	}
	return withhold(v)
}

func (r *configReader) secret(n *strict.Node, at, root secrets.Path, keys []string) any {
	text, valid := secrets.ReadCiphertext(n.Value, "str", "int", "float", "bool")
	switch {
	case secrets.IsCiphertext(n.Value, "bytes", "time"):
		r.d.Wrong(n, "an encrypted value that is no text, number or boolean: sops read it as a date or as bytes").Hint("set it anew as a quoted text, with  sops edit " + ShellWord(r.d.File))
	case !valid:
		r.d.Wrong(n, "not a valid encrypted value").Hint("encrypt the value again with sops: this ciphertext is cut short, changed, or of a type that is not supported")
	case !r.encrypted:
		r.d.Wrong(n, "an encrypted value in a file without a sops block").Hint("restore the file as sops wrote it")
	case retyped[text.Kind] != "" && suspect.Named(keys):
		r.d.Wrong(n, "%s was encrypted as %s: if it was meant as text, sops may have changed it", at, retyped[text.Kind]).
			Hint("set it anew as a text in quotes, with  sops edit " + ShellWord(r.d.File)).Warn()
	}
	return secrets.Ref{File: r.d.File, Path: root, Fingerprint: secrets.FingerprintOf(n.Value), Ciphertext: text}
}

// retyped is what sops took a value for, by the types other than text.
var retyped = map[string]string{"int": "a whole number", "float": "a decimal number", "bool": "a boolean"}

// scalar reads a value in the clear. What YAML and SOPS would read differently, or SOPS would rewrite
// when it encrypts, has to be quoted.
func (r *configReader) scalar(n *strict.Node) any {
	plain := n.Style&strict.Quoted == 0
	switch {
	case n.Tag == "!!null":
		r.d.Wrong(n, "a setting without a value").Hint(`write "" for an empty text, or leave the setting out`)
	case n.Tag == "!!bool":
		return strings.EqualFold(n.Value, "true")
	case n.Tag == "!!int" || n.Tag == "!!float":
		if !jsonNumber(n.Value) {
			r.d.Wrong(n, "a number that JSON, YAML or sops would write differently").Hint("quote it if it is text, or write it as a plain decimal number")
		}
		return whole(n.Value)
	case n.Tag == "!!timestamp":
		r.d.Wrong(n, "a plain date").Hint("quote it: sops rewrites a plain date")
	case plain && ambiguous[strings.ToLower(n.Value)]:
		r.d.Wrong(n, "text here, and a boolean for other readers of YAML").Hint("quote it, or write true or false")
	}
	return n.Value
}

// ambiguous are booleans of YAML 1.1.
var ambiguous = map[string]bool{"y": true, "n": true, "yes": true, "no": true, "on": true, "off": true}

// jsonNumber tells whether a text is a number of JSON and comes out of SOPS as it went in. No reader rounds it,
// and it has one of the two notations of floating-point numbers (SOPS makes 1.1 of 1.10:
// it may have been a version).
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
func (r *configReader) suspect(n *strict.Node, at secrets.Path, keys []string, v any) suspect.Finding {
	f := suspect.Setting(keys, v)
	if _, excused := r.clear[at]; excused && f.Verdict != suspect.Innocent {
		delete(r.clear, at)
		return suspect.Finding{}
	}
	no := "if it is no secret, say so and why:  cleartext: [{setting: " + string(at) + ", reason: …}]"
	switch {
	case r.d.inClear[n] && f.Verdict != suspect.Secret: // its rule says more
	case f.Placeholder:
		r.d.Wrong(n, "%s is a placeholder, and is sent as it stands: nothing fills it in", at).Hint(r.editHint(), no).Warn()
	case f.Verdict == suspect.Doubtful:
		r.d.Wrong(n, "%s may be a secret in the clear (%s)", at, f.Why).Hint(r.encryptHint(n), no).Warn()
	case f.Verdict == suspect.Secret:
		r.d.Wrong(n, "%s looks like a secret in the clear (%s)", at, f.Why).Hint(r.encryptHint(n), "if it was pushed in the clear, rotate it", no)
	}
	return f
}

// encryptHint is how a value in the clear becomes an encrypted one.
func (r *configReader) encryptHint(n *strict.Node) string {
	return clearText{file: r.d.File, selects: r.d.selects, covered: r.d.inClear[n]}.hint()
}

// clearText is a value in the clear: what its file's rule selects, and whether it selects the value too.
type clearText struct {
	file    string
	covered bool
	selects sopsrules.Selector
}

// hint is how the value becomes an encrypted one: the rule has to select it, and then a command encrypts it.
func (c clearText) hint() string {
	command := "connsync reseal " + ShellWord(c.file)
	switch list := c.selects.Kind; {
	case c.covered:
		return "encrypt it:  " + command
	case c.selects.None(), list == "encrypted_regex":
		return "encrypt it: add its key to encrypted_regex in " + RulesFile + ", then  " + command
	case list == "unencrypted_regex":
		return "encrypt it: take its key out of " + list + " in " + RulesFile + ", then  " + command
	default:
		return "encrypt it: put encrypted_regex with its key in the place of " + list + " in " + RulesFile + ", then  " + command
	}
}

// editHint is how the value of a placeholder is written: sops does not edit a file without encryption.
func (r *configReader) editHint() string {
	if r.encrypted {
		return "set the value itself, with  sops edit " + ShellWord(r.d.File)
	}
	return "write the value itself"
}

// comments notes a secret left in a comment: SOPS does not encrypt comments.
func (r *configReader) comments(n *strict.Node) {
	for _, c := range [...]string{n.HeadComment, n.LineComment, n.FootComment} {
		if c != "" && suspect.Comment(c) {
			r.d.Wrong(n, "a comment here looks like a secret in the clear").Hint("remove it, and rotate the secret if it was pushed")
			return
		}
	}
}

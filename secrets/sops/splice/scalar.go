package splice

import (
	"encoding/json"
	"strings"

	"go.yaml.in/yaml/v3"

	"connsync/lazy"
)

// Scalar is a value to write: a text, or what stands in a file as it is.
type Scalar struct {
	text  string
	plain bool // written as it is, outside of brackets: a ciphertext, or a number or a boolean also in them
	brief bool // written as it is also in brackets
}

// Text is a text: with the quotes of what it replaces, or with as few as it needs.
func Text(s string) Scalar { return Scalar{text: s} }

// Verbatim is a number or a boolean.
func Verbatim(s string) Scalar { return Scalar{text: s, plain: true, brief: true} }

// Ciphertext is what SOPS makes of a value.
func Ciphertext(s string) Scalar { return Scalar{text: s, plain: true} }

// written is the scalar in the place of one of some style.
func (s Scalar) written(was yaml.Style, flow bool) string {
	switch {
	case s.brief, s.plain && !flow:
		return s.text
	case s.plain:
		return `"` + s.text + `"`
	case was&yaml.SingleQuotedStyle != 0 && printable(s.text):
		return "'" + strings.ReplaceAll(s.text, "'", "''") + "'"
	case was&yaml.DoubleQuotedStyle == 0 && needsNoQuotes(s.text, flow):
		return s.text
	}
	return doubleQuoted(s.text)
}

func printable(s string) bool {
	return s != "" && !strings.ContainsAny(s, "\n\t") && strings.TrimSpace(s) == s
}

// doubleQuoted writes a text as JSON does, which YAML reads alike.
func doubleQuoted(s string) string {
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	_ = e.Encode(s) // a text can always be encoded
	return strings.TrimSuffix(b.String(), "\n")
}

var (
	plainText = lazy.New(`^[A-Za-z/][A-Za-z0-9_./@+:-]*( [A-Za-z0-9_./@+(-][A-Za-z0-9_./@+:,()-]*)*$`)
	plainFlow = lazy.New(`^[A-Za-z/][A-Za-z0-9_./@+-]*$`)
	plainKey  = lazy.New(`^[A-Za-z_][A-Za-z0-9_.-]*$`)
	// booleans, nulls and numbers of one YAML or another
	special = lazy.New(`(?i)^(y|n|yes|no|on|off|true|false|null|nan|inf|\.inf|e[0-9]+|0x.*)$`)
)

// needsNoQuotes tells whether every reader of YAML takes a text without quotes for itself.
func needsNoQuotes(s string, flow bool) bool {
	if special.MatchString(s) || strings.Contains(s, ": ") || strings.HasSuffix(s, ":") {
		return false
	}
	if flow {
		return plainFlow.MatchString(s)
	}
	return plainText.MatchString(s)
}

func keyText(key string, quoted bool) string {
	if quoted || special.MatchString(key) || !plainKey.MatchString(key) {
		return doubleQuoted(key)
	}
	return key
}

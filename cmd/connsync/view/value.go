package view

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"connsync/secrets"
)

// MaxValue is how much of one value a plan shows, in characters.
const MaxValue = 160

// notShown stands for a value that could be a secret.
const notShown = "(not shown)"

// value is a value of a setting in the clear, on one line: texts in quotes, and not longer than MaxValue.
func value(v any) string {
	switch v := v.(type) {
	case nil:
		return "(none)"
	case string:
		return Quoted(v)
	case map[string]any:
		return "{}"
	case []any:
		return "[]"
	default:
		return fmt.Sprint(v)
	}
}

// Quoted is a text in quotes, on one line, and not longer than MaxValue.
func Quoted(s string) string {
	if utf8.RuneCountInString(s) > MaxValue {
		s = string([]rune(s)[:MaxValue]) + "…"
	}
	return `"` + strings.NewReplacer(`\`, `\\`, "\n", `\n`, "\t", `\t`, `"`, `\"`).Replace(s) + `"`
}

// Cut is the beginning of an id, enough to recognise it.
func Cut(id string, n int) string {
	if len(id) <= n {
		return id
	}
	return id[:n] + "…"
}

// CutHash is a commit's usual abbreviation.
func CutHash(hash string) string { return hash[:min(len(hash), 7)] }

// List is some texts, one after the other.
func List(texts []string) string { return strings.Join(texts, ", ") }

// Paths are paths as texts.
func Paths(ps []secrets.Path) []string {
	var out []string
	for _, p := range ps {
		out = append(out, string(p))
	}
	return out
}

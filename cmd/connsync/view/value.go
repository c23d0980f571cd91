package view

import (
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"connsync/manifest"
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
func Quoted(s string) string { return beginning(s).quoted(false) }

// spelled is the value of a destination: other letters may look like those of another address, so they are spelled out.
func spelled(v any) string {
	if s, ok := v.(string); ok {
		return beginning(s).quoted(true)
	}
	return value(v)
}

// Spelled is a text on one line whose letters outside of ASCII are spelled out, and not longer than MaxValue.
func Spelled(s string) string {
	out := beginning(s).quoted(true)
	return unescapes.Replace(out[1 : len(out)-1])
}

var unescapes = strings.NewReplacer(`\\`, `\`, `\"`, `"`)

// part is a part of a text: as much of it as is shown.
type part struct {
	text          string
	before, after bool // there is more
}

func beginning(s string) part {
	if utf8.RuneCountInString(s) <= MaxValue {
		return part{text: s}
	}
	return part{text: string([]rune(s)[:MaxValue]), after: true}
}

// apart are two texts around their first difference, where they are too long to be shown whole.
func apart(old, text string) (part, part) {
	a, b := []rune(old), []rune(text)
	if len(a) <= MaxValue && len(b) <= MaxValue {
		return part{text: old}, part{text: text}
	}
	at := 0
	for at < len(a) && at < len(b) && a[at] == b[at] {
		at++
	}
	from := max(at-MaxValue/4, 0)
	return window(a, from), window(b, from)
}

func window(text []rune, from int) part {
	to := min(len(text), from+MaxValue)
	return part{string(text[from:to]), from > 0, to < len(text)}
}

// quoted is the part in quotes, on one line. ascii spells out every other letter.
func (p part) quoted(ascii bool) string {
	out := manifest.Escaped(p.text)
	if ascii && strings.IndexFunc(p.text, func(r rune) bool { return r > unicode.MaxASCII }) >= 0 {
		out = strconv.QuoteToASCII(p.text)
		out = out[1 : len(out)-1]
	}
	if p.before {
		out = "…" + out
	}
	if p.after {
		out += "…"
	}
	return `"` + out + `"`
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

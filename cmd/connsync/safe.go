package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

// maxShown is how much of one value a plan shows, in characters.
const maxShown = 160

// safe is a text that connsync did not write, made harmless for a terminal and for a CI system's log: control and
// format characters and whatever else is invisible, among them escapes and changes of writing direction, are spelled out, and so are the marks of workflow
// commands, `::` at its beginning and `##[` anywhere.
func safe(s string) string {
	if harmless(s) {
		return s
	}
	var b strings.Builder
	for i, r := range s {
		switch {
		case r == utf8.RuneError && !strings.HasPrefix(s[i:], string(utf8.RuneError)):
			fmt.Fprintf(&b, `\x%02x`, s[i])
		case r == '#' && strings.HasPrefix(s[i:], "##["):
			b.WriteString(`\x23`)
		case r == ':' && isCommand(s) && strings.TrimLeft(s, " ") == s[i:]:
			b.WriteString(`\x3a`)
		case visible(r):
			b.WriteRune(r)
		case r < 0x100:
			fmt.Fprintf(&b, `\x%02x`, r)
		case r < 0x10000:
			fmt.Fprintf(&b, `\u%04x`, r)
		default:
			fmt.Fprintf(&b, `\U%08x`, r)
		}
	}
	return b.String()
}

func harmless(s string) bool {
	for _, r := range s {
		if r == utf8.RuneError || !visible(r) {
			return false
		}
	}
	return !strings.Contains(s, "##[") && !isCommand(s)
}

// visible tells whether a reader sees a character. Letters and marks that are made to be seen by nobody can hide a message in a name.
func visible(r rune) bool {
	return unicode.IsPrint(r) && (r < 0x300 || !unicode.In(r, unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector))
}

// isCommand tells whether a line that begins with a text is a workflow command.
func isCommand(s string) bool { return strings.HasPrefix(strings.TrimLeft(s, " "), "::") }

// shown is a value of a setting in the clear, on one line: texts in quotes, and not longer than maxShown.
func shown(v any) string {
	switch v := v.(type) {
	case nil:
		return "(none)"
	case string:
		return quoted(v)
	case map[string]any:
		return "{}"
	case []any:
		return "[]"
	default:
		return safe(fmt.Sprint(v))
	}
}

func quoted(s string) string {
	if utf8.RuneCountInString(s) > maxShown {
		s = string([]rune(s)[:maxShown]) + "…"
	}
	s = strings.ReplaceAll(s, `\`, `\\`)
	s = strings.NewReplacer("\n", `\n`, "\t", `\t`, `"`, `\"`).Replace(s)
	return `"` + safe(s) + `"`
}

// short is the beginning of an id or a hash, enough to recognise it.
func short(id string, n int) string {
	return safe(cut(id, n))
}

// commit is a commit's usual abbreviation.
func abbreviated(hash string) string {
	return safe(cutHash(hash))
}

// writeJSON writes an indented document. Characters that a terminal or a reader could take for something else are escaped,
// and no text in it can form a workflow command.
func writeJSON(w io.Writer, v any) error {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(v); err != nil {
		return err
	}
	out := make([]byte, 0, b.Len())
	for _, r := range b.String() {
		switch {
		case r == '\n' || visible(r):
			out = utf8.AppendRune(out, r)
		case r < 0x10000:
			out = fmt.Appendf(out, `\u%04x`, r)
		default:
			high, low := utf16.EncodeRune(r)
			out = fmt.Appendf(out, `\u%04x\u%04x`, high, low)
		}
	}
	_, err := w.Write(bytes.ReplaceAll(out, []byte("##["), []byte(`\u0023#[`)))
	return err
}

// count is "1 file" or "3 files".
func count(n int, one string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %ss", n, one)
}

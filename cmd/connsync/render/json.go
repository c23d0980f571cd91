package render

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"unicode/utf16"
	"unicode/utf8"
)

// Schema is the version of all JSON from connsync (docs/json.md). Members may be added without a new one.
const Schema = 1

// JSON writes an indented document. Characters that a terminal or a reader could take for something else are escaped,
// and no text in it can form a workflow command.
func JSON(w io.Writer, v any) error {
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

// sentence is a text of JSON for people to read, and paste: harmless also where it is taken out of its quotes.
type sentence string

// MarshalText makes the text harmless.
func (s sentence) MarshalText() ([]byte, error) { return []byte(Harmless(string(s))), nil }

func sentences(texts []string) []sentence {
	var out []sentence
	for _, t := range texts {
		out = append(out, sentence(t))
	}
	return out
}

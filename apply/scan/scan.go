// Package scan reads JSON in one pass where it is plain, as programs write it: its texts are parts of what is read, and nothing is copied. It is no
// judge of JSON (RFC 8259): it takes less than package json does, and nothing else. What it does not take is for package json to read, and to
// refuse.
package scan

import (
	"encoding/json"
	"strings"
	"unicode/utf8"
)

// Text is a JSON text that is read from its begin to its end. Once it is not plain, Failed, and all further reading does nothing.
type Text struct {
	rest   string
	deep   int
	failed bool
}

// mostDeep is how many values may be in each other.
const mostDeep = 100

// Of is a text to be read.
func Of(text string) Text { return Text{rest: text} }

// Whole tells whether all of the text was read, and was plain.
func (t *Text) Whole() bool { return !t.failed && t.rest == "" }

// Left is how many bytes were not read yet.
func (t *Text) Left() int { return len(t.rest) }

// Failed tells whether some of the text was not plain.
func (t *Text) Failed() bool { return t.failed }

// Fail says that it is not what was expected.
func (t *Text) Fail() { t.failed = true }

// Is tells whether something comes next.
func (t *Text) Is(next string) bool { return !t.failed && strings.HasPrefix(t.rest, next) }

// May passes over something that comes next, and tells whether it did.
func (t *Text) May(next string) bool {
	if !t.Is(next) {
		return false
	}
	t.rest = t.rest[len(next):]
	return true
}

// Must is May of what has to come next.
func (t *Text) Must(next string) {
	if !t.May(next) {
		t.failed = true
	}
}

// Space passes over white space.
func (t *Text) Space() {
	if !t.failed && t.rest != "" && t.rest[0] <= ' ' {
		t.rest = strings.TrimLeft(t.rest, " \t\r\n")
	}
}

// Bare is a string without escapes: the bytes between its quotes. They are UTF-8.
func (t *Text) Bare() string {
	text, plain := t.quoted()
	if !plain || !valid(text) {
		t.failed = true
	}
	return text
}

// valid tells whether a text is UTF-8. Nearly all are ASCII.
func valid(text string) bool {
	for i := range len(text) {
		if text[i] >= utf8.RuneSelf {
			return utf8.ValidString(text)
		}
	}
	return true
}

// stops are the bytes that are not simply part of a string: of the texts of a list, nearly none.
var stops = func() (out [256]bool) {
	for c := range ' ' {
		out[c] = true
	}
	out['"'], out['\\'] = true, true
	return out
}()

// quoted passes over a string. plain tells whether it has no escapes.
func (t *Text) quoted() (inside string, plain bool) {
	t.Must(`"`)
	if t.failed {
		return "", false
	}
	plain = true
	for i := 0; i < len(t.rest); i++ {
		c := t.rest[i]
		switch {
		case !stops[c]:
		case c == '"':
			inside, t.rest = t.rest[:i], t.rest[i+1:]
			return inside, plain
		case c < ' ':
			t.failed = true
			return "", false
		case c == '\\':
			plain = false
			if i++; i == len(t.rest) || !strings.ContainsRune(`"\/bfnrtu`, rune(t.rest[i])) {
				t.failed = true
				return "", false
			}
			if t.rest[i] == 'u' && !fourHex(t.rest[i+1:]) {
				t.failed = true
				return "", false
			}
		}
	}
	t.failed = true
	return "", false
}

func fourHex(text string) bool {
	if len(text) < 4 {
		return false
	}
	for i := range 4 {
		if !strings.ContainsRune("0123456789abcdefABCDEF", rune(text[i])) {
			return false
		}
	}
	return true
}

// Object reads an object. member is called after each name, and reads the value.
func (t *Text) Object(member func(name string)) {
	t.nested("{", "}", func() {
		name := t.Bare()
		t.Space()
		t.Must(":")
		t.Space()
		if !t.failed {
			member(name)
		}
	})
}

// Array reads an array. item reads each of its values.
func (t *Text) Array(item func()) { t.nested("[", "]", item) }

func (t *Text) nested(begin, end string, each func()) {
	t.Must(begin)
	if t.deep++; t.deep > mostDeep {
		t.failed = true
	}
	defer func() { t.deep-- }()
	t.Space()
	if t.May(end) {
		return
	}
	for !t.failed {
		each()
		t.Space()
		if t.May(end) {
			return
		}
		t.Must(",")
		t.Space()
	}
}

// Value passes over a value of any kind, and gives it as it stands.
func (t *Text) Value() string {
	from := t.rest
	if t.failed || from == "" {
		t.failed = true
		return ""
	}
	switch from[0] {
	case '"':
		t.quoted()
	case '{':
		t.Object(func(string) { t.Value() })
	case '[':
		t.Array(func() { t.Value() })
	default:
		if !t.May("true") && !t.May("false") && !t.May("null") {
			t.number()
		}
	}
	if t.failed {
		return ""
	}
	return from[:len(from)-len(t.rest)]
}

// number passes over a number.
func (t *Text) number() {
	t.May("-")
	if !t.May("0") {
		t.digits()
	}
	if t.May(".") {
		t.digits()
	}
	if t.May("e") || t.May("E") {
		if !t.May("+") {
			t.May("-")
		}
		t.digits()
	}
}

func (t *Text) digits() {
	n := 0
	for n < len(t.rest) && '0' <= t.rest[n] && t.rest[n] <= '9' {
		n++
	}
	t.failed = t.failed || n == 0
	t.rest = t.rest[n:]
}

// Scalar is a value as Value gave it, other than an object or an array: a string, a bool, a json.Number or nil. false for another one, and
// where package json has to tell.
func Scalar(value string) (v any, ok bool) {
	switch value {
	case "":
		return nil, false
	case "null":
		return nil, true
	case "true", "false":
		return value == "true", true
	}
	switch value[0] {
	case '"':
		return Unquoted(value)
	case '{', '[':
		return nil, false
	}
	return json.Number(value), true
}

// Unquoted is the text of a string as Value gave it; false where package json has to tell: it has escapes other than those of quotes, slashes and
// line breaks, or is not UTF-8.
func Unquoted(value string) (text string, ok bool) {
	if len(value) < 2 || value[0] != '"' || !valid(value) {
		return "", false
	}
	value = value[1 : len(value)-1]
	if !strings.Contains(value, `\`) {
		return value, true
	}
	var b strings.Builder
	b.Grow(len(value))
	for {
		before, after, escaped := strings.Cut(value, `\`)
		b.WriteString(before)
		if !escaped {
			return b.String(), true
		}
		c := strings.IndexByte(`"\/nrt`, after[0]) // something stands behind a backslash, or it would be no value
		if c < 0 {
			return "", false
		}
		b.WriteByte("\"\\/\n\r\t"[c])
		value = after[1:]
	}
}

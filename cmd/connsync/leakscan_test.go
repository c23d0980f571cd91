package main

import (
	"bytes"
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"html"
	"math/rand/v2"
	"net/url"
	"slices"
	"sort"
	"strconv"
	"strings"
	"sync/atomic"
	"unicode/utf16"
)

// canary is a secret. It must not be found where it does not belong, in any form.
type canary struct {
	name, text string
	run        int // how many of its characters in a row give it away
}

// marks stand at every fifth place of a canary, so each six characters of it hold one. No digest, no base64 and no number
// has any: what is found is no accident. Most of them are written differently in URLs, JSON or HTML.
const marks = `"<&~\%>^'|{}$!`

// newCanary is the canary of a name: 32 characters, the same in every run.
func newCanary(name string) canary {
	const letters = "ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnpqrstuvwxyz23456789"
	random := rand.New(rand.NewChaCha8(sha256.Sum256([]byte(name))))
	var b strings.Builder
	for i := range 32 {
		if i%5 == 2 {
			b.WriteByte(marks[random.IntN(len(marks))])
			continue
		}
		b.WriteByte(letters[random.IntN(len(letters))])
	}
	return canary{name, b.String(), 6}
}

// newNumber is a canary in the form of a whole number. More of it must stand in a row, since there are digits everywhere.
func newNumber(name string) canary {
	random := rand.New(rand.NewChaCha8(sha256.Sum256([]byte(name))))
	return canary{name, strconv.FormatInt(1e17+random.Int64N(8e17), 10), 12}
}

func (c canary) isNumber() bool { return strings.Trim(c.text, "0123456789") == "" }

// needle is a run of bytes: finding it gives a canary away.
type needle struct {
	bytes    []byte
	of       string // the canary's name
	encoding string
}

// encoding writes a text down in one way.
type encoding struct {
	name string
	by   func(string) string
	// run is how many written characters in a row count; 0: as many as of the text, each written by itself.
	run int
}

func encodings() []encoding {
	all := []encoding{
		{"raw", func(s string) string { return s }, 0},
		{"reversed", reversed, 0},
		{"hex", func(s string) string { return hex.EncodeToString([]byte(s)) }, 0},
		{"HEX", func(s string) string { return strings.ToUpper(hex.EncodeToString([]byte(s))) }, 0},
		{"url query", url.QueryEscape, 0},
		{"url path", url.PathEscape, 0},
		{"percent", func(s string) string { return eachByte(s, "%%%02X") }, 0},
		{"json", func(s string) string { return inner(jsonText(s, true)) }, 0},
		{"json, not for html", func(s string) string { return inner(jsonText(s, false)) }, 0},
		{"json in json", func(s string) string { return inner(jsonText(inner(jsonText(s, false)), false)) }, 0},
		{"go", func(s string) string { return inner(strconv.Quote(s)) }, 0},
		{"escapes", func(s string) string { return eachByte(s, `\x%02x`) }, 0},
		{"unicode escapes", func(s string) string { return eachByte(s, `\u%04x`) }, 0},
		{"bytes in decimal", func(s string) string { return strings.Trim(fmt.Sprint([]byte(s)), "[]") }, 0},
		{"html", html.EscapeString, 0},
		{"shell", func(s string) string { return strings.ReplaceAll(s, "'", `'\''`) }, 0},
		{"utf-16le", func(s string) string { return inUTF16(s, binary.LittleEndian) }, 0},
		{"utf-16be", func(s string) string { return inUTF16(s, binary.BigEndian) }, 0},
	}
	for shift := range 3 { // base64 of a text depends on where in three bytes it begins; a run of ten characters is no accident
		all = append(all,
			encoding{fmt.Sprintf("base64, offset %d", shift), inBase64(base64.StdEncoding, shift), 10},
			encoding{fmt.Sprintf("base64url, offset %d", shift), inBase64(base64.URLEncoding, shift), 10})
	}
	for _, d := range digests {
		for _, form := range []struct {
			name string
			of   func([]byte) string
		}{{"hex", hex.EncodeToString}, {"HEX", upperHex}, {"base64", base64.StdEncoding.EncodeToString}, {"base64url", base64.URLEncoding.EncodeToString}} {
			for _, what := range digested { // twelve characters of a digest are enough to confirm a guess
				all = append(all, encoding{d.name + what.name + " in " + form.name, func(s string) string { return form.of(d.sum([]byte(what.of(s)))) }, 12})
			}
		}
	}
	return all
}

var digests = []struct {
	name string
	sum  func([]byte) []byte
}{
	{"md5", func(b []byte) []byte { s := md5.Sum(b); return s[:] }},
	{"sha1", func(b []byte) []byte { s := sha1.Sum(b); return s[:] }},
	{"sha256", func(b []byte) []byte { s := sha256.Sum256(b); return s[:] }},
	{"sha512", func(b []byte) []byte { s := sha512.Sum512(b); return s[:] }},
}

// digested is what a program takes digests of: the text, a line, and a JSON value.
var digested = []struct {
	name string
	of   func(string) string
}{
	{"", func(s string) string { return s }},
	{" of the line", func(s string) string { return s + "\n" }},
	{" of the JSON", func(s string) string { return jsonText(s, false) }},
	{" of the JSON for html", func(s string) string { return jsonText(s, true) }},
}

func upperHex(b []byte) string { return strings.ToUpper(hex.EncodeToString(b)) }

func reversed(s string) string {
	b := []byte(s)
	slices.Reverse(b)
	return string(b)
}

func eachByte(s, format string) string {
	var b strings.Builder
	for i := range len(s) {
		fmt.Fprintf(&b, format, s[i])
	}
	return b.String()
}

func jsonText(s string, forHTML bool) string {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(forHTML)
	if err := e.Encode(s); err != nil {
		panic(err)
	}
	return strings.TrimSuffix(b.String(), "\n")
}

func inner(quoted string) string { return quoted[1 : len(quoted)-1] }

func inUTF16(s string, order binary.AppendByteOrder) string {
	var out []byte
	for _, u := range utf16.Encode([]rune(s)) {
		out = order.AppendUint16(out, u)
	}
	return string(out)
}

// inBase64 is what of a text's base64 depends on nothing but the text, where it begins at one of three places.
func inBase64(e *base64.Encoding, shift int) func(string) string {
	return func(s string) string {
		out := e.WithPadding(base64.NoPadding).EncodeToString([]byte("AAA"[:shift] + s))
		first := (shift*8 + 5) / 6
		last := (shift + len(s)) * 8 / 6
		return out[first:last]
	}
}

// needles are all runs of bytes by which a canary is found.
func (c canary) needles() []needle {
	var out []needle
	add := func(e encoding, text string) { out = append(out, needle{[]byte(text), c.name, e.name}) }
	for _, e := range encodings() {
		switch {
		case e.run > 0:
			for text, i := e.by(c.text), 0; i+e.run <= len(text); i++ {
				add(e, text[i:i+e.run])
			}
		default:
			for i, n := 0, c.run; i+n <= len(c.text); i++ {
				add(e, e.by(c.text[i:i+n]))
			}
		}
	}
	if c.isNumber() { // as it stands in a trace
		n, _ := strconv.ParseInt(c.text, 10, 64)
		add(encoding{name: "word"}, strconv.FormatInt(n, 16))
	}
	return out
}

// hit is a place where a canary was found.
type hit struct{ canary, encoding, where string }

func (h hit) String() string { return h.canary + ", " + h.encoding + ", in " + h.where }

// scanner looks for many canaries at once: the first six bytes of every needle are in a table, and a bitmap of their hashes keeps most
// places of a text from being looked up in it.
type scanner struct {
	bitmap  [1 << 16]uint64
	needles map[uint64][]needle
	bytes   atomic.Int64 // looked at
}

const lead = 6 // bytes

func newScanner(cs []canary) *scanner {
	s := &scanner{needles: map[uint64][]needle{}}
	for _, c := range cs {
		for _, n := range c.needles() {
			key := leadOf(n.bytes)
			if slices.ContainsFunc(s.needles[key], func(o needle) bool { return o.of == n.of && bytes.Equal(o.bytes, n.bytes) && o.encoding == n.encoding }) {
				continue
			}
			s.needles[key] = append(s.needles[key], n)
			h := hashed(key)
			s.bitmap[h>>6] |= 1 << (h & 63)
		}
	}
	return s
}

func leadOf(b []byte) uint64 {
	var key uint64
	for i := range lead {
		key = key>>8 | uint64(b[i])<<40
	}
	return key
}

func hashed(key uint64) uint64 { return key * 0x9E3779B97F4A7C15 >> 42 }

// scan gives each canary in a text, once for each encoding.
func (s *scanner) scan(where string, text []byte) []hit {
	found := map[hit]bool{}
	var key uint64
	for i, b := range text {
		key = key>>8 | uint64(b)<<40
		if h := hashed(key); i < lead-1 || s.bitmap[h>>6]&(1<<(h&63)) == 0 {
			continue
		}
		for _, n := range s.needles[key] {
			if bytes.HasPrefix(text[i-lead+1:], n.bytes) {
				found[hit{n.of, n.encoding, where}] = true
			}
		}
	}
	s.bytes.Add(int64(len(text)))
	out := make([]hit, 0, len(found))
	for h := range found {
		out = append(out, h)
	}
	sort.Slice(out, func(i, j int) bool { return out[i].String() < out[j].String() })
	return out
}

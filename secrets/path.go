package secrets

import (
	"strconv"
	"strings"

	"connsync/lazy"
)

// Path is the way from a document's root to one of its leaves, as people write
// it: connections.prod.edr.config.hosts[0].password. A key that is not made of
// letters, digits, "_" and "-" is quoted in brackets (config["a.b"]), so two
// different leaves never share a path. The zero Path is the root.
type Path string

// Key is the path of the value under a key of the mapping at p.
func (p Path) Key(key string) Path {
	switch {
	case !plainKey(key):
		return p + Path("["+strconv.QuoteToASCII(key)+"]")
	case p == "":
		return Path(key)
	}
	return p + "." + Path(key)
}

// Index is the path of the i-th item (from 0) of the list at p.
func (p Path) Index(i int) Path {
	return p + Path("["+strconv.Itoa(i)+"]")
}

// listPosition is what SOPS leaves out of the path it authenticates.
var listPosition = lazy.New(`\[[0-9]+\]`)

// Bound is the path SOPS authenticates, without list positions: a ciphertext opens nowhere else.
func (p Path) Bound() string {
	if !strings.Contains(string(p), `["`) {
		return listPosition.Regexp().ReplaceAllString(string(p), "")
	}
	var out strings.Builder
	for rest := string(p); rest != ""; {
		n := stepLength(rest)
		if step := rest[:n]; !listPosition.MatchString(step) || strings.HasPrefix(step, `["`) {
			out.WriteString(step)
		}
		rest = rest[n:]
	}
	return out.String()
}

// After is a path without its first n steps: what stands in a connection has three before it.
func (p Path) After(n int) Path {
	rest := string(p)
	for ; n > 0 && rest != ""; n-- {
		rest = rest[stepLength(rest):]
	}
	return Path(strings.TrimPrefix(rest, "."))
}

// stepLength is how long the first step of a path is: a key with the dot before it, or what stands in brackets with them.
func stepLength(text string) int {
	if strings.HasPrefix(text, `["`) {
		if quoted, err := strconv.QuotedPrefix(text[1:]); err == nil {
			return min(len(quoted)+2, len(text))
		}
	}
	if i := strings.IndexAny(text[1:], ".["); i >= 0 {
		return i + 1
	}
	return len(text)
}

// Last is the last key of a path, as it is written in the document; list positions behind it do not count.
func (p Path) Last() string {
	text := p.Bound()
	if quoted := strings.LastIndex(text, `["`); quoted >= 0 && strings.HasSuffix(text, `"]`) {
		if key, err := strconv.Unquote(text[quoted+1 : len(text)-1]); err == nil {
			return key
		}
	}
	return text[strings.LastIndex(text, ".")+1:]
}

// plainKey tells whether a key stands in a path as it is.
func plainKey(key string) bool {
	for i := 0; i < len(key); i++ {
		c := key[i]
		if !(c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '_' || c == '-') {
			return false
		}
	}
	return key != ""
}

// PathOf is a path given by its steps: keys as text, positions in a list as numbers.
func PathOf(steps []any) Path {
	var p Path
	for _, step := range steps {
		switch step := step.(type) {
		case string:
			p = p.Key(step)
		case int:
			p = p.Index(step)
		}
	}
	return p
}

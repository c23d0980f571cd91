// Package seal is the text by which a holder of a file's key says where the secrets of one connection may go: its settings in the clear,
// the places of its secrets, its plugin, its target's place, and a counter. The text is an encrypted value of the connection itself; what it
// says is compared with the connection after the file was opened. The package is pure: it opens nothing.
package seal

import (
	"bytes"
	"encoding/json"
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"connsync/secrets"
)

// Key is the key of a connection's seal.
const Key = "seal"

// Limits of a text to read: more than a manifest can hold.
const (
	maxText  = 1 << 20
	maxLines = 50_000
)

const (
	title  = "connsync-seal 1"
	secret = "<secret>" // no JSON, so that no value in the clear reads like it
)

// Setting is one leaf of a config.
type Setting struct {
	Path   secrets.Path // from the connection: config.auth.password
	Value  any          // string, bool, json.Number, an empty mapping or list; not looked at for a secret
	Secret bool
}

// Connection is what a seal binds.
type Connection struct {
	Place    [3]string // region, project and workspace, as the project file names them
	Plugin   [4]string // component, version, component_id, component_version_id; "" for none
	Settings []Setting
}

// Line is one bound thing.
type Line struct {
	Name  secrets.Path // "place", "plugin" or a setting
	Value string       // JSON, or <secret>
}

// String is the line as it stands in a seal.
func (l Line) String() string { return string(l.Name) + " " + l.Value }

// Bound are the lines of a connection, in the order of a seal. ok is false where a value cannot be written as JSON: such a connection is not sent
// either.
func (c Connection) Bound() (lines Lines, ok bool) {
	place, _ := encoded(c.Place)
	var parts [4]*string
	for i := range c.Plugin {
		if c.Plugin[i] != "" {
			parts[i] = &c.Plugin[i]
		}
	}
	plugin, _ := encoded(parts)
	lines = Lines{{"place", place}, {"plugin", plugin}}
	for _, s := range c.Settings {
		if s.free() {
			continue
		}
		value, ok := secret, true
		if !s.Secret {
			value, ok = encoded(s.Value)
		}
		if !ok {
			return nil, false
		}
		lines = append(lines, Line{s.Path, value})
	}
	slices.SortStableFunc(lines[2:], func(a, b Line) int { return strings.Compare(string(a.Name), string(b.Name)) })
	return lines, true
}

// Lines are all things bound by a seal.
type Lines []Line

// text is the lines as a seal has them.
func (ls Lines) text() string {
	var b strings.Builder
	for _, l := range ls {
		b.WriteString(l.String() + "\n")
	}
	return b.String()
}

// Digest is the same for equal lines.
func (ls Lines) Digest() string { return secrets.Digest(ls.text()) }

// Seal is a text as it was read.
type Seal struct {
	N     int64
	Lines Lines
}

// Text is the seal as it is encrypted.
func (s Seal) Text() string {
	return title + "\nn " + strconv.FormatInt(s.N, 10) + "\n" + s.Lines.text()
}

// Ahead is how far a counter may be ahead of the clock: one further ahead was made up, and would lock out everybody else.
const Ahead = 24 * time.Hour

// Future tells whether a counter is further ahead of the clock than any honest one.
func Future(n int64, now time.Time) bool { return n > now.Add(Ahead).UnixMilli() }

// Next is the counter of a seal that follows others: larger than any of theirs, and else the time in milliseconds. Made-up counters do not count.
func Next(now time.Time, before ...int64) int64 {
	n := now.UnixMilli()
	for _, b := range before {
		if !Future(b, now) {
			n = max(n, b+1)
		}
	}
	return n
}

// Why a text is no seal.
var (
	ErrNoSeal  = errors.New("it is no seal")
	ErrVersion = errors.New("it is a seal of another version")
)

// Parse reads a seal. It takes back only what Text gives, byte for byte, but for line ends and spaces at the end, since editors change those.
func Parse(text string) (Seal, error) {
	if len(text) > maxText || !utf8.ValidString(text) || strings.Count(text, "\n") > maxLines {
		return Seal{}, ErrNoSeal
	}
	rows := strings.Split(strings.TrimRight(strings.ReplaceAll(text, "\r\n", "\n"), "\n "), "\n")
	if rows[0] != title {
		if strings.HasPrefix(rows[0], "connsync-seal ") {
			return Seal{}, ErrVersion
		}
		return Seal{}, ErrNoSeal
	}
	if len(rows) < 4 {
		return Seal{}, ErrNoSeal
	}
	digits, named := strings.CutPrefix(rows[1], "n ")
	n, err := strconv.ParseInt(digits, 10, 64)
	if !named || err != nil || n <= 0 || strconv.FormatInt(n, 10) != digits {
		return Seal{}, ErrNoSeal
	}
	s := Seal{N: n}
	for _, row := range rows[2:] {
		name, value, ok := parted(row)
		if !ok {
			return Seal{}, ErrNoSeal
		}
		s.Lines = append(s.Lines, Line{name, value})
	}
	return s, nil
}

// parted is a line at the space behind its path. Spaces in quoted keys are none.
func parted(row string) (secrets.Path, string, bool) {
	for i := 0; i < len(row); {
		switch {
		case row[i] == ' ':
			return secrets.Path(row[:i]), row[i+1:], i > 0 && i+1 < len(row)
		case row[i] == '"':
			quoted, err := strconv.QuotedPrefix(row[i:])
			if err != nil {
				return "", "", false
			}
			i += len(quoted)
		default:
			i++
		}
	}
	return "", "", false
}

// Difference is one thing that a seal and a connection do not agree on.
type Difference struct {
	Name           secrets.Path
	Sealed, Actual string // "" for none
}

// Compare are the differences between what was sealed and what is there, in order; none where the lines are equal, byte for byte.
func Compare(sealed, actual Lines) []Difference {
	if slices.Equal(sealed, actual) {
		return nil
	}
	values := func(ls Lines) map[secrets.Path]string {
		out := make(map[secrets.Path]string, len(ls))
		for _, l := range ls {
			out[l.Name] = l.Value
		}
		return out
	}
	was, is := values(sealed), values(actual)
	var out []Difference
	for _, l := range actual {
		if was[l.Name] != l.Value {
			out = append(out, Difference{l.Name, was[l.Name], l.Value})
		}
	}
	for name, value := range was {
		if _, there := is[name]; !there {
			out = append(out, Difference{name, value, ""})
		}
	}
	slices.SortFunc(out, func(a, b Difference) int { return strings.Compare(order(a.Name), order(b.Name)) })
	if len(out) == 0 { // a line twice, or in another order
		out = []Difference{{Name: Key}}
	}
	return out
}

// order puts place and plugin before settings.
func order(p secrets.Path) string {
	switch p {
	case "place":
		return "0"
	case "plugin":
		return "1"
	}
	return "2" + string(p)
}

// encoded is a value as JSON, with its type; nothing is escaped for HTML, and numbers stay as they are written.
func encoded(v any) (string, bool) {
	if text, isText := v.(string); isText && !utf8.ValidString(text) {
		return "", false
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return "", false
	}
	return strings.TrimSuffix(b.String(), "\n"), true
}

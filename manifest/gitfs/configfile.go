package gitfs

import (
	"errors"
	"io/fs"
	"os"
	"strings"
)

// fromFile reads a file of Git's configuration as Git does, without following what it includes. go-git's own reader knows fewer spellings, and
// refuses a file for a value no one asks for. What cannot be read ends the reading, as it does in Git, and whole is false.
func fromFile(name string) (out settings, whole bool) {
	text, err := os.ReadFile(name)
	if err != nil {
		return nil, errors.Is(err, fs.ErrNotExist)
	}
	in := &configText{rest: strings.ReplaceAll(strings.TrimPrefix(string(text), "\ufeff"), "\r\n", "\n")}
	section := ""
	for in.skip(); in.rest != ""; in.skip() {
		if in.rest[0] == '[' {
			var ok bool
			if section, ok = in.section(); !ok {
				return out, false
			}
			continue
		}
		key := in.word()
		value, ok := in.value()
		if key == "" || !ok {
			return out, false
		}
		out = append(out, setting{strings.TrimPrefix(section+"."+strings.ToLower(key), "."), value})
	}
	return out, true
}

// configText is what is left to read of a file.
type configText struct{ rest string }

func (c *configText) next() byte {
	if c.rest == "" {
		return '\n'
	}
	b := c.rest[0]
	c.rest = c.rest[1:]
	return b
}

// skip passes over space and comments.
func (c *configText) skip() {
	for {
		c.rest = strings.TrimLeft(c.rest, " \t\n\r\v\f")
		if c.rest == "" || c.rest[0] != '#' && c.rest[0] != ';' {
			return
		}
		_, c.rest, _ = strings.Cut(c.rest, "\n")
	}
}

func (c *configText) word() string {
	n := 0
	for n < len(c.rest) && (c.rest[n] == '-' || c.rest[n] == '.' || c.rest[n] >= '0' && c.rest[n] <= '9' || c.rest[n]|0x20 >= 'a' && c.rest[n]|0x20 <= 'z') {
		n++
	}
	word := c.rest[:n]
	c.rest = c.rest[n:]
	return word
}

// section reads  [name]  or  [name "subsection"]: the case and the escapes of the second matter.
func (c *configText) section() (string, bool) {
	c.next()
	name := strings.ToLower(c.word())
	switch c.next() {
	case ']':
		return name, name != ""
	case ' ', '\t':
		c.rest = strings.TrimLeft(c.rest, " \t")
	default:
		return "", false
	}
	if c.next() != '"' {
		return "", false
	}
	var sub strings.Builder
	for {
		b := c.next()
		switch b {
		case '\n':
			return "", false
		case '"':
			return name + "." + sub.String(), c.next() == ']'
		case '\\':
			b = c.next()
		}
		sub.WriteByte(b)
	}
}

// escaped reads what is behind a backslash; nothing for the end of a line, which goes on.
func (c *configText) escaped() (string, bool) {
	b := c.next()
	if b == '\n' {
		return "", true
	}
	at := strings.IndexByte(`tnb"\`, b)
	if at < 0 {
		return "", false
	}
	return "\t\n\b\"\\"[at : at+1], true
}

// value reads what is behind a key: nothing (it means true), or a text with quotes, escapes, comments and continued lines.
func (c *configText) value() (string, bool) {
	c.rest = strings.TrimLeft(c.rest, " \t")
	if c.rest == "" || c.rest[0] != '=' {
		return "true", c.rest == "" || c.rest[0] == '\n'
	}
	c.next()
	c.rest = strings.TrimLeft(c.rest, " \t")
	var out strings.Builder
	quoted, kept := false, 0 // what is behind kept is space, perhaps at the end
	for {
		b := c.next()
		switch {
		case b == '\n':
			return out.String()[:kept], !quoted
		case (b == '#' || b == ';') && !quoted:
			_, c.rest, _ = strings.Cut(c.rest, "\n")
			return out.String()[:kept], true
		case b == '"':
			quoted = !quoted
			kept = max(kept, out.Len())
			continue
		case b == '\\':
			escaped, ok := c.escaped()
			if !ok {
				return "", false
			}
			if escaped != "" {
				out.WriteString(escaped)
				kept = out.Len()
			}
			continue
		}
		out.WriteByte(b)
		if quoted || b != ' ' && b != '\t' {
			kept = out.Len()
		}
	}
}

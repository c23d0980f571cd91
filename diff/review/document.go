package review

import (
	"bytes"
	"errors"
	"slices"
	"strings"

	"connsync/manifest"
	"connsync/secrets"
)

// ErrTooLarge says that a version of a file is too large to read.
var ErrTooLarge = errors.New("too large")

// document is what one version of a file tells of settings, under whatever name it stood.
type document struct {
	connections []entry
	lines       []line // of a text that is no manifest, or of a broken one
	sops        *manifest.Sops
	ivs         map[string]bool // of its secrets and seals
}

// entry is one connection of a document.
type entry struct {
	target, name, previously string
	leaves                   []leaf

	seal, bound string // of a sealed connection: what stays of the seal while its text stays, and a digest of what it binds but the place
}

// leaf is one setting, perhaps a secret now or before.
type leaf struct {
	at     secrets.Path // from the connection
	secret *secrets.Ref // nil in the clear, and then:
	clear  clearText
}

// clearText is what is remembered of a value in the clear.
type clearText struct {
	digest string
	text   string // manifest.TextDigest
	size   int    // without spaces around it; -1 where it says nothing
	looks  bool   // like a secret; what does not may have been encrypted for other reasons
}

func clearOf(x manifest.Setting) clearText {
	return clearText{manifest.ValueDigest(x.Value), manifest.TextDigest(x.Value), manifest.ClearSize(x.Value), x.Suspicious()}
}

func documentOf(f manifest.File, cs []manifest.Connection) *document {
	d := &document{sops: f.Sops, ivs: map[string]bool{}}
	for i := range cs {
		c := &cs[i]
		e := entry{target: c.Target, name: c.Name, previously: c.Previously, seal: sealID(c), bound: boundTo(c, manifest.Target{})}
		if c.Seal != nil && c.Seal.Ciphertext.IV != "" {
			d.ivs[c.Seal.Ciphertext.IV] = true
		}
		for _, x := range manifest.Settings("config", c.Config) {
			switch {
			case x.Secret != nil:
				e.leaves = append(e.leaves, leaf{at: x.Path, secret: x.Secret})
				if iv := x.Secret.Ciphertext.IV; iv != "" {
					d.ivs[iv] = true
				}
			case hides(x.Value):
				e.leaves = append(e.leaves, leaf{at: x.Path, clear: clearOf(x)})
			}
		}
		d.connections = append(d.connections, e)
	}
	return d
}

// hides tells whether a value could be a secret: an empty one, a switch and an empty collection are none.
func hides(v any) bool {
	switch v := v.(type) {
	case string:
		return v != ""
	case bool, map[string]any, []any, nil:
		return false
	}
	return true
}

// related tells whether two versions have a data key in common, as far as connsync can see, or an unchanged secret: then a secret
// encrypted anew between them was set to another value.
func (d *document) related(other *document) bool {
	if d == nil || other == nil {
		return false
	}
	if d.sops != nil && other.sops != nil {
		for _, k := range d.sops.WrappedKeys {
			if slices.Contains(other.sops.WrappedKeys, k) {
				return true
			}
		}
	}
	for iv := range d.ivs {
		if other.ivs[iv] {
			return true
		}
	}
	return false
}

// line is one setting in the clear of a text unreadable as YAML. keys lead to it, as far as indentation tells.
type line struct {
	keys  []string
	clear clearText
}

// setting is the connection and the path at the end of a line's keys; ok is false where they do not begin at the root.
func (l line) setting() (target, name string, at secrets.Path, ok bool) {
	if len(l.keys) < 5 || l.keys[0] != "connections" || l.keys[3] != "config" {
		return "", "", "", false
	}
	at = "config"
	for _, k := range l.keys[4:] {
		at = at.Key(k)
	}
	return l.keys[1], l.keys[2], at, true
}

// scan reads the lines "key: value" of a text, however broken. A patch is read with what it adds and takes away.
func scan(file string, text []byte) []line {
	patch := strings.HasSuffix(file, ".rej") || strings.HasSuffix(file, ".patch") || strings.HasSuffix(file, ".diff")
	var out []line
	type level struct {
		indent int
		key    string
	}
	var above []level
	for raw := range bytes.SplitSeq(text, []byte("\n")) {
		indent, key, value, ok := keyValue(string(raw), patch)
		if !ok {
			continue
		}
		for len(above) > 0 && above[len(above)-1].indent >= indent {
			above = above[:len(above)-1]
		}
		above = append(above, level{indent, key})
		if value == "" || strings.HasPrefix(value, "ENC[") || len(out) == maxLines {
			continue
		}
		l := line{clear: clearOf(manifest.Setting{Path: secrets.Path("").Key(key), Value: value})}
		if strings.Trim(value, "|>+-0123456789") == "" && strings.ContainsAny(value[:1], "|>") {
			l.clear.size = -1 // the text follows
		}
		for _, a := range above[max(len(above)-maxDepth, 0):] {
			l.keys = append(l.keys, a.key)
		}
		out = append(out, l)
	}
	return out
}

// Limits of what is remembered of a broken text: more than any manifest has.
const (
	maxLines = 20_000
	maxDepth = 32
)

// keyValue parts a line at its first colon, or equals sign.
func keyValue(text string, patch bool) (indent int, key, value string, ok bool) {
	if patch && text != "" && strings.ContainsRune("+- ", rune(text[0])) {
		text = text[1:]
	}
	rest := strings.TrimLeft(text, " \t-{,")
	indent = len(text) - len(rest)
	at := strings.IndexAny(rest, ":=")
	if at <= 0 {
		return 0, "", "", false
	}
	key = strings.Trim(rest[:at], " \"'")
	value = strings.TrimRight(strings.TrimSpace(rest[at+1:]), ",}")
	if before, _, found := strings.Cut(value, " #"); found {
		value = strings.TrimSpace(before)
	}
	if n := len(value); n > 1 && (value[0] == '"' || value[0] == '\'') && value[n-1] == value[0] {
		value = value[1 : n-1]
	}
	return indent, key, value, key != "" && !strings.ContainsAny(key, " \t<>")
}

// mentionsConnections tells whether a text has a mapping of connections, as a manifest has.
func mentionsConnections(text []byte) bool {
	return bytes.Contains(text, []byte("connections:")) || bytes.Contains(text, []byte(`"connections"`))
}

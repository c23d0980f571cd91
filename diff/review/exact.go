package review

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"slices"
	"strings"

	"connsync/diff"
	"connsync/manifest"
	"connsync/secrets"
)

// Where a key is at hand, nothing is guessed: each secret of the head is looked for in every text of the branch.

// Opened are the plaintexts of a head's files opened with a key, by file, and then by path from the document's root.
type Opened map[string]map[secrets.Path]secrets.Value

// plain is one secret of the head, and the first commit with it in the clear.
type plain struct {
	spot   diff.Spot
	pos    manifest.Position
	owners [2]owner // its connection, under both names
	long   bool     // more than a number: a number may stand anywhere
	looks  bool     // like a secret; any other is looked for in its own place only
	commit string
}

// exact looks for secrets in versions.
type exact struct {
	plains  []*plain
	byText  map[string][]*plain // by manifest.TextDigest
	needles needles
	seen    map[string]bool // blobs
}

// Sizes of a secret, in bytes.
const (
	longText = 6 // from here on it is one wherever it stands
	rawText  = 8 // from here on it is looked for within texts
)

// exact is nil where nothing was opened.
func (r *Review) exact(opened Opened) *exact {
	if len(opened) == 0 {
		return nil
	}
	x := &exact{byText: map[string][]*plain{}, needles: needles{by: map[uint64][]needle{}}, seen: map[string]bool{}}
	for i := range r.head.Set.Connections {
		c := &r.head.Set.Connections[i]
		for _, s := range manifest.Settings("config", c.Config) {
			if s.Secret != nil {
				x.add(c, s.Path, opened[c.File.Path][s.Secret.Path])
			}
		}
	}
	return x
}

func (x *exact) add(c *manifest.Connection, at secrets.Path, v secrets.Value) {
	text := ""
	switch v := v.Expose().(type) {
	case string:
		text = strings.TrimSpace(v)
	case json.Number:
		text = v.String()
	}
	if text == "" {
		return
	}
	p := &plain{
		spot: diff.Spot{Target: c.Target, Name: c.Name, Path: at, File: c.File.Path}, pos: c.At(at), owners: [2]owner{{c.Target, c.Name}, {c.Target, c.Previously}},
		long: len(text) >= longText, looks: manifest.Setting{Path: at, Value: text}.Suspicious(),
	}
	x.plains = append(x.plains, p)
	digest := manifest.TextDigest(text)
	x.byText[digest] = append(x.byText[digest], p)
	if p.looks {
		x.needles.add(text, p)
	}
}

// others looks for secrets within all remaining files.
func (x *exact) others(h History, looked func(string) bool) (complete bool, err error) {
	if x == nil {
		return true, nil
	}
	in := reader{}
	return h.Since(func(file string) bool { return !looked(file) }, func(v FileVersion) error { return x.version(v, &in) })
}

// version looks for secrets within a text, whatever it is.
func (x *exact) version(v FileVersion, in *reader) error {
	if x == nil || v.Outside || x.seen[v.Blob] {
		return nil
	}
	text, err := in.raw(v)
	if err != nil || text == nil {
		return err
	}
	x.seen[v.Blob] = true
	x.needles.in(text, func(p *plain) { p.found(v.Commit) })
	return nil
}

// document looks for secrets among the settings of a version.
func (x *exact) document(d *document, commit string) {
	if x == nil {
		return
	}
	for _, e := range d.connections {
		for _, l := range e.leaves {
			if l.secret == nil {
				x.text(l.clear.text, owner{e.target, e.name}, l.at, commit)
			}
		}
	}
	for _, l := range d.lines {
		target, name, at, ok := l.setting()
		if !ok {
			at = secrets.Path("").Key(l.keys[len(l.keys)-1])
		}
		x.text(l.clear.text, owner{target, name}, at, commit)
	}
}

func (x *exact) text(digest string, o owner, at secrets.Path, commit string) {
	for _, p := range x.byText[digest] {
		own := p.spot.Path == at && slices.Contains(p.owners[:], o)
		if own || p.looks && (p.long || p.spot.Path.Last() == at.Last()) {
			p.found(commit)
		}
	}
}

func (p *plain) found(commit string) {
	if p.commit == "" {
		p.commit = commit
	}
}

// instead are findings of exposed secrets: of opened files what is known, and of others what was guessed.
func (x *exact) instead(guessed []Finding, opened Opened, base string) []Finding {
	if x == nil {
		return guessed
	}
	out := slices.DeleteFunc(guessed, func(f Finding) bool { return opened[f.Spot.File] != nil })
	for _, p := range x.plains {
		if p.commit != "" {
			out = append(out, Finding{Kind: Exposed, Fatal: p.looks && p.commit != base, Pos: p.pos, Spot: p.spot, Commit: p.commit, Proven: true})
		}
	}
	return out
}

// needles are texts. A search looks for all of them at once.
type needles struct {
	filter [1 << 10]uint64 // of the existing beginnings
	by     map[uint64][]needle
}

// needle is a text to look for: its longest line, and then all lines. A document may indent them.
type needle struct {
	lines secrets.Value // []string, the longest first
	p     *plain
}

func (n *needles) add(text string, p *plain) {
	lines := strings.Fields(text)
	if !strings.Contains(text, "\n") {
		lines = []string{text}
	}
	lines = slices.DeleteFunc(lines, func(l string) bool { return len(l) < rawText })
	if len(lines) == 0 {
		return
	}
	slices.SortStableFunc(lines, func(a, b string) int { return len(b) - len(a) })
	start := binary.BigEndian.Uint64([]byte(lines[0]))
	n.by[start] = append(n.by[start], needle{secrets.Hide(lines), p})
	n.filter[slot(start)>>6] |= 1 << (slot(start) & 63)
}

func slot(start uint64) uint64 { return start * 0x9E3779B97F4A7C15 >> 48 }

// in calls a function with what is found in a text.
func (n *needles) in(text []byte, found func(*plain)) {
	var start uint64
	for i, b := range text {
		start = start<<8 | uint64(b)
		if s := slot(start); i < rawText-1 || n.filter[s>>6]&(1<<(s&63)) == 0 {
			continue
		}
		for _, x := range n.by[start] {
			if x.stands(text, text[i+1-rawText:]) {
				found(x.p)
			}
		}
	}
}

func (x needle) stands(all, here []byte) bool {
	lines, _ := x.lines.Expose().([]string)
	if x.p.commit != "" || !bytes.HasPrefix(here, []byte(lines[0])) {
		return false
	}
	return !slices.ContainsFunc(lines[1:], func(l string) bool { return !bytes.Contains(all, []byte(l)) })
}

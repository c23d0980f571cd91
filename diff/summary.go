package diff

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"slices"
	"sort"

	"connsync/manifest"
)

// Count is how many changes have an action.
func (p Plan) Count(a Action) int {
	n := 0
	for i := range p.Changes {
		if p.Changes[i].Action == a {
			n++
		}
	}
	return n
}

// Keep leaves only the changes of some names.
func (p *Plan) Keep(only func(name string) bool) {
	var kept []Change
	for _, c := range p.Changes {
		if only(c.Name) {
			kept = append(kept, c)
		}
	}
	p.Changes = kept
}

// Writes is how many connections a sync would send.
func (p Plan) Writes() int {
	n := 0
	for i := range p.Changes {
		if p.Changes[i].Write {
			n++
		}
	}
	return n
}

// Pending tells whether something waits to be done or decided: a write, or a conflict. What is only
// recorded, forgotten or orphaned is not.
func (p Plan) Pending() bool { return p.Writes() > 0 || p.Count(Conflict) > 0 }

// digested is what of a change its hash covers.
type digested struct {
	Action   Action
	Name, ID string
	Plugin   Plugin
	Fields   [][2]string
	Secrets  [][3]string
	Conflict *ConflictDetail
}

// Hash names what plans would do: 64 hex digits, the SHA-256 of the writes and conflicts, with the digests of new settings
// and of ciphertexts. Equal plans have equal hashes, whatever commits, positions and times they were made at.
func Hash(plans ...Plan) string {
	sorted := slices.Clone(plans)
	sort.SliceStable(sorted, func(i, j int) bool { return sorted[i].Target < sorted[j].Target })
	h := sha256.New()
	all := &list{to: h}
	for _, p := range sorted {
		all.next()
		digestPlan(h, p)
	}
	all.end("\n")
	return hex.EncodeToString(h.Sum(nil))
}

// digestPlan writes what a hash covers of a plan, as JSON, change by change: as one value, the digests of thousands would be held at once.
func digestPlan(h io.Writer, p Plan) {
	head := marshal(struct {
		Target string
		Place  Place
	}{p.Target, p.Place})
	_, _ = h.Write(append(head[:len(head)-1], `,"Changes":`...))
	changes := &list{to: h}
	for i := range p.Changes {
		if c := &p.Changes[i]; c.Write || c.Action == Conflict {
			changes.next()
			_, _ = h.Write(marshal(digest(c)))
		}
	}
	changes.end("}")
}

// list writes what is around the members of a list in JSON.
type list struct {
	to io.Writer
	n  int
}

// next is called before each member.
func (l *list) next() {
	mark := ","
	if l.n == 0 {
		mark = "["
	}
	_, _ = io.WriteString(l.to, mark)
	l.n++
}

func (l *list) end(then string) {
	if l.n == 0 {
		_, _ = io.WriteString(l.to, "[")
	}
	_, _ = io.WriteString(l.to, "]"+then)
}

// marshal is for strings and slices of strings: nothing that can fail.
func marshal(v any) []byte {
	text, _ := json.Marshal(v)
	return text
}

func digest(c *Change) digested {
	d := digested{Action: c.Action, Name: c.Name, ID: c.ID, Plugin: c.Plugin, Conflict: c.Conflict}
	for _, f := range c.Fields {
		d.Fields = append(d.Fields, [2]string{string(f.Path), manifest.ValueDigest(f.New)})
	}
	for _, s := range c.Secrets {
		d.Secrets = append(d.Secrets, [3]string{string(s.Path), string(s.Word), string(s.Fingerprint)})
	}
	return d
}

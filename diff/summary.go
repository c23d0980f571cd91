package diff

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
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
	type target struct {
		Target  string
		Place   Place
		Changes []digested
	}
	all := make([]target, 0, len(plans))
	for _, p := range plans {
		t := target{Target: p.Target, Place: p.Place, Changes: []digested{}}
		for i := range p.Changes {
			if c := &p.Changes[i]; c.Write || c.Action == Conflict {
				t.Changes = append(t.Changes, digest(c))
			}
		}
		all = append(all, t)
	}
	sort.Slice(all, func(i, j int) bool { return all[i].Target < all[j].Target })
	h := sha256.New()
	_ = json.NewEncoder(h).Encode(all) // strings and slices of strings: nothing that can fail
	return hex.EncodeToString(h.Sum(nil))
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

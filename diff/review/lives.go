package review

import (
	"maps"
	"time"

	"connsync/manifest"
	"connsync/secrets"
)

// Moment is a commit and its time. Without a commit it is what no commit has yet.
type Moment struct {
	Commit string
	Time   time.Time
}

// The value of a secret lives from the first version with it. SOPS keeps the initialisation vector (IV) of a ciphertext while its value stays, for one
// target, connection and setting; so an IV tells a value. A new one is another value where something else of the file
// stayed: the data key, or the IV of a neighbour. Where all is new, and after a rename or a removal, nothing tells. Then it is taken for the same value:
// a secret is rather too old than too young, and rather known to too many.

// seat is where a value can be opened: list positions are not part of it.
type seat struct {
	owner
	bound string
}

// life is one value of a secret, and what is known of it.
type life struct {
	since Moment
	cut   bool // the first version in sight has parents out of sight: the value may be older
	kind  string
	size  int
	marks map[secrets.Fingerprint]bool // its ciphertexts
	rings map[*ring]Moment             // who could open a version with it, with the last such version
}

// sight is a ciphertext's value.
type sight struct {
	*life
	perhaps Moment // when it was encrypted anew, and nothing tells whether as another one
}

// lives follows all secrets through the versions of a history, each version after those it was made from.
type lives struct {
	byIV map[seat]map[string]sight
	last map[seat][]sight     // in the newest version with the place
	held map[string]*snapshot // by content, and file
	full bool                 // there is more than is remembered
	kept int                  // places in all snapshots
}

// snapshot is what one content of a file held.
type snapshot struct {
	document *document
	lives    map[seat][]sight
}

func newLives() *lives {
	return &lives{byIV: map[seat]map[string]sight{}, last: map[seat][]sight{}, held: map[string]*snapshot{}}
}

func contentOf(file, blob string) string { return blob + " " + file }

// note takes up a version of a file.
func (t *lives) note(d *document, v FileVersion, r *ring) {
	s := &snapshot{d, map[seat][]sight{}}
	var before []*snapshot
	for _, blob := range v.Before {
		if b := t.held[contentOf(v.File, blob)]; b != nil {
			before = append(before, b)
		}
	}
	now := Moment{v.Commit, v.Time}
	for _, e := range d.connections {
		for _, l := range e.leaves {
			if l.secret == nil {
				continue
			}
			at := seat{owner{e.target, e.name}, l.at.Bound()}
			x := t.of(at, owner{e.target, e.previously}, l.secret.Ciphertext, d, before, now)
			x.cut = x.cut || v.Cut && x.since == now
			x.hold(*l.secret, now, r)
			s.lives[at] = append(s.lives[at], x)
		}
	}
	maps.Copy(t.last, s.lives)
	t.keep(contentOf(v.File, v.Blob), s)
}

func (t *lives) keep(content string, s *snapshot) {
	if t.kept += len(s.lives); t.kept > maxSettings {
		t.full = true
		return
	}
	t.held[content] = s
}

// of is the value of a ciphertext.
func (t *lives) of(at seat, was owner, c secrets.Ciphertext, d *document, before []*snapshot, now Moment) sight {
	if t.byIV[at] == nil {
		t.byIV[at] = map[string]sight{}
	}
	x, known := t.byIV[at][c.IV]
	if !known || x.size != c.Size {
		x = t.perhaps(at, was, c, d, before)
		switch {
		case x.life == nil:
			x.life = &life{since: now, size: c.Size, marks: map[secrets.Fingerprint]bool{}, rings: map[*ring]Moment{}}
		default:
			x.perhaps = now
		}
		x.kind = c.Kind
		t.byIV[at][c.IV] = x
	}
	if now.Commit != "" && now.Time.Before(x.since.Time) { // a clock was ahead
		x.since = now
	}
	return x
}

// perhaps is the oldest possible value of a ciphertext with a new IV, with all that is known of its other possible values; none where it holds a
// new one.
func (t *lives) perhaps(at seat, was owner, c secrets.Ciphertext, d *document, before []*snapshot) sight {
	var found sight
	there := false
	may := func(xs []sight, related bool) {
		for _, x := range xs {
			if x.size == c.Size && !(related && x.kind == c.Kind) {
				found.life = found.or(x.life)
			}
		}
	}
	for _, b := range before {
		if xs := b.lives[at]; xs != nil {
			there = true
			may(xs, d.related(b.document))
		}
	}
	switch {
	case there:
	case t.last[at] != nil:
		may(t.last[at], false)
	case was.name != "":
		may(t.last[seat{was, at.bound}], false)
	}
	return found
}

// or is the older of two possible values of one ciphertext. Who could open either may have it.
func (x *life) or(y *life) *life {
	switch {
	case x == nil || x == y:
		return y
	case y.since.Time.Before(x.since.Time):
		x, y = y, x
	}
	maps.Copy(x.rings, y.rings)
	for mark := range y.marks {
		x.marks[mark] = true
	}
	x.cut = x.cut || y.cut
	return x
}

// hold notes a ciphertext of the value, and who can open it.
func (x *life) hold(s secrets.Ref, now Moment, r *ring) {
	x.marks[s.Fingerprint] = true
	if r != nil {
		x.rings[r] = now
	}
}

// ring is who can open a version of a file.
type ring struct{ recipients []manifest.Recipient }

// rings are those of a history, and the data keys they open.
type rings struct {
	all  map[string]*ring // by what is equal for equal ones
	keys map[dataKey]Moment
}

// dataKey is a data key, by a part of it (origins.keys), and who can open it.
type dataKey struct {
	part string
	ring *ring
}

func newRings() *rings { return &rings{map[string]*ring{}, map[dataKey]Moment{}} }

// note takes up who can open a version; nil where no recipient can be told.
func (r *rings) note(d *document, now Moment) *ring {
	if d.sops == nil || len(d.sops.Recipients) == 0 {
		return nil
	}
	id := d.sops.KeysDigest
	for _, one := range d.sops.Recipients {
		id += "\x00" + one.String()
	}
	x := r.all[id]
	if x == nil {
		x = &ring{d.sops.Recipients}
		r.all[id] = x
	}
	refs, _ := d.secrets()
	if of := parts(d.sops, refs); len(of) > 0 {
		r.keys[dataKey{of[0], x}] = now
	}
	return x
}

// byKey are the rings that open each data key.
func (r *rings) byKey(o *origins) map[string]map[*ring]Moment {
	out := map[string]map[*ring]Moment{}
	for k, m := range r.keys {
		if _, known := o.keys[k.part]; !known {
			continue
		}
		root := o.root(k.part)
		if out[root] == nil {
			out[root] = map[*ring]Moment{}
		}
		out[root][k.ring] = m
	}
	return out
}

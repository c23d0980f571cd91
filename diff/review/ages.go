package review

import (
	"cmp"
	"slices"

	"connsync/diff"
	"connsync/manifest"
	"connsync/secrets"
)

// Past is a history as a whole, up to the commit of a side's files, or the one they were made from.
type Past struct {
	Head Moment
	// All calls a function with each version of a file up to the head, if want names the file, each commit after its parents. complete is false where the
	// history is cut off, or too long to keep.
	All func(want func(file string) bool, each func(FileVersion) error) (complete bool, err error)
	// Blob is the content of a file in the head; "" for none.
	Blob func(file string) string
}

// Inventory is every secret of a side, and what a history tells of them.
type Inventory struct {
	Secrets  []Secret                        // in order of target, name and path
	Known    []manifest.Recipient            // everyone who could open some version of a file
	Keys     map[string][]manifest.Recipient // by file: everyone who could open a version with its present data key
	Complete bool                            // otherwise the history is cut off: ages and readers are at least those
}

// Secret is a secret, and what tells of its present value without a key.
type Secret struct {
	diff.Spot
	Pos     manifest.Position
	Set     Moment // the first version with it, as far as can be told; no commit where it is in none yet
	AtLeast bool   // it may be older: what was before is not in sight
	Perhaps Moment // the last time it was encrypted anew, and nothing tells whether it became another one; none without a commit
	InClear Moment // a version with it in the clear, as far as can be told; none without a commit
	Now     []manifest.Recipient
	Readers []Reader    // everyone who could ever open it, in order
	Twins   []diff.Spot // other secrets of the same value, as far as can be told
}

// Reader is a recipient able to open the value of a secret.
type Reader struct {
	manifest.Recipient
	Key   bool   // only because it could open the file's data key in another version
	Since Moment // the last version it could open
	Still bool   // it is a recipient of the file now
}

// Ages reads a history, and tells of each secret of a side how old its value is, who could ever open it, and where it stands again. It needs no key.
func Ages(side Side, past Past) (Inventory, error) {
	a := aging{side: side, past: past, trail: newTrail(side.Set), origins: newOrigins(), lives: newLives(), rings: newRings(), times: map[string]Moment{}}
	if err := a.read(); err != nil {
		return Inventory{}, err
	}
	out := Inventory{Keys: map[string][]manifest.Recipient{}}
	out.Secrets = a.secrets(out.Keys)
	out.Known = a.known()
	out.Complete = a.complete && !a.trail.full && !a.lives.full
	slices.SortStableFunc(out.Secrets, func(x, y Secret) int {
		return cmp.Or(cmp.Compare(x.Target, y.Target), cmp.Compare(x.Name, y.Name), cmp.Compare(x.Path, y.Path))
	})
	return out, nil
}

// aging is what is gathered while a history is read.
type aging struct {
	side     Side
	past     Past
	trail    *trail
	origins  *origins
	lives    *lives
	rings    *rings
	times    map[string]Moment // of commits
	complete bool
}

// read goes through the history once.
func (a *aging) read() error {
	in, settings := reader{project: a.side.Project}, 0
	complete, err := a.past.All(searched(a.side.Project), func(v FileVersion) error {
		d, err := in.document(v)
		if err != nil || d == nil || settings > maxSettings {
			return err
		}
		for _, e := range d.connections {
			settings += len(e.leaves)
		}
		settings += len(d.lines)
		a.times[v.Commit] = Moment{v.Commit, v.Time}
		a.trail.note(d, v.File, v.Commit)
		a.version(d, v)
		return nil
	})
	a.complete = complete && !in.cut && settings <= maxSettings
	return err
}

func (a *aging) version(d *document, v FileVersion) {
	a.origins.note(d, false)
	a.lives.note(d, v, a.rings.note(d, Moment{v.Commit, v.Time}))
}

// secrets are those of the side, judged after all versions. keys takes up who has the data key of each file.
func (a *aging) secrets(keys map[string][]manifest.Recipient) []Secret {
	documents := map[string]*document{}
	for _, f := range a.side.Set.Files {
		if len(a.trail.byFile[f.Path]) > 0 {
			documents[f.Path] = a.trail.document(f)
			a.version(documents[f.Path], a.head(f))
		}
	}
	byKey, twins := a.rings.byKey(a.origins), newTwins()
	for file, d := range documents {
		keys[file] = a.holders(d, byKey)
	}
	var out []Secret
	for i := range a.side.Set.Connections {
		c := &a.side.Set.Connections[i]
		o, d := owner{c.Target, c.Name}, documents[c.File.Path]
		a.trail.rename(o, owner{c.Target, c.Previously})
		for _, x := range manifest.Settings("config", c.Config) {
			if x.Secret == nil {
				continue
			}
			l := a.lives.byIV[seat{o, x.Path.Bound()}][x.Secret.Ciphertext.IV]
			s := a.secret(c, x, l, byKey)
			es := a.trail.judged(o, x, d)
			a.clear(&s, es)
			twins.note(s.Spot, *x.Secret, es)
			out = append(out, s)
		}
	}
	for i := range out {
		out[i].Twins = twins.of(out[i].Spot)
	}
	return out
}

// holders are everyone who could open a version with the data key of a document.
func (a *aging) holders(d *document, byKey map[string]map[*ring]Moment) []manifest.Recipient {
	if d.sops == nil {
		return nil
	}
	out := slices.Clone(d.sops.Recipients)
	refs, _ := d.secrets()
	for _, part := range parts(d.sops, refs) {
		if a.origins.keys[part] == "" {
			continue
		}
		for r := range byKey[a.origins.root(part)] {
			out = append(out, manifest.Missing(r.recipients, out)...)
		}
		break // all belong to one
	}
	return out
}

// head is a file of the side as a version: of the commit, or of none yet.
func (a *aging) head(f manifest.File) FileVersion {
	committed := a.past.Blob(f.Path)
	v := FileVersion{File: f.Path, Blob: f.Blob}
	if committed != "" {
		v.Before = []string{committed}
	}
	unseen := a.lives.held[contentOf(f.Path, committed)] == nil // what it was made from is not in sight
	if committed == f.Blob || committed != "" && unseen {
		v.Commit, v.Time, v.Cut = a.past.Head.Commit, a.past.Head.Time, unseen && !a.complete
	}
	return v
}

// secret is one secret without what it was in the clear.
func (a *aging) secret(c *manifest.Connection, x manifest.Setting, l sight, byKey map[string]map[*ring]Moment) Secret {
	s := Secret{
		Spot: diff.Spot{Target: c.Target, Name: c.Name, Path: x.Path, File: c.File.Path}, Pos: c.At(x.Path),
		Set: l.since, AtLeast: l.cut, Perhaps: l.perhaps,
	}
	if c.File.Sops != nil {
		s.Now = c.File.Sops.Recipients
	}
	found := map[manifest.Recipient]Reader{}
	for r, m := range l.rings {
		readers(found, r, m, false)
	}
	for mark := range l.marks {
		if part := "secret " + string(mark); a.origins.keys[part] != "" {
			for r, m := range byKey[a.origins.root(part)] {
				readers(found, r, m, true)
			}
		}
	}
	for _, r := range found {
		r.Still = len(manifest.Missing([]manifest.Recipient{r.Recipient}, s.Now)) == 0
		s.Readers = append(s.Readers, r)
	}
	slices.SortFunc(s.Readers, func(x, y Reader) int { return cmp.Or(cmp.Compare(x.Kind, y.Kind), cmp.Compare(x.ID, y.ID)) })
	return s
}

// readers adds those of a ring. If one of them could open a version with the value, it is not said to have the key only.
func readers(found map[manifest.Recipient]Reader, r *ring, m Moment, key bool) {
	for _, one := range r.recipients {
		was, there := found[one]
		newer := m.Commit == "" || was.Since.Commit != "" && m.Time.After(was.Since.Time)
		if !there || was.Key && !key || was.Key == key && newer {
			found[one] = Reader{Recipient: one, Key: key, Since: m}
		}
	}
}

// clear takes up what the value was in the clear: it is no younger than this.
func (a *aging) clear(s *Secret, es []*exposure) {
	for _, e := range es {
		if e.over {
			continue
		}
		first, last := a.times[e.commit], a.times[e.until]
		if s.Set.Commit == "" || first.Time.Before(s.Set.Time) {
			s.Set = first
		}
		if s.InClear.Commit == "" || s.InClear.Time.Before(last.Time) {
			s.InClear = last
		}
	}
}

// known are everyone who could open some version of a file.
func (a *aging) known() []manifest.Recipient {
	var out []manifest.Recipient
	for _, r := range a.rings.all {
		out = append(out, manifest.Missing(r.recipients, out)...)
	}
	slices.SortFunc(out, func(x, y manifest.Recipient) int { return cmp.Or(cmp.Compare(x.Kind, y.Kind), cmp.Compare(x.ID, y.ID)) })
	return out
}

// maxTwins is how many places of a value are named.
const maxTwins = 100

// twins are secrets of one value: by the IV (SOPS gives one to equal items of a list, and a copy keeps it), and by what they were in the clear.
type twins struct {
	by   map[string][]diff.Spot
	keys map[diff.Spot][]string
}

func newTwins() *twins { return &twins{map[string][]diff.Spot{}, map[diff.Spot][]string{}} }

func (t *twins) note(s diff.Spot, ref secrets.Ref, es []*exposure) {
	keys := []string{"iv " + ref.Ciphertext.Mark()}
	for _, e := range es {
		if !e.over && e.text != "" {
			keys = append(keys, "text "+e.text)
		}
	}
	for _, k := range keys {
		t.by[k], t.keys[s] = append(t.by[k], s), append(t.keys[s], k)
	}
}

// of are the others, in order, each once.
func (t *twins) of(s diff.Spot) []diff.Spot {
	var out []diff.Spot
	for _, k := range t.keys[s] {
		for _, other := range t.by[k] {
			if len(out) < maxTwins && other != s && !slices.Contains(out, other) {
				out = append(out, other)
			}
		}
	}
	slices.SortFunc(out, func(x, y diff.Spot) int {
		return cmp.Or(cmp.Compare(x.Target, y.Target), cmp.Compare(x.Name, y.Name), cmp.Compare(x.Path, y.Path))
	})
	return out
}

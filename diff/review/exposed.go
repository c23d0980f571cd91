package review

import (
	"connsync/diff"
	"connsync/manifest"
	"connsync/secrets"
)

// A secret in the clear in some version is exposed until another value is set. Without a key, connsync tells this by what SOPS leaves to
// see: the plaintext's size, and an initialisation vector (IV). The IV stays while the value stays, through a new data key too. Where nothing
// tells, it is still exposed.

// owner is a connection of a target.
type owner struct{ target, name string }

// exposure is a value once in the clear, and what became of it.
type exposure struct {
	clearText
	commit string          // the first with it
	until  string          // and the last
	ivs    map[string]bool // of its possible ciphertexts; empty until it was encrypted
	over   bool            // another value was set
	gone   bool            // the setting was not there in the newest version
	last   *document       // with its ciphertext
}

// trail follows settings through the versions of a branch.
type trail struct {
	exposed map[owner]map[secrets.Path][]*exposure
	file    map[owner]string                  // where each stood last
	byFile  map[string][]*manifest.Connection // of the head
	full    bool                              // of a secret of the head more values than are remembered, perhaps
}

// maxExposures is how many values of one setting are remembered.
const maxExposures = 32

func newTrail(head manifest.Set) *trail {
	t := &trail{exposed: map[owner]map[secrets.Path][]*exposure{}, file: map[owner]string{}, byFile: map[string][]*manifest.Connection{}}
	for i := range head.Connections {
		c := &head.Connections[i]
		t.byFile[c.File.Path] = append(t.byFile[c.File.Path], c)
	}
	return t
}

// note takes up what one version of a file says.
func (t *trail) note(d *document, file, commit string) {
	there := make(map[owner]bool, len(d.connections))
	for _, e := range d.connections {
		o := owner{e.target, e.name}
		there[o], t.file[o] = true, file
		t.rename(o, owner{e.target, e.previously})
		t.settings(o, e.leaves, d, commit)
	}
	for _, l := range d.lines {
		t.line(l, stem(file), commit)
	}
	if len(d.lines) > 0 {
		return // broken: what is not there may be there
	}
	for o, paths := range t.exposed {
		if t.file[o] == file && !there[o] {
			for _, es := range paths {
				leave(es)
			}
		}
	}
}

// rename lets a connection inherit what was exposed under its former name.
func (t *trail) rename(now, was owner) {
	for at, es := range t.exposed[was] {
		if was.name == "" || t.exposed[now][at] != nil {
			continue
		}
		for _, e := range es {
			copied := *e
			copied.gone = e.gone || !e.over // what still holds is encrypted anew for the new name, whatever else stays
			copied.ivs = map[string]bool{}
			for iv := range e.ivs {
				copied.ivs[iv] = true
			}
			t.add(now, at, &copied)
		}
	}
}

func (t *trail) add(o owner, at secrets.Path, e *exposure) {
	if t.exposed[o] == nil {
		t.exposed[o] = map[secrets.Path][]*exposure{}
	}
	if len(t.exposed[o][at]) == maxExposures {
		return // told where it matters, if the setting is a secret at last
	}
	t.exposed[o][at] = append(t.exposed[o][at], e)
}

// settings takes up the settings of one connection.
func (t *trail) settings(o owner, leaves []leaf, d *document, commit string) {
	seen := make(map[secrets.Path]bool, len(leaves))
	for _, l := range leaves {
		seen[l.at] = true
		if l.secret == nil {
			t.clear(o, l.at, l.clear, commit)
			continue
		}
		for _, e := range t.exposed[o][l.at] {
			e.encrypted(*l.secret, d)
		}
	}
	for at, es := range t.exposed[o] {
		if !seen[at] {
			leave(es)
		}
	}
}

func leave(es []*exposure) {
	for _, e := range es {
		e.gone = true
	}
}

// clear notes a value in the clear.
func (t *trail) clear(o owner, at secrets.Path, text clearText, commit string) {
	for _, e := range t.exposed[o][at] {
		if e.digest == text.digest {
			e.over, e.gone, e.looks, e.until = false, false, e.looks || text.looks, commit
			return
		}
	}
	t.add(o, at, &exposure{clearText: text, commit: commit, until: commit, ivs: map[string]bool{}})
}

// line notes a line of a broken manifest or of a leftover: of the setting at the end of its keys, or else of all secrets under its key in the file
// of this version.
func (t *trail) line(l line, file, commit string) {
	if target, name, at, ok := l.setting(); ok {
		t.clear(owner{target, name}, at, l.clear, commit)
		return
	}
	key := l.keys[len(l.keys)-1]
	for _, c := range t.byFile[file] {
		for _, x := range manifest.Settings("config", c.Config) {
			if x.Secret != nil && x.Path.Last() == key {
				t.clear(owner{c.Target, c.Name}, x.Path, l.clear, commit)
			}
		}
	}
}

// encrypted judges one ciphertext at the place of a value once in the clear.
func (e *exposure) encrypted(s secrets.Ref, d *document) {
	c := s.Ciphertext
	fits := c.Kind != "str" || e.size < 0 || c.Size >= e.size && c.Size <= e.size+2 // spaces, or a line break, around it
	unknown := c.Kind != "str" || s.Path.Bound() != string(s.Path)                  // sops encrypts equal ones anew, and items of lists
	switch {
	case e.ivs[c.IV]: // also where it came back
		e.over = false
	case !fits:
		e.over = true
	case len(e.ivs) == 0, e.gone, !e.over && unknown:
		e.ivs[c.IV], e.over = true, false
	case e.over:
	case d.related(e.last):
		e.over = true
	default:
		e.ivs[c.IV] = true
	}
	e.gone, e.last = false, d
}

// open is the first value of a secret that may still hold: those of the branch, and those like secrets, before others. nil is none.
func open(es []*exposure, base string) *exposure {
	var found *exposure
	for _, e := range es {
		switch {
		case e.over:
		case e.fatal(base):
			return e
		case found == nil:
			found = e
		}
	}
	return found
}

// lasts are the last commits with a value that a secret may still have.
func (t *trail) lasts(s diff.Spot) []string {
	var out []string
	for _, e := range t.exposed[owner{s.Target, s.Name}][s.Path] {
		if !e.over {
			out = append(out, e.until)
		}
	}
	return out
}

// fatal tells whether the branch exposed what looks like a secret.
func (e *exposure) fatal(base string) bool { return e.looks && e.commit != base }

// findings are the exposed secrets of the head.
func (t *trail) findings(head, base Side) []Finding {
	var out []Finding
	documents := map[string]*document{}
	for i := range head.Set.Connections {
		c := &head.Set.Connections[i]
		o := owner{c.Target, c.Name}
		t.rename(o, owner{c.Target, c.Previously})
		if len(t.exposed[o]) == 0 {
			continue
		}
		d := documents[c.File.Path]
		if d == nil {
			d = t.document(c.File)
			documents[c.File.Path] = d
		}
		for _, x := range manifest.Settings("config", c.Config) {
			if x.Secret == nil {
				continue
			}
			if e := open(t.judged(o, x, d), base.Commit); e != nil {
				spot := diff.Spot{Target: c.Target, Name: c.Name, Path: x.Path, File: c.File.Path}
				out = append(out, Finding{Kind: Exposed, Fatal: e.fatal(base.Commit), Pos: c.At(x.Path), Spot: spot, Commit: e.commit, Until: e.until})
			}
		}
	}
	return out
}

// judged are the former values in the clear of a secret of the head, after its own ciphertext was judged.
func (t *trail) judged(o owner, x manifest.Setting, d *document) []*exposure {
	es := t.exposed[o][x.Path]
	t.full = t.full || len(es) == maxExposures
	for _, e := range es {
		e.encrypted(*x.Secret, d)
	}
	return es
}

// document is what a file of the head says.
func (t *trail) document(f manifest.File) *document {
	var cs []manifest.Connection
	for _, c := range t.byFile[f.Path] {
		cs = append(cs, *c)
	}
	return documentOf(f, cs)
}

package review

import (
	"sort"

	"connsync/diff"
	"connsync/manifest"
)

// FindingKind names what is wrong with the head of a branch.
type FindingKind string

// The kinds.
const (
	Wrong     FindingKind = "wrong"     // by itself: Mistake says what
	Edited    FindingKind = "edited"    // values changed, and the MAC is still the old one: the file does not open
	Mixed     FindingKind = "mixed"     // parts of versions with two data keys: the file does not open
	Moved     FindingKind = "moved"     // the ciphertext of Spot stood at From: it opens in one place only
	Repointed FindingKind = "repointed" // the destination Spot changed, and sops did not write the file since
	Unsealed  FindingKind = "unsealed"  // the connection at Spot had a seal
	Resealed  FindingKind = "resealed"  // what stands at Spot is not what was there when the connection was sealed
	Exposed   FindingKind = "exposed"   // the secret at Spot was in the clear in Commit
	Replaced  FindingKind = "replaced"  // the secret at Spot was in the clear in Commit, and is another one now, as its manifest says
	Needless  FindingKind = "needless"  // a manifest says this of a secret that does not need it, or not any more
	CutOff    FindingKind = "cut-off"   // not every commit of the branch was searched for secrets in the clear
)

// Finding is something wrong with the head, at its place.
type Finding struct {
	Kind    FindingKind
	Fatal   bool // a sync would refuse it, or a secret is exposed; otherwise it is only worth a look
	Pos     manifest.Position
	Mistake manifest.Mistake // of Wrong
	Spot    diff.Spot        // what it is about; of Edited the file alone
	From    diff.Spot        // of Moved
	MACOnly bool             // of Edited: the MAC covers encrypted values only
	Commit  string           // of Exposed and Replaced: the first; of Needless: the named one
	Until   string           // of Exposed: a commit without an answer of its manifest; "" where a key tells
	Proven  bool             // of Exposed: still the same, as a key tells
	Named   string           // of Exposed: another commit, named by the manifest
	Merged  bool             // of Needless: the commit is part of the base
}

// Findings are what a sync would refuse, and secrets exposed by the branch, in order of their places. Of the files opened with a key it is
// known which secrets these are; nil is none.
func (r *Review) Findings(opened Opened) ([]Finding, error) {
	x := r.exact(opened)
	told, err := r.told(x)
	if err != nil {
		return nil, err
	}
	broken, err := r.broken(told.origins)
	if err != nil {
		return nil, err
	}
	seals, err := r.seals(told.origins)
	if err != nil {
		return nil, err
	}
	exposed := x.instead(told.trail.findings(r.head, r.base), opened, r.base.Commit)
	told.complete = told.complete && !told.trail.full
	out := append(r.placed(r.settled(r.head.Findings())), broken...)
	out = append(append(append(append(out, r.moved()...), r.repointed()...), seals...), r.answered(exposed, told)...)
	sort.SliceStable(out, func(i, j int) bool {
		a, b := out[i].Pos, out[j].Pos
		return a.File < b.File || a.File == b.File && a.Line < b.Line
	})
	if !told.complete {
		out = append(out, Finding{Kind: CutOff, Pos: manifest.Position{File: r.head.Project.File}})
	}
	return out, nil
}

// told is what the versions of a branch say.
type told struct {
	trail    *trail
	origins  *origins
	complete bool
}

// maxSettings is how many settings of all versions together are looked at.
const maxSettings = 5_000_000

// told goes through the history once.
func (r *Review) told(x *exact) (told, error) {
	t := told{trail: newTrail(r.head.Set), origins: newOrigins()}
	for _, d := range r.baseDocuments() {
		t.origins.note(d.document, true)
		t.trail.note(d.document, d.file, r.base.Commit)
		x.document(d.document, r.base.Commit)
	}
	in, settings := reader{project: r.head.Project}, 0
	wanted := searched(r.head.Project)
	complete, err := r.history.Since(wanted, func(v FileVersion) error {
		if err := x.version(v, &in); err != nil {
			return err
		}
		d, err := in.document(v)
		if err != nil || d == nil || settings > maxSettings {
			return err
		}
		for _, e := range d.connections {
			settings += len(e.leaves)
		}
		settings += len(d.lines)
		t.origins.note(d, v.Outside)
		if !v.Outside {
			t.trail.note(d, v.File, v.Commit)
			x.document(d, v.Commit)
		}
		return nil
	})
	if err != nil {
		return t, err
	}
	others, err := x.others(r.history, wanted)
	t.complete = complete && others && !in.cut && settings <= maxSettings
	return t, err
}

// baseDocument is a file of the base.
type baseDocument struct {
	file     string
	document *document
}

// baseDocuments are the files of the base with another content at the head, in order.
func (r *Review) baseDocuments() []baseDocument {
	after := filesOf(r.head.Set)
	connections := map[string][]manifest.Connection{}
	for _, c := range r.base.Set.Connections {
		if f, ok := after[c.File.Path]; !ok || f.Digest != c.File.Digest {
			connections[c.File.Path] = append(connections[c.File.Path], c)
		}
	}
	var out []baseDocument
	for _, f := range r.base.Set.Files {
		if cs := connections[f.Path]; len(cs) > 0 {
			out = append(out, baseDocument{f.Path, documentOf(f, cs)})
		}
	}
	return out
}

// Findings are the mistakes of a side.
func (s Side) Findings() []Finding {
	out := make([]Finding, 0, len(s.Mistakes))
	for _, m := range s.Mistakes {
		out = append(out, Finding{Kind: Wrong, Fatal: !m.Warning, Pos: m.Pos, Mistake: m})
	}
	return out
}

// settled makes warnings of what lies between a file and its rule where the branch changed neither.
func (r *Review) settled(fs []Finding) []Finding {
	for i := range fs {
		fs[i].Fatal = fs[i].Fatal && !r.head.Set.Settled(fs[i].Mistake, r.base.Set)
	}
	return fs
}

// placed tells what is wrong with two places at the one changed by the branch.
func (r *Review) placed(fs []Finding) []Finding {
	changed, before := map[string]bool{}, filesOf(r.base.Set)
	for _, f := range r.head.Set.Files {
		changed[f.Path] = before[f.Path].Digest != f.Digest
	}
	came := map[manifest.Position]bool{}
	for _, m := range r.moves {
		came[m.Pos] = true
	}
	for i, f := range fs {
		twin := f.Mistake.Twin
		if twin == nil || came[f.Pos] || !came[twin.Pos] && (changed[f.Pos.File] || !changed[twin.Pos.File]) {
			continue
		}
		fs[i].Pos, fs[i].Mistake = twin.Pos, *twin
	}
	return fs
}

// broken finds the changed files whose parts do not belong together, as the versions in sight show.
func (r *Review) broken(o *origins) ([]Finding, error) {
	before := filesOf(r.base.Set)
	connections := map[string][]manifest.Connection{}
	for _, c := range edited(r.head.Set, r.base.Set) {
		connections[c.File.Path] = append(connections[c.File.Path], c)
	}
	var out []Finding
	for _, f := range r.head.Set.Files {
		if f.Sops == nil || f.Sops.MAC == "" || before[f.Path].Digest == f.Digest {
			continue
		}
		d := documentOf(f, connections[f.Path])
		refs, spots := d.secrets()
		found := o.judge(f.Sops, refs)
		if found.mac {
			mended, err := r.mends(f, o.macs[f.Sops.MAC])
			if err != nil {
				return nil, err
			}
			found.mac = !mended
		}
		out = append(out, brokenFile(f, found)...)
		for i, from := range found.moved {
			if !r.toldMoved(spots[i]) {
				out = append(out, Finding{Kind: Moved, Fatal: true, Pos: posOf(connections[f.Path], spots[i]), Spot: spots[i], From: from})
			}
		}
	}
	return out, nil
}

func brokenFile(f manifest.File, found broken) []Finding {
	switch at := (diff.Spot{File: f.Path}); {
	case found.mac:
		return []Finding{{Kind: Edited, Fatal: true, Pos: f.Sops.Pos, Spot: at, MACOnly: f.Sops.MACOnlyEncrypted}}
	case found.mixed:
		return []Finding{{Kind: Mixed, Fatal: true, Pos: f.Sops.Pos, Spot: at}}
	}
	return nil
}

// toldMoved tells whether a secret is among the moves since the base, or a copy, a mistake by itself.
func (r *Review) toldMoved(s diff.Spot) bool {
	for _, m := range r.moves {
		if m.Target == s.Target && m.Name == s.Name && m.Path == s.Path {
			return true
		}
	}
	return false
}

func posOf(cs []manifest.Connection, s diff.Spot) manifest.Position {
	for _, c := range cs {
		if c.Target == s.Target && c.Name == s.Name {
			return c.At(s.Path)
		}
	}
	return manifest.Position{File: s.File}
}

// mends tells whether a file is as it was when its MAC came, before the base: then the base is what was broken.
func (r *Review) mends(f manifest.File, first made) (bool, error) {
	if !first.before {
		return false, nil
	}
	in, passed := reader{project: r.head.Project}, 0
	_, err := r.history.Before(f.Path, func(v FileVersion) (bool, error) {
		d, err := in.document(v)
		if err != nil {
			return false, err
		}
		if d != nil && d.sops != nil && d.sops.MAC == f.Sops.MAC {
			first = madeOf(d.sops, true)
		} else {
			passed++
		}
		return passed < maxPassed, nil
	})
	return first.fits(madeOf(f.Sops, false)), err
}

// maxPassed is how many versions of a file with other MACs are gone past in search of the one that introduced a MAC.
const maxPassed = 20

// moved are the moved ciphertexts; where one stands in two places, the head is wrong by itself.
func (r *Review) moved() []Finding {
	var out []Finding
	for _, m := range r.moves {
		if !m.Copied {
			spot := diff.Spot{Target: m.Target, Name: m.Name, Path: m.Path, File: m.Pos.File}
			out = append(out, Finding{Kind: Moved, Fatal: true, Pos: m.Pos, Spot: spot, From: m.From})
		}
	}
	return out
}

// repointed are the destinations a sync would not change, since their change in Git needed no key.
func (r *Review) repointed() []Finding {
	var out []Finding
	for _, p := range r.plans {
		for i := range p.Changes {
			c := &p.Changes[i]
			for _, risk := range c.Risks {
				if risk.Kind == diff.RiskRepointed {
					spot := diff.Spot{Target: p.Target, Name: c.Name, Path: risk.Path, File: c.Pos.File}
					out = append(out, Finding{Kind: Repointed, Fatal: true, Pos: c.Want.At(risk.Path), Spot: spot})
				}
			}
		}
	}
	return out
}

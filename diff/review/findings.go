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
	Moved     FindingKind = "moved"     // the ciphertext of Spot stood at From: it opens in one place only
	Repointed FindingKind = "repointed" // the destination Spot changed, and sops did not write the file since
	Exposed   FindingKind = "exposed"   // the secret at Spot was in the clear in Commit
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
	Commit  string           // of Exposed
}

// Findings are what a sync would refuse, and secrets that the branch exposed, in order of their places.
func (r *Review) Findings() ([]Finding, error) {
	exposed, complete, err := r.exposed()
	if err != nil {
		return nil, err
	}
	out := append(r.settled(r.head.Findings()), r.editedWithoutSops()...)
	out = append(append(append(out, r.moved()...), r.repointed()...), exposed...)
	sort.SliceStable(out, func(i, j int) bool {
		a, b := out[i].Pos, out[j].Pos
		return a.File < b.File || a.File == b.File && a.Line < b.Line
	})
	if !complete {
		out = append(out, Finding{Kind: CutOff, Pos: manifest.Position{File: r.head.Project.File}})
	}
	return out, nil
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

// editedWithoutSops finds files that have the base's MAC over other values: sops would have changed it too.
func (r *Review) editedWithoutSops() []Finding {
	before := filesOf(r.base.Set)
	var out []Finding
	for _, f := range r.head.Set.Files {
		b := before[f.Path]
		if f.Sops == nil || b.Sops == nil || f.Sops.MAC == "" || f.Sops.MAC != b.Sops.MAC {
			continue
		}
		if f.Sops.Covered != b.Sops.Covered || f.Sops.MACOnlyEncrypted != b.Sops.MACOnlyEncrypted || f.Sops.LastModified != b.Sops.LastModified {
			out = append(out, Finding{Kind: Edited, Fatal: true, Pos: f.Sops.Pos, Spot: diff.Spot{File: f.Path}, MACOnly: f.Sops.MACOnlyEncrypted})
		}
	}
	return out
}

// moved are the moved ciphertexts; where one stands in two places, that is a mistake of the head by itself.
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

// repointed are the destinations that a sync would not change, since nobody needed a key to change them.
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

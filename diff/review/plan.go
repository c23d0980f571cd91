package review

import (
	"sort"

	"connsync/diff"
	"connsync/manifest"
	"connsync/secrets"
)

// compare plans from one version of a target to another, without SecMaster and without known state: it is what a sync of head would do
// to a workspace exactly as base wants it. Plugins are compared as the manifests name them.
func compare(target string, place diff.Place, policy string, base, head []manifest.Connection) diff.Plan {
	base, head, same := apart(base, head)
	in := diff.Input{Target: target, Place: place, Known: make(map[string]*diff.Known, len(base))}
	in.Destinations = manifest.Reviewed // no conflict: what a sync would refuse is shown as a change, and marked
	was := make(map[string]manifest.Connection, len(base))
	for _, c := range base {
		w := byName(c)
		h := asShown(w)
		in.Have = append(in.Have, h)
		in.Known[c.Name] = new(diff.Record(w, h, diff.RecordOptions{}))
		was[c.Name] = c
	}
	is := make(map[string]manifest.Connection, len(head))
	for _, c := range head {
		w := byName(c)
		is[c.Name] = c
		w.Adopt = "" // names an id; only SecMaster can tell it
		if _, there := was[c.Name]; there {
			w.Previously = "" // done already
		}
		in.Want = append(in.Want, w)
	}
	p := diff.Compute(in)
	p.Reviewed = false
	for i := range p.Changes {
		betweenVersions(&p.Changes[i], policy, was, is)
	}
	add(&p, same)
	return p
}

// betweenVersions takes a change to a workspace described by a base, and makes it the change between two versions of Git.
func betweenVersions(c *diff.Change, policy string, base, head map[string]manifest.Connection) {
	c.ID, c.Have, c.Known, c.Extra = "", nil, nil, nil
	if c.Want != nil {
		is := head[c.Name]
		markTerms(c, before(is, base), is)
		if policy != manifest.Reviewed {
			markRepointed(c, before(is, base), is)
		}
	}
	withhold(c)
	switch {
	case c.Action == diff.Orphaned:
		c.Action, c.From = diff.Remove, ""
	case c.Action == diff.Update && c.From != "":
		c.Action = diff.Rename
	}
}

// apart takes out the connections with the same file on both sides: nearly all of them.
func apart(base, head []manifest.Connection) (was, is []manifest.Connection, same []diff.Change) {
	files := make(map[string]string, len(base))
	for i := range base {
		files[base[i].File.Path] = base[i].File.Digest
	}
	stays := make(map[string]bool, len(head))
	same = make([]diff.Change, 0, len(head))
	for i := range head {
		c := &head[i]
		if d, ok := files[c.File.Path]; !ok || d == "" || d != c.File.Digest {
			is = append(is, *c)
			continue
		}
		stays[c.Name] = true
		same = append(same, diff.Change{Action: diff.Unchanged, Name: c.Name, Pos: c.Pos, Plugin: byName(*c).Resolved})
	}
	for i := range base {
		if !stays[base[i].Name] {
			was = append(was, base[i])
		}
	}
	return was, is, same
}

// add adds changes decided elsewhere.
func add(p *diff.Plan, cs []diff.Change) {
	p.Changes = append(p.Changes, cs...)
	p.Wanted, p.Recorded = p.Wanted+len(cs), p.Recorded+len(cs)
	sort.SliceStable(p.Changes, func(i, j int) bool { return p.Changes[i].Name < p.Changes[j].Name })
}

// withhold takes out of a change what must not be shown; what is carried out never holds such a value.
func withhold(c *diff.Change) {
	for i := range c.Fields {
		f := &c.Fields[i]
		if _, withheld := f.New.(manifest.Withheld); withheld || f.NewHidden {
			f.New, f.NewHidden = nil, true
		}
	}
}

// markRepointed marks the changing destinations beside secrets where no seal speaks.
func markRepointed(c *diff.Change, was, is manifest.Connection) {
	if is.Seal != nil || was.Seal != nil || was.Name == "" || !was.HasSecrets() {
		return
	}
	for _, f := range c.Fields {
		if f.Destination() {
			c.Risks = append(c.Risks, diff.Risk{Kind: diff.RiskRepointed, Path: f.Path})
		}
	}
}

// markMoves adds to a plan the risk of every secret with a ciphertext somewhere else, before or now.
func markMoves(p *diff.Plan, moves []Move) {
	for _, m := range moves {
		i := sort.Search(len(p.Changes), func(i int) bool { return p.Changes[i].Name >= m.Name })
		if m.Target != p.Target || i == len(p.Changes) || p.Changes[i].Name != m.Name {
			continue
		}
		kind := diff.RiskMoved
		if m.Copied {
			kind = diff.RiskCopied
		}
		p.Changes[i].Risks = append(p.Changes[i].Risks, diff.Risk{Kind: kind, Path: m.Path, From: m.From})
	}
}

// byName takes a plugin's name for its id: the same name is the same plugin.
func byName(c manifest.Connection) diff.Want {
	c.InClear = nil // what a sync would refuse is shown as a change, and told as a mistake
	p := diff.Plugin{ComponentID: c.ComponentID, VersionID: c.ComponentVersionID, Component: c.Component, Version: c.Version}
	if c.Component != "" {
		p.ComponentID, p.VersionID = c.Component, c.Version
	}
	return diff.Want{Connection: c, Resolved: p}
}

// asShown is a wanted connection, as shown by a server with every secret masked.
func asShown(w diff.Want) diff.Have {
	h := diff.Have{
		ID: w.Name, Name: w.Name, Description: w.Description, Plugin: w.Resolved,
		UpdateTime: "base", Settings: secrets.Table[diff.Seen]{},
	}
	for _, s := range manifest.Settings("config", w.Config) {
		if s.Secret != nil {
			h.Settings = append(h.Settings, secrets.Cell[diff.Seen]{Path: s.Path, Is: diff.Seen{Masked: true}})
			continue
		}
		h.Settings = append(h.Settings, secrets.Cell[diff.Seen]{Path: s.Path, Is: diff.Seen{Digest: manifest.ValueDigest(s.Value), Value: secrets.Hide(s.Value)}})
	}
	h.Settings = h.Settings.Sorted()
	return h
}

package diff

import (
	"sort"

	"connsync/manifest"
	"connsync/secrets"
)

// Compare plans from one wish to another, without SecMaster and without known state: it is what a sync of head would do to a
// workspace that is exactly what base wants. Plugins are compared as the manifests name them.
func Compare(target string, place Place, base, head []manifest.Connection) Plan {
	base, head, same := apart(base, head)
	in := Input{Target: target, Place: place, Known: make(map[string]Known, len(base))}
	was := make(map[string]manifest.Connection, len(base))
	for _, c := range base {
		w := named(c)
		h := asShown(w)
		in.Have = append(in.Have, h)
		k := Record(w, h, RecordOptions{})
		k.MAC = "" // no conflict: what a sync would refuse is shown as the change that it is, and marked
		in.Known[c.Name] = k
		was[c.Name] = c
	}
	for _, c := range head {
		w := named(c)
		w.Adopt = "" // names an id, which only SecMaster can tell
		if _, there := was[c.Name]; there {
			w.Previously = "" // done already
		}
		in.Want = append(in.Want, w)
	}
	p := Compute(in)
	for i := range p.Changes {
		c := &p.Changes[i]
		c.ID, c.Have, c.Known = "", nil, nil
		c.markRepointed(was)
		c.withhold()
		switch {
		case c.Action == Orphaned:
			c.Action, c.From = Remove, ""
		case c.Action == Update && c.From != "":
			c.Action = Rename
		}
	}
	p.add(same)
	return p
}

// apart takes out the connections whose files are the same on both sides, which is nearly all of them.
func apart(base, head []manifest.Connection) (was, is []manifest.Connection, same []Change) {
	files := make(map[string]string, len(base))
	for i := range base {
		files[base[i].File.Path] = base[i].File.Digest
	}
	stays := map[string]bool{}
	for i := range head {
		c := &head[i]
		if d, ok := files[c.File.Path]; !ok || d == "" || d != c.File.Digest {
			is = append(is, *c)
			continue
		}
		stays[c.Name] = true
		same = append(same, Change{Action: Unchanged, Name: c.Name, Pos: c.Pos, Plugin: named(*c).Resolved})
	}
	for i := range base {
		if !stays[base[i].Name] {
			was = append(was, base[i])
		}
	}
	return was, is, same
}

// add adds changes that were decided elsewhere.
func (p *Plan) add(cs []Change) {
	p.Changes = append(p.Changes, cs...)
	p.Wanted, p.Recorded = p.Wanted+len(cs), p.Recorded+len(cs)
	sort.SliceStable(p.Changes, func(i, j int) bool { return p.Changes[i].Name < p.Changes[j].Name })
}

// withhold takes out of a change what must not be shown; what is carried out never holds such a value.
func (c *Change) withhold() {
	for i := range c.Fields {
		f := &c.Fields[i]
		if _, withheld := f.New.(manifest.Withheld); withheld || f.NewHidden {
			f.New, f.NewHidden = nil, true
		}
	}
}

// markRepointed marks the destinations that change in a file that sops did not write since the base.
func (c *Change) markRepointed(base map[string]manifest.Connection) {
	if c.Want == nil || c.Want.File.Sops == nil || c.Want.File.Sops.MAC == "" || len(c.Secrets) == 0 {
		return
	}
	b, ok := base[c.Name]
	if !ok {
		b, ok = base[c.Want.Previously]
	}
	if !ok || b.File.Sops == nil || stampOf(b.File.Sops.LastModified, b.File.Sops.MAC).written(c.Want.File.Sops) {
		return
	}
	for _, f := range c.Fields {
		if f.Destination() {
			c.Risks = append(c.Risks, Risk{Kind: RiskRepointed, Path: f.Path})
		}
	}
}

// Mark adds to a plan the risk of every secret whose ciphertext stood, or stands, somewhere else.
func (p *Plan) Mark(moves []manifest.Move) {
	for _, m := range moves {
		i := sort.Search(len(p.Changes), func(i int) bool { return p.Changes[i].Name >= m.Name })
		if m.Target != p.Target || i == len(p.Changes) || p.Changes[i].Name != m.Name {
			continue
		}
		kind := RiskMoved
		if m.Copied {
			kind = RiskCopied
		}
		from := Spot{Target: m.FromTarget, Name: m.FromName, Path: m.FromAt, File: m.From.File}
		p.Changes[i].Risks = append(p.Changes[i].Risks, Risk{Kind: kind, Path: m.At, From: from})
	}
}

// named takes a plugin's name for its id: the same name is the same plugin.
func named(c manifest.Connection) Want {
	p := Plugin{ComponentID: c.ComponentID, VersionID: c.ComponentVersionID, Component: c.Component, Version: c.Version}
	if c.Component != "" {
		p.ComponentID, p.VersionID = c.Component, c.Version
	}
	return Want{Connection: c, Resolved: p}
}

// asShown is a wanted connection as a server would show it that masks every secret.
func asShown(w Want) Have {
	h := Have{
		ID: w.Name, Name: w.Name, Description: w.Description, Plugin: w.Resolved,
		UpdateTime: "base", Settings: map[secrets.Path]Seen{},
	}
	for _, s := range manifest.Settings("config", w.Config) {
		if s.Secret != nil {
			h.Settings[s.Path] = Seen{Masked: true}
			continue
		}
		h.Settings[s.Path] = Seen{Digest: manifest.ValueDigest(s.Value), Value: secrets.Hide(s.Value)}
	}
	return h
}

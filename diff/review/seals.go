package review

import (
	"connsync/diff"
	"connsync/manifest"
	"connsync/secrets"
	"connsync/secrets/seal"
)

// Whether a seal says what stands beside it is seen once the file is open. Without a key it is told by the version that introduced the seal, where it is in
// sight: then the two did fit, or never will.

// sealID tells one seal from every other; "" for none. It stays through `sops rotate`.
func sealID(c *manifest.Connection) string {
	if c.Seal == nil {
		return ""
	}
	return c.Target + "/" + c.Name + " " + sealMark(*c)
}

// boundTo is a digest of what a seal of a connection binds; "" where it has none, or none could be made.
func boundTo(c *manifest.Connection, t manifest.Target) string {
	if c.Seal == nil {
		return ""
	}
	lines, ok := c.Bound(t)
	if !ok {
		return ""
	}
	return lines.Digest()
}

// seals are the connections with a seal that a sync would refuse, as far as this is to be seen.
func (r *Review) seals(o *origins) ([]Finding, error) {
	if r.destinations == manifest.Reviewed {
		return nil, nil
	}
	base := map[owner]*manifest.Connection{}
	for i := range r.base.Set.Connections {
		c := &r.base.Set.Connections[i]
		base[owner{c.Target, c.Name}] = c
	}
	var out []Finding
	for i := range r.head.Set.Connections {
		c := &r.head.Set.Connections[i]
		was := base[owner{c.Target, c.Name}]
		if was == nil {
			was = base[owner{c.Target, c.Previously}]
		}
		if was == nil {
			was = &manifest.Connection{}
		}
		found, err := r.sealOf(c, was, o)
		if err != nil {
			return nil, err
		}
		out = append(out, found...)
	}
	return out, nil
}

// sealOf judges the seal of one connection.
func (r *Review) sealOf(c, was *manifest.Connection, o *origins) ([]Finding, error) {
	at := func(kind FindingKind, path secrets.Path) []Finding {
		spot := diff.Spot{Target: c.Target, Name: c.Name, Path: path, File: c.File.Path}
		return []Finding{{Kind: kind, Fatal: true, Pos: c.At(path), Spot: spot}}
	}
	if c.Seal == nil {
		missing := r.destinations == manifest.Sealed && c.HasSecrets() // a mistake of the head by itself
		if _, told := c.Told(seal.Key); was.Seal == nil || missing || told || !c.HasSecrets() && !was.HasSecrets() {
			return nil, nil
		}
		return at(Unsealed, seal.Key), nil
	}
	same := sealMark(*was) == sealMark(*c)
	if same && r.base.Project.Targets[was.Target].WorkspaceID != "" && place(r.base.Project, was.Target) != place(r.head.Project, c.Target) {
		return at(Resealed, "place"), nil
	}
	if same && was.File.Digest == c.File.Digest {
		return nil, nil
	}
	now := boundTo(c, manifest.Target{})
	first, known := o.seals[sealID(c)]
	if !known || first == now {
		return nil, nil
	}
	if fits, err := r.sealedBefore(c, now); err != nil || fits {
		return nil, err
	}
	return at(Resealed, differing(c, was)), nil
}

// place is where the seals of a target's connections bind them to.
func place(p manifest.Project, target string) diff.Place { return diff.PlaceOf(p.Targets[target]) }

// differing is the first changed setting, where this is to be seen.
func differing(c, was *manifest.Connection) secrets.Path {
	before, _ := was.Bound(manifest.Target{})
	now, _ := c.Bound(manifest.Target{})
	for _, d := range seal.Compare(before, now) {
		return d.Name
	}
	return seal.Key
}

// sealedBefore tells whether a seal fits what stood beside it when it came, before the base: then the base is what was broken.
func (r *Review) sealedBefore(c *manifest.Connection, now string) (bool, error) {
	in, passed, first := reader{project: r.head.Project}, 0, ""
	_, err := r.history.Before(c.File.Path, func(v FileVersion) (bool, error) {
		d, err := in.document(v)
		if err != nil {
			return false, err
		}
		passed++
		if d == nil {
			return passed < maxPassed, nil
		}
		for _, e := range d.connections {
			if e.seal == sealID(c) {
				passed, first = 0, e.bound
			}
		}
		return passed < maxPassed, nil
	})
	return first == now, err
}

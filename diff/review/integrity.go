package review

import (
	"connsync/diff"
	"connsync/manifest"
	"connsync/secrets"
)

// A file opens if its parts belong together: its MAC covers its values, each ciphertext stands under its own path, and all
// have one data key. None of this can be verified without the key; but sops made each part in some version, and there they did belong
// together. So the version that introduced a part tells, where it is in sight.

// made is what a MAC was introduced with.
type made struct {
	covered, lastModified string
	macOnly               bool
	before                bool // by a commit outside of the branch
}

func madeOf(s *manifest.Sops, before bool) made {
	return made{s.Covered, s.LastModified, s.MACOnlyEncrypted, before}
}

// fits tells whether a MAC introduced with one version can open another.
func (m made) fits(other made) bool {
	return m.covered == other.covered && m.lastModified == other.lastModified && m.macOnly == other.macOnly
}

// origins remember by what each part of encrypted files was introduced.
type origins struct {
	macs  map[string]made
	spots map[secrets.Fingerprint][]origin // of a ciphertext: where it stood when it came
	seals map[string]string                // of a seal, by what stays of it: what its connection bound when it came
	keys  map[string]string                // what belongs to one data key, as a forest: a part, and one seen with it
}

// origin is where a ciphertext stood.
type origin struct {
	bound string
	spot  diff.Spot
}

func newOrigins() *origins {
	return &origins{macs: map[string]made{}, spots: map[secrets.Fingerprint][]origin{}, seals: map[string]string{}, keys: map[string]string{}}
}

// broken says what of a version does not belong together.
type broken struct {
	mac   bool              // the MAC was made for other values
	mixed bool              // parts of two data keys
	moved map[int]diff.Spot // by the number of a secret: where it stood when it was made, under another path
}

func (b broken) any() bool { return b.mac || b.mixed || len(b.moved) > 0 }

// judge says what of a file does not belong together, by all noted versions.
func (o *origins) judge(s *manifest.Sops, refs []secrets.Ref) broken {
	out := broken{moved: map[int]diff.Spot{}}
	if m, known := o.macs[s.MAC]; known && s.MAC != "" {
		out.mac = !m.fits(madeOf(s, false))
	}
	root := ""
	for _, part := range parts(s, refs) {
		if _, known := o.keys[part]; !known {
			continue
		}
		r := o.root(part)
		out.mixed = out.mixed || root != "" && r != root
		root = r
	}
	for i, ref := range refs {
		if at := o.spots[ref.Fingerprint]; len(at) > 0 && !standsAt(at, ref.Path.Bound()) {
			out.moved[i] = at[0].spot
		}
	}
	return out
}

func standsAt(at []origin, bound string) bool {
	for _, o := range at {
		if o.bound == bound {
			return true
		}
	}
	return false
}

// note takes up a version of a file, of the branch or from before it. What is broken says nothing of what belongs together.
func (o *origins) note(d *document, before bool) {
	if d == nil || d.sops == nil || d.sops.MAC == "" {
		return
	}
	refs, spots := d.secrets()
	ok := !o.judge(d.sops, refs).any()
	if _, known := o.macs[d.sops.MAC]; !known {
		o.macs[d.sops.MAC] = madeOf(d.sops, before)
	}
	came := map[secrets.Fingerprint]bool{}
	for i, ref := range refs {
		if at, known := o.spots[ref.Fingerprint]; !known || came[ref.Fingerprint] {
			came[ref.Fingerprint] = true
			o.spots[ref.Fingerprint] = append(at, origin{ref.Path.Bound(), spots[i]})
		}
	}
	for _, e := range d.connections {
		if _, known := o.seals[e.seal]; !known && e.seal != "" {
			o.seals[e.seal] = e.bound
		}
	}
	if ok {
		o.join(parts(d.sops, refs))
	}
}

// parts are what a data key holds together.
func parts(s *manifest.Sops, refs []secrets.Ref) []string {
	out := make([]string, 0, len(refs)+len(s.WrappedKeys)+1)
	for _, k := range s.WrappedKeys {
		out = append(out, "key "+k)
	}
	for _, r := range refs {
		out = append(out, "secret "+string(r.Fingerprint))
	}
	if s.MAC != "" {
		out = append(out, "mac "+s.MAC)
	}
	return out
}

// join notes parts as of one data key.
func (o *origins) join(parts []string) {
	for _, p := range parts {
		if _, known := o.keys[p]; !known {
			o.keys[p] = p
		}
		o.keys[o.root(p)] = o.root(parts[0])
	}
}

// root is the part that stands for all parts of its data key.
func (o *origins) root(part string) string {
	for o.keys[part] != part {
		o.keys[part] = o.keys[o.keys[part]]
		part = o.keys[part]
	}
	return part
}

// secrets are all of a document, with their places.
func (d *document) secrets() (refs []secrets.Ref, spots []diff.Spot) {
	for _, e := range d.connections {
		for _, l := range e.leaves {
			if l.secret != nil {
				refs = append(refs, *l.secret)
				spots = append(spots, diff.Spot{Target: e.target, Name: e.name, Path: l.at, File: l.secret.File})
			}
		}
	}
	return refs, spots
}

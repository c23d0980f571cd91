package diff

import (
	"slices"

	"connsync/manifest"
	"connsync/secrets"
)

// visible is what SecMaster shows of a setting; false where it shows nothing that can be compared.
func visible(h *Have, p secrets.Path) (Seen, bool) {
	of := func(text string) (Seen, bool) {
		return Seen{Digest: manifest.ValueDigest(text), Value: secrets.Hide(text)}, true
	}
	switch p {
	case pathName:
		return of(h.Name)
	case pathDescription:
		return of(h.Description)
	case pathComponent:
		s, _ := of(h.Plugin.ComponentID)
		return s, h.Plugin.ComponentID != ""
	case pathVersion:
		s, _ := of(h.Plugin.VersionID)
		return s, h.Plugin.VersionID != ""
	}
	s, ok := h.Settings[p]
	return s, ok && !s.Masked
}

// Shows is the digest of what SecMaster shows of a setting; false where it shows nothing that can be compared.
func (h *Have) Shows(p secrets.Path) (digest string, ok bool) {
	s, ok := visible(h, p)
	if !ok {
		return "", false
	}
	return s.Digest, true
}

// Holds tells whether the shown config has a setting, be it masked.
func (h *Have) Holds(p secrets.Path) bool {
	_, ok := h.Settings[p]
	return ok
}

// visibleDifferences are the settings that differ as far as SecMaster shows them, for a connection without a record.
func (d *decider) visibleDifferences(w *Want, h *Have) []secrets.Path {
	var out []secrets.Path
	for _, s := range d.leaves[w.Name].clear {
		if seen, ok := visible(h, s.path); ok && seen.Digest != s.digest {
			out = append(out, shownPath(s.path))
		}
	}
	return unique(out)
}

// unseen are the settings in the clear that SecMaster does not show, and the config where it shows none at all: what is not seen is not equal.
func (d *decider) unseen(w *Want, h *Have) []secrets.Path {
	if h.Settings == nil {
		return []secrets.Path{pathConfig}
	}
	var out []secrets.Path
	for _, s := range d.leaves[w.Name].clear {
		if _, ok := visible(h, s.path); !ok {
			out = append(out, shownPath(s.path))
		}
	}
	return unique(out)
}

func unique(ps []secrets.Path) []secrets.Path {
	slices.Sort(ps)
	out := ps[:0]
	for i, p := range ps {
		if i == 0 || p != ps[i-1] {
			out = append(out, p)
		}
	}
	return out
}

// extra names the settings shown by SecMaster and not in Git.
func (d *decider) extra(w *Want, h *Have) []secrets.Path {
	var out []secrets.Path
	for p := range h.Settings {
		if !d.leaves[w.Name].paths[p] {
			out = append(out, p)
		}
	}
	return unique(out)
}

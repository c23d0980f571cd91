package diff

import (
	"slices"

	"connsync/manifest"
	"connsync/secrets"
)

// visible is what SecMaster shows of a setting; false where it shows nothing that can be compared.
func visible(h *Have, p secrets.Path) (Seen, bool) {
	if text, fixed := h.fixed(p); fixed {
		digest, shows := h.Shows(p)
		return Seen{Digest: digest, Value: secrets.Hide(text)}, shows
	}
	s, ok := h.Settings.Get(p)
	return s, ok && !s.Masked
}

// fixed is a text outside of the config; false where the path is in the config.
func (h *Have) fixed(p secrets.Path) (text string, ok bool) {
	switch p {
	case pathName:
		return h.Name, true
	case pathDescription:
		return h.Description, true
	case pathComponent:
		return h.Plugin.ComponentID, true
	case pathVersion:
		return h.Plugin.VersionID, true
	}
	return "", false
}

// Shows is the digest of what SecMaster shows of a setting; false where it shows nothing that can be compared.
func (h *Have) Shows(p secrets.Path) (digest string, ok bool) {
	if text, fixed := h.fixed(p); fixed {
		if text == "" && (p == pathComponent || p == pathVersion) { // an empty id says nothing
			return "", false
		}
		return manifest.ValueDigest(text), true
	}
	if s, ok := h.Settings.Get(p); ok && !s.Masked {
		return s.Digest, true
	}
	return "", false
}

// Holds tells whether the shown config has a setting, be it masked.
func (h *Have) Holds(p secrets.Path) bool {
	return h.Settings.Has(p)
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
	for _, s := range h.Settings {
		if !d.leaves[w.Name].paths[s.Path] {
			out = append(out, s.Path)
		}
	}
	return unique(out)
}

package diff

import (
	"fmt"
	"slices"
	"strings"

	"connsync/manifest"
	"connsync/secrets"
)

// A file needs no reading if it is byte for byte the one applied last: its record says what it wants. Such a file rests. It is told by its hash, and
// only where the record was made by the same checks under the same rules, and names all connections of the file. Nothing is ever sent
// on the word of a record: what is to be written has its file read and checked first.

// CheckedBy is what a record's Checked is: a digest of the checks of its file and the rules for them, of the names of all connections of
// the file, and of what the record says beside settings. It needs no key, and says nothing beyond the repository and the record. A connsync that knows
// nothing of it keeps it, and what it changes beside it is seen here.
func (k *Known) CheckedBy(checks string, names []string) string {
	parts := []string{checks, k.File, k.Blob, k.Name, k.LastModified, k.MAC, k.Keys, k.Plugin.ComponentID, k.Plugin.VersionID, fmt.Sprint(k.Protect, k.Unverified)}
	if s := k.Seal; s != nil {
		parts = append(parts, s.Settings, s.Digest, fmt.Sprint(s.N, s.Sealed, s.Secrets))
	}
	return secrets.Digest(strings.Join(append(append(parts, ""), names...), "\x00"))
}

// Resting are the files vouched for by known state under some checks: all their known connections were applied from one content, and
// were recorded together. "" are no checks, and vouch for nothing.
func Resting(known map[string]Known, checks string) map[string]manifest.Vouched {
	out := map[string]manifest.Vouched{}
	if checks == "" {
		return out
	}
	of := make(map[string][]string, len(known))
	for name, k := range known {
		of[k.File] = append(of[k.File], name)
	}
	for file, names := range of {
		slices.Sort(names)
		blob := known[names[0]].Blob
		vouches := func(name string) bool {
			k := known[name]
			return k.Blob == blob && k.Checked == k.CheckedBy(checks, names)
		}
		if file != "" && blob != "" && !slices.ContainsFunc(names, func(name string) bool { return !vouches(name) }) {
			out[file] = manifest.Vouched{Blob: blob, Names: names}
		}
	}
	return out
}

// Settled tells whether a record says all that the file of a connection says, so that planning the same file once more would find nothing to do and nothing to
// note: not where the record keeps an older stamp or seal, where its secrets are not verified, or where a line of the file is an order of its own.
func (w *Want) Settled(k *Known, sealedFor Place) bool {
	switch {
	case w.Rests:
		return true
	case w.Unresolved || w.Previously != "" || w.Adopt != "" || w.Incomplete || len(w.Missing)+len(w.InClear) > 0:
		return false
	case k.Name != w.Name || k.Unverified || k.Protect != w.Protect || k.Plugin != w.Resolved || k.File != w.File.Path || k.Blob != w.File.Blob || len(w.File.Targets) != 1:
		return false
	}
	return k.stampedBy(w.File.Sops) && k.sealedBy(w, sealedFor) && k.wanted(w)
}

func (k *Known) stampedBy(s *manifest.Sops) bool {
	if s == nil {
		return k.MAC == "" && k.LastModified == "" && k.Keys == ""
	}
	return k.MAC == s.MAC && k.LastModified == s.LastModified && k.Keys == s.KeysDigest
}

func (k *Known) sealedBy(w *Want, sealedFor Place) bool {
	sealed := k.Seal != nil && k.Seal.Sealed
	if w.Seal == nil {
		return !sealed
	}
	lines, ok := w.Bound(sealedFor.Target())
	mark := w.Seal.Ciphertext.Mark()
	return sealed && ok && mark != "" && k.Marks.Of(sealMark) == mark && lines.Digest() == k.Seal.Settings
}

// wanted tells whether the digests of a record are those of a wanted connection's settings, no more and no fewer.
func (k *Known) wanted(w *Want) bool {
	l := leavesOf(w)
	if len(l.clear) != len(k.Clear) || len(l.secrets) != len(k.Secrets) {
		return false
	}
	for _, s := range l.clear {
		if d, ok := k.Clear.Get(s.path); !ok || d.Want != s.digest {
			return false
		}
	}
	for _, s := range l.secrets {
		if k.Secrets.Of(s.Path) != s.Secret.Fingerprint {
			return false
		}
	}
	return true
}

// resting decides about a connection of an unread file: it is unchanged, as far as its record and SecMaster tell. false where anything at all is to be said or
// done about it: then its file has to be read.
func (d *decider) resting(w *Want) (Change, bool) {
	k, known := d.in.Known[w.Name]
	h := d.byID[k.ID]
	_, announced := d.in.Intents[w.Name]
	switch {
	case !known || h == nil || announced || d.rewrites(w.Name) || k.Blob != w.File.Blob || k.File != w.File.Path:
		return Change{}, false
	case h.Defense || h.Name != w.Name || len(d.byName[w.Name]) != 1 || h.UpdateTime != k.UpdateTime || len(h.Warnings()) > 0 || d.foreign(h.ID, w.Name):
		return Change{}, false
	case k.drifted(h):
		return Change{}, false
	}
	d.taken[h.ID] = true
	c := Change{Action: Unchanged, Name: w.Name, ID: h.ID, Pos: w.Pos, Plugin: k.Plugin, Want: w, Have: h, Known: &k}
	c.Secrets = slices.Grow(c.Secrets, len(k.Secrets))
	for _, s := range k.Secrets {
		c.Secrets = append(c.Secrets, SecretChange{Path: s.Path, Word: Same, Fingerprint: s.Is})
	}
	for _, s := range h.Settings {
		if !k.names(s.Path) {
			c.Extra = append(c.Extra, s.Path)
		}
	}
	return c, true
}

func (k *Known) names(p secrets.Path) bool {
	return k.Clear.Has(p) || k.Secrets.Has(p)
}

// drifted tells whether SecMaster shows a setting in the clear otherwise than after it was applied.
func (k *Known) drifted(h *Have) bool {
	for _, last := range k.Clear {
		if seen, shows := h.Shows(last.Path); shows && seen != last.Is.Want && (last.Is.Have == "" || seen != last.Is.Have) {
			return true
		}
	}
	return false
}

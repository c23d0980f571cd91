package diff

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"connsync/manifest"
	"connsync/secrets"
)

// A file needs no reading if it is byte for byte the one applied last: its record says what it wants. Such a file rests. It is told by its hash, and
// only where the record was made by the same checks under the same rules, and names all connections of the file. Nothing is ever sent
// on the word of a record: what is to be written has its file read and checked first.

// Together is a digest of the names of all connections of a file, in order.
func Together(names []string) string { return secrets.Digest(strings.Join(names, "\x00")) }

// CheckedBy is what a record's Checked is: a digest of the checks of its file and the rules for them, of the names of all connections of
// the file (Together), and of what the record says beside settings. It needs no key, and says nothing beyond the repository and the record. A connsync that
// knows nothing of it keeps it, and what it changes beside it is seen here.
func (k *Known) CheckedBy(checks, together string) string {
	var room [1 << 10]byte // most records need no memory of their own
	text := room[:0]
	for _, part := range [...]string{checks, together, k.File, k.Blob, k.Name, k.LastModified, k.MAC, k.Keys, k.Plugin.ComponentID, k.Plugin.VersionID} {
		text = append(append(text, part...), 0)
	}
	text = strconv.AppendBool(text, k.Protect)
	text = strconv.AppendBool(append(text, 0), k.Unverified)
	if s := k.Seal; s != nil {
		text = append(append(append(append(append(text, 0), s.Settings...), 0), s.Digest...), 0)
		text = strconv.AppendBool(append(strconv.AppendInt(text, s.N, 10), 0), s.Sealed)
		text = strconv.AppendBool(append(text, 0), s.Secrets)
	}
	return secrets.DigestOf(text)
}

// Resting are the files vouched for by known state under some checks: all their known connections were applied from one content, and
// were recorded together. "" are no checks, and vouch for nothing.
func Resting(known map[string]*Known, checks string) map[string]manifest.Vouched {
	if checks == "" {
		return map[string]manifest.Vouched{}
	}
	files := filesOf(known)
	vouched := make([]bool, len(files))
	_ = secrets.InParts(len(files), func(from, to int) error { // a fault vouches for nothing
		for i := from; i < to; i++ {
			vouched[i] = vouches(known, files[i], checks)
		}
		return nil
	})
	out := make(map[string]manifest.Vouched, len(files))
	for i, names := range files {
		if k := known[names[0]]; vouched[i] {
			out[k.File] = manifest.Vouched{Blob: k.Blob, Names: names}
		}
	}
	return out
}

// filesOf are the names of known connections in order, by their files.
func filesOf(known map[string]*Known) (files [][]string) {
	type at struct{ file, name string }
	all := make([]at, 0, len(known))
	for name, k := range known {
		all = append(all, at{k.File, name})
	}
	slices.SortFunc(all, func(a, b at) int { return cmp.Or(strings.Compare(a.file, b.file), strings.Compare(a.name, b.name)) })
	names, from := make([]string, len(all)), 0
	for i, k := range all {
		names[i] = k.name
		if i+1 == len(all) || all[i+1].file != k.file {
			files = append(files, names[from:i+1:i+1])
			from = i + 1
		}
	}
	return files
}

// vouches tells whether the records of a file's connections vouch for it.
func vouches(known map[string]*Known, names []string, checks string) bool {
	together := Together(names)
	first := known[names[0]]
	return first.File != "" && first.Blob != "" && !slices.ContainsFunc(names, func(name string) bool {
		k := known[name]
		return k.Blob != first.Blob || k.Checked != k.CheckedBy(checks, together)
	})
}

// Settled tells whether a record says all that the file of a connection says, so that planning the same file once more would find nothing to do and nothing to
// note: not where the record keeps an older stamp or seal, where its secrets are not verified, or where a line of the file is an order of its own.
func (w *Want) Settled(k *Known, sealedFor Place) bool {
	switch {
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

// rest decides about all connections of unread files, side by side, and makes room for the changes of all others. It gives the files that have to be read.
func (d *decider) rest() (unread []string) {
	d.changes = make([]Change, len(d.wishes), len(d.wishes)+len(d.in.Known)/8)
	rests := make([]bool, len(d.wishes))
	_ = secrets.InParts(len(d.wishes), func(from, to int) error { // after a fault, files are read
		for i := from; i < to; i++ {
			if w := d.wishes[i].rests; w != nil {
				d.changes[i], rests[i] = d.resting(w)
			}
		}
		return nil
	})
	for i := range d.wishes {
		switch w := d.wishes[i].rests; {
		case w == nil:
		case rests[i]:
			d.taken[d.changes[i].ID] = true
		default:
			unread = append(unread, w.File.Path)
		}
	}
	return unread
}

// resting decides about a connection of an unread file: it is unchanged, as far as its record and SecMaster tell. false where anything at all is to be said or
// done about it: then its file has to be read. It changes nothing of the decider.
func (d *decider) resting(w *manifest.Rested) (Change, bool) {
	k, known := d.in.Known[w.Name]
	if !known {
		return Change{}, false
	}
	h := d.byID[k.ID]
	_, announced := d.in.Intents[w.Name]
	switch {
	case h == nil || announced || d.rewrites(w.Name) || k.Blob != w.File.Blob || k.File != w.File.Path:
		return Change{}, false
	case h.Defense || h.Name != w.Name || len(d.byName[w.Name]) != 1 || h.UpdateTime != k.UpdateTime || len(h.Warnings()) > 0 || d.foreign(h.ID, w.Name):
		return Change{}, false
	case k.drifted(h):
		return Change{}, false
	}
	c := Change{Action: Unchanged, Name: w.Name, ID: h.ID, Pos: manifest.Position{File: w.File.Path}, Plugin: k.Plugin, Rests: true, Have: h, Known: k}
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

package diff

import (
	"connsync/manifest"
	"connsync/secrets"
	"connsync/secrets/seal"
)

// No destination goes out beside a secret unless a holder of the file's key put it there. The proof is the connection's seal. It is compared once the
// file is open. Here, without a key, is decided what needs none: a missing seal or one sealed with other settings, and,
// where no one ever sealed, a destination other than the applied one.

// sealMark is the name in Known.Marks of what stays of a seal's ciphertext while its text stays.
const sealMark secrets.Path = seal.Key

// unproven says why the secrets of a connection must not be sent where it leads; nil where nothing shows that without a key.
func (d *decider) unproven(w *Want, k *Known) *ConflictDetail {
	if d.in.Destinations == manifest.Reviewed || w.Unresolved {
		return nil
	}
	has := len(d.leaves[w.Name].secrets) > 0
	had := k != nil && (len(k.Secrets) > 0 || k.Seal != nil && k.Seal.Secrets)
	switch {
	case !has && !had:
		return nil
	case w.Seal != nil:
		return d.sealedOtherwise(w, k)
	case !has && d.accepts(w): // nothing of Git's could go astray
		return nil
	case k != nil && k.Seal != nil && k.Seal.Sealed:
		return &ConflictDetail{Kind: ConflictUnsealed}
	case has && d.in.Destinations == manifest.Sealed:
		return &ConflictDetail{Kind: ConflictUnsealed}
	}
	if paths := d.repointed(w, k); len(paths) > 0 && !d.accepts(w) {
		return &ConflictDetail{Kind: ConflictRepointed, Fields: paths}
	}
	return nil
}

func (d *decider) accepts(w *Want) bool { return d.in.Accept != nil && d.in.Accept(w.Name) }

// sealedOtherwise finds settings that changed while the seal is the one that was applied with others.
func (d *decider) sealedOtherwise(w *Want, k *Known) *ConflictDetail {
	if k == nil || k.Seal == nil || !k.Seal.Sealed || k.Marks.Of(sealMark) == "" || k.Marks.Of(sealMark) != w.Seal.Ciphertext.Mark() {
		return nil
	}
	if lines, ok := w.Bound(d.in.SealedFor.Target()); ok && lines.Digest() == k.Seal.Settings {
		return nil
	}
	return &ConflictDetail{Kind: ConflictResealed, Fields: unique(append(d.differing(w, k, func(Field) bool { return true }), d.exchanged(w, k)...))}
}

// Target is a place as seals bind it.
func (p Place) Target() manifest.Target {
	return manifest.Target{Region: p.Region, ProjectID: p.ProjectID, WorkspaceID: p.WorkspaceID, Endpoint: p.Endpoint}
}

// repointed are the destinations that are not those of the last apply. A secret that comes to a connection without one meets all of its destinations anew:
// nothing guarded them before.
func (d *decider) repointed(w *Want, k *Known) []secrets.Path {
	if k == nil {
		return nil
	}
	bare := len(k.Secrets) == 0 && k.MAC != ""
	out := d.differing(w, k, Field.Destination)
	for _, leaf := range d.leaves[w.Name].clear {
		if f := (Field{Path: shownPath(leaf.path), New: leaf.value}); bare && f.Destination() {
			out = append(out, f.Path)
		}
	}
	return unique(out)
}

// differing are the settings in the clear, of those that some function wants, that are not what was applied.
func (d *decider) differing(w *Want, k *Known, wanted func(Field) bool) []secrets.Path {
	h := d.byID[k.ID]
	if h == nil {
		h = &Have{}
	}
	var out []secrets.Path
	for _, leaf := range d.leaves[w.Name].clear {
		if before, recorded := k.Clear.Get(leaf.path); recorded && before.Want == leaf.digest || leaf.path == pathName || leaf.path == pathDescription {
			continue
		}
		if f := (Field{Path: shownPath(leaf.path), Old: shownValue(h, leaf.path), New: leaf.value}); wanted(f) {
			out = append(out, f.Path)
		}
	}
	for _, s := range k.Clear {
		if f := (Field{Path: shownPath(s.Path), Old: shownValue(h, s.Path)}); !d.leaves[w.Name].paths[s.Path] && wanted(f) {
			out = append(out, f.Path)
		}
	}
	return out
}

// exchanged are the places of secrets that came or went.
func (d *decider) exchanged(w *Want, k *Known) []secrets.Path {
	var out []secrets.Path
	for _, s := range d.leaves[w.Name].secrets {
		if !k.Secrets.Has(s.Path) {
			out = append(out, s.Path)
		}
	}
	for _, s := range k.Secrets {
		if !d.leaves[w.Name].paths[s.Path] {
			out = append(out, s.Path)
		}
	}
	return out
}

func shownValue(h *Have, p secrets.Path) any {
	if seen, ok := visible(h, p); ok {
		return seen.Value.Expose()
	}
	return nil
}

// resealed tells whether the seal of a wanted connection is another one than was recorded.
func (c *Change) resealed() bool {
	if c.Want == nil || c.Known == nil || c.Want.Seal == nil {
		return false
	}
	return c.Known.Seal == nil || !c.Known.Seal.Sealed || c.Known.Marks.Of(sealMark) != c.Want.Seal.Ciphertext.Mark()
}

// KeepSeal records the seal under which a connection was applied, or keeps what an earlier record says: its counter only grows, and what was sealed once is known
// to have been.
func (k *Known) KeepSeal(w *Want, now *Seal, before *Known) {
	k.Seal = now
	if now == nil && before != nil && before.Seal != nil {
		kept := *before.Seal
		kept.Secrets = w.HasSecrets()
		k.Seal = &kept
	}
	switch {
	case now != nil && w.Seal != nil:
		k.mark(w.Seal.Ciphertext.Mark())
	case before != nil:
		k.mark(before.Marks.Of(sealMark))
	}
}

func (k *Known) mark(mark string) {
	if mark == "" {
		return
	}
	k.Marks = k.Marks.With(sealMark, mark)
}

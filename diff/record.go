package diff

import (
	"connsync/secrets"
)

// RecordOptions is what a record says beside the connection itself.
type RecordOptions struct {
	Commit       string // the applied one
	Dirty        bool   // … from a worktree with changes beside it
	Unverified   bool   // the connection was found, not written
	Unconfirmed  bool   // it was written, and nothing showed it
	LastModified string // the file's authenticated sops.lastmodified; "" where it was not decrypted, and then as the file says
}

// Record is what is known of a connection after it was written or found: of every setting in the clear the digests of what
// Git wants and of what SecMaster shows, of every secret the digest of its ciphertext.
func Record(w Want, h Have, o RecordOptions) Known {
	l := leavesOf(&w)
	k := Known{
		Name: w.Name, ID: h.ID, UpdateTime: h.UpdateTime, Modifier: h.ModifierName,
		Protect: w.Protect, Unverified: o.Unverified, Plugin: w.Resolved,
		File: w.File.Path, Blob: w.File.Blob, Commit: o.Commit, Dirty: o.Dirty, LastModified: o.LastModified,
	}
	k.Written = o.written()
	if w.Adopt == h.ID {
		k.Adopted = h.ID
	}
	if w.File.Sops != nil {
		k.Keys, k.MAC = w.File.Sops.KeysDigest, w.File.Sops.MAC
		if k.LastModified == "" {
			k.LastModified = w.File.Sops.LastModified
		}
	}
	for _, s := range l.clear {
		seen := ""
		if v, ok := visible(&h, s.path); ok {
			seen = v.Digest
		}
		k.Clear = append(k.Clear, secrets.Cell[Digests]{Path: s.path, Is: Digests{Want: s.digest, Have: seen}})
	}
	for _, s := range l.secrets {
		k.Secrets = append(k.Secrets, secrets.Cell[secrets.Fingerprint]{Path: s.Path, Is: s.Secret.Fingerprint})
		if mark := s.Secret.Ciphertext.Mark(); mark != "" {
			k.Marks = append(k.Marks, secrets.Cell[string]{Path: s.Path, Is: mark})
		}
	}
	k.Clear, k.Secrets, k.Marks = k.Clear.Sorted(), k.Secrets.Sorted(), k.Marks.Sorted()
	return k
}

// KeepAdopted keeps that a line  adopt:  was carried out, also where the connection was made anew since, and while the manifest does not have the
// line: a revert may bring it back.
func (k *Known) KeepAdopted(before *Known) {
	if before != nil && k.Adopted == "" {
		k.Adopted = before.Adopted
	}
}

// written is what the record says of the write before it.
func (o RecordOptions) written() Written {
	switch {
	case o.Unverified:
		return WrittenNever
	case o.Unconfirmed:
		return WrittenUnconfirmed
	}
	return WrittenConfirmed
}

// KeepStamp keeps what an earlier record says of its file's encryption where that is the later word: an older version of a file, or one without
// encryption, must not open the way for a destination changed by hand.
func (k *Known) KeepStamp(before *Known) {
	if before == nil || before.MAC == "" {
		return
	}
	if k.MAC == "" || stampOf(before.LastModified, before.MAC).at.After(stampOf(k.LastModified, k.MAC).at) {
		k.LastModified, k.MAC = before.LastModified, before.MAC
	}
}

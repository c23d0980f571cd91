package review

import (
	"time"

	"connsync/manifest"
)

// FileKind names what changed of a file's encryption.
type FileKind string

// The kinds.
const (
	FileEncrypted        FileKind = "encrypted"
	FileDecrypted        FileKind = "decrypted" // not encrypted any more
	FileRecipientAdded   FileKind = "recipient-added"
	FileRecipientRemoved FileKind = "recipient-removed" // it can still open older versions
	FileMACLess          FileKind = "mac-less"          // the MAC covers encrypted values only now
	FileMACAll           FileKind = "mac-all"           // the MAC covers all values now
	FileOlder            FileKind = "older"             // sops wrote it before it wrote the base's: old secrets come back
)

// Risky tells whether a change of this kind is of high risk.
func (k FileKind) Risky() bool {
	switch k {
	case FileDecrypted, FileRecipientAdded, FileMACLess, FileOlder:
		return true
	}
	return false
}

// FileChange is one change of a file's encryption.
type FileChange struct {
	Kind      FileKind
	Recipient manifest.Recipient
	Was, Now  time.Time // of FileOlder: when sops wrote it
}

// FileNote is what a reader should know of one file.
type FileNote struct {
	Path    string
	Changes []FileChange
}

// FileNotes are the notes of the files with connections of a target, in order of path.
func (r *Review) FileNotes(target string) []FileNote {
	holds := map[string]bool{}
	for _, c := range r.head.Set.Target(target) {
		holds[c.File.Path] = true
	}
	before := filesOf(r.base.Set)
	var out []FileNote
	for _, f := range r.head.Set.Files {
		if b, ok := before[f.Path]; ok && holds[f.Path] && b.Digest != f.Digest {
			if cs := fileChanges(b, f); len(cs) > 0 {
				out = append(out, FileNote{f.Path, cs})
			}
		}
	}
	return out
}

func filesOf(s manifest.Set) map[string]manifest.File {
	out := make(map[string]manifest.File, len(s.Files))
	for _, f := range s.Files {
		out[f.Path] = f
	}
	return out
}

// fileChanges says how the encryption of a file changes.
func fileChanges(before, after manifest.File) []FileChange {
	b, a := before.Sops, after.Sops
	switch {
	case b == nil && a == nil:
		return nil
	case b == nil:
		return []FileChange{{Kind: FileEncrypted}}
	case a == nil:
		return []FileChange{{Kind: FileDecrypted}}
	}
	var out []FileChange
	for _, x := range manifest.Missing(a.Recipients, b.Recipients) {
		out = append(out, FileChange{Kind: FileRecipientAdded, Recipient: x})
	}
	for _, x := range manifest.Missing(b.Recipients, a.Recipients) {
		out = append(out, FileChange{Kind: FileRecipientRemoved, Recipient: x})
	}
	if a.MACOnlyEncrypted && !b.MACOnlyEncrypted {
		out = append(out, FileChange{Kind: FileMACLess})
	}
	if !a.MACOnlyEncrypted && b.MACOnlyEncrypted {
		out = append(out, FileChange{Kind: FileMACAll})
	}
	return append(out, older(b.LastModified, a.LastModified)...)
}

// older tells whether sops wrote a file before it wrote the base's; nothing where a time cannot be read. The MAC authenticates the time, not that
// it is the newest.
func older(before, after string) []FileChange {
	was, err := time.Parse(time.RFC3339, before)
	is, err2 := time.Parse(time.RFC3339, after)
	if err != nil || err2 != nil || !is.Before(was) {
		return nil
	}
	return []FileChange{{Kind: FileOlder, Was: was.UTC(), Now: is.UTC()}}
}

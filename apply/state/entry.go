package state

import (
	"time"

	"connsync/diff"
	"connsync/secrets"
)

// entry is one line of known.jsonl: a known connection, a name known before, or both.
type entry struct {
	Name         string                               `json:"name"`
	ID           string                               `json:"id,omitempty"` // "" where only Past is known
	UpdateTime   string                               `json:"update_time,omitempty"`
	Modifier     string                               `json:"modifier,omitempty"`
	Protect      bool                                 `json:"protect,omitempty"`
	Written      diff.Written                         `json:"written,omitempty"` // since schema 2
	Unverified   bool                                 `json:"unverified,omitempty"`
	Disputed     bool                                 `json:"disputed,omitempty"` // since schema 2
	Plugin       *diff.Plugin                         `json:"plugin,omitempty"`
	Clear        map[secrets.Path][2]string           `json:"clear,omitempty"`   // [what Git wanted, what SecMaster showed], as digests
	Secrets      map[secrets.Path]secrets.Fingerprint `json:"secrets,omitempty"` // digests of ciphertexts
	Marks        map[secrets.Path]string              `json:"marks,omitempty"`   // digests of what stays while a value stays; since schema 2
	Keys         string                               `json:"keys,omitempty"`
	File         string                               `json:"file,omitempty"`
	Blob         string                               `json:"blob,omitempty"` // since schema 2
	Commit       string                               `json:"commit,omitempty"`
	Dirty        bool                                 `json:"dirty,omitempty"` // since schema 2
	LastModified string                               `json:"last_modified,omitempty"`
	MAC          string                               `json:"mac,omitempty"`     // digest of the encrypted one
	Adopted      string                               `json:"adopted,omitempty"` // since schema 2
	Seal         *diff.Seal                           `json:"seal,omitempty"`    // since schema 2
	Checked      string                               `json:"checked,omitempty"` // since schema 2
	Past         *diff.Past                           `json:"past,omitempty"`    // since schema 2
}

func stored(k diff.Known) entry {
	e := entry{
		Name: k.Name, ID: k.ID, UpdateTime: k.UpdateTime, Modifier: k.Modifier, Protect: k.Protect, Written: k.Written, Unverified: k.Unverified, Disputed: k.Disputed,
		Plugin: &k.Plugin, Keys: k.Keys, File: k.File, Blob: k.Blob, Commit: k.Commit, Dirty: k.Dirty,
		LastModified: k.LastModified, MAC: k.MAC, Adopted: k.Adopted, Seal: k.Seal, Checked: k.Checked,
	}
	e.Secrets, e.Marks = k.Secrets.Map(), k.Marks.Map()
	e.Clear = make(map[secrets.Path][2]string, len(k.Clear))
	for _, s := range k.Clear {
		e.Clear[s.Path] = [2]string{s.Is.Want, s.Is.Have}
	}
	return e
}

func (e entry) known() diff.Known {
	k := diff.Known{
		Name: e.Name, ID: e.ID, UpdateTime: e.UpdateTime, Modifier: e.Modifier, Protect: e.Protect, Written: e.Written, Unverified: e.Unverified, Disputed: e.Disputed,
		Secrets: secrets.TableOf(e.Secrets), Marks: secrets.TableOf(e.Marks), Keys: e.Keys, File: e.File, Blob: e.Blob, Commit: e.Commit, Dirty: e.Dirty,
		LastModified: e.LastModified, MAC: e.MAC, Adopted: e.Adopted, Seal: e.Seal, Checked: e.Checked,
	}
	if e.Plugin != nil {
		k.Plugin = *e.Plugin
	}
	for p, d := range e.Clear {
		k.Clear = append(k.Clear, secrets.Cell[diff.Digests]{Path: p, Is: diff.Digests{Want: d[0], Have: d[1]}})
	}
	k.Clear = k.Clear.Sorted()
	return k
}

// keep adds the line to a snapshot. An entry of schema 1 does not say whether connsync wrote the connection: that is looked up in the log.
func (e entry) keep(s *Snapshot, schema int) {
	if e.Past != nil {
		past := *e.Past
		past.At = past.At.UTC().Truncate(time.Second)
		s.Past[e.Name] = past
		if e.ID == "" {
			return
		}
	}
	k := e.known()
	if schema == 1 {
		k.Written = diff.WrittenUnsaid
	}
	s.Known[e.Name] = &k
}

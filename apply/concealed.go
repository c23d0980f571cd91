package apply

import (
	"connsync/diff"
	"connsync/manifest"
)

// concealed tells of a write without any change: settings applied in the clear are encrypted now, and have their values still.
// Then the connection is recorded as it stands, and nothing is sent.
func (w *write) concealed(o opened) bool {
	settings := w.change.Concealed()
	if len(settings) == 0 {
		return false
	}
	for _, s := range manifest.Settings("config", w.change.Want.Config) {
		applied, was := settings[s.Path]
		if was && (s.Secret == nil || !diff.Conceals(o.secrets[s.Secret.Path], applied)) {
			return false
		}
	}
	return true
}

// recordConcealed is what is known by now of a connection where nothing had to be sent. What was said of its last write stays; one taken
// over as it was has none.
func (p *Prepared) recordConcealed(w *write) diff.Known {
	c := w.change
	k := diff.Record(*c.Want, *c.Have, diff.RecordOptions{Commit: p.sync.Commit, Dirty: p.sync.Dirty, LastModified: w.lastModified})
	k.Written = diff.WrittenNever
	if c.Known != nil {
		k.Written = c.Known.Written
	}
	k.KeepAdopted(c.Known)
	k.KeepStamp(c.Known)
	k.KeepSeal(c.Want, p.seals[c.Name], c.Known)
	return k
}

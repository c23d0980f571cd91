package apply

import (
	"errors"

	"connsync/apply/secmaster"
	"connsync/diff"
	"connsync/secrets"
)

// write is one request to send, and what came of it.
type write struct {
	change *diff.Change
	body   secmaster.Body          // dropped once nothing can need it any more
	shown  map[secrets.Path]string // the digests of what an answered update sent; in memory only
	before map[string]bool         // ids present when it was planned
	sent   secmaster.Sent
	answer *secmaster.Connection // the server's confirmation; nil where it gave none
	err    error
	tried  bool
	// lastModified is the authenticated time of the body's manifest.
	lastModified string
}

// unclear tells whether the write may have been executed although nothing confirmed it.
func (w *write) unclear() bool { return w.tried && errors.Is(w.err, secmaster.ErrUnclear) }

// neverLeft tells that no byte of a request that could have been executed left this machine: what is there is another user's.
func (w *write) neverLeft() bool {
	return w.answer == nil && !w.sent.Left && (errors.Is(w.err, secmaster.ErrUnreachable) || errors.Is(w.err, secmaster.ErrThrottled))
}

func (w *write) creates() bool { return w.change.ID == "" }

func (w *write) deletes() bool { return w.change.Action == diff.Delete }

// announcedAs is the kind of the intent: create for everything not recorded yet: what a dead run leaves of it is then
// found by its name and adopted.
func announcedAs(c *diff.Change) string {
	if c.Action == diff.Delete {
		return diff.IntentDelete
	}
	if c.Known == nil || c.Known.ID != c.ID {
		return diff.IntentCreate
	}
	return diff.IntentUpdate
}

// unseen tells that a list does not show yet what was done.
func (w *write) unseen(shown map[string][]diff.Have, ids map[string]diff.Have) bool {
	h, there := ids[w.change.ID]
	switch {
	case w.creates():
		mine, _ := w.among(shown)
		return (w.unclear() || w.answer != nil) && mine == nil
	case w.deletes():
		return w.tried && w.err == nil && there
	}
	return w.answer != nil && there && w.evidence(h) == contradicted
}

// among finds what a create made among the connections of its name: the one named in the server's answer, or else one not there
// before. It gives the others of the name by id. An answer naming what was there before is about something else.
func (w *write) among(shown map[string][]diff.Have) (mine *diff.Have, others []string) {
	named := w.answer != nil && !w.before[w.answer.ID]
	found := shown[w.change.Name]
	if w.neverLeft() {
		return nil, idsOf(found)
	}
	for i, h := range found {
		if mine == nil && !w.before[h.ID] && (!named || h.ID == w.answer.ID) {
			mine = &found[i]
			continue
		}
		others = append(others, h.ID)
	}
	return mine, others
}

// answered is what the server's answer shows, for a list lagging behind it.
func (w *write) answered() diff.Have { return have(*w.answer) }

// forget drops what was sent, unless it may have to be sent in full: to what an unconfirmed create made. Of an answered update the
// digests stay, for a comparison with what is shown.
func (w *write) forget() {
	if w.creates() && w.answer == nil {
		return
	}
	if !w.creates() && !w.deletes() && w.answer != nil {
		w.shown = w.settingsSent()
	}
	w.body = secmaster.Body{}
}

package apply

import (
	"errors"
	"slices"

	"connsync/apply/secmaster"
	"connsync/diff"
)

// Why an answered write is not believed.
var (
	// ErrUnverified: the closing list failed and confirmed nothing.
	ErrUnverified = errors.New("answered, and could not be verified")
	// ErrNotExecuted: SecMaster shows the connection as it was.
	ErrNotExecuted = errors.New("answered, and SecMaster shows the connection as it was")
	// ErrNotShown: neither a list nor its id shows the connection any more.
	ErrNotShown = errors.New("answered, and SecMaster does not show the connection")
	// ErrOtherwise: SecMaster shows a secret as it did before. This may be its way to show it. It is not written once more by itself.
	ErrOtherwise = errors.New("answered, and SecMaster shows another value of a secret")
)

// fate is what became of one write, and what of it is worth recording.
type fate struct {
	write      *write
	outcome    Outcome
	have       *diff.Have // to record; nil: nothing
	duplicates []string
	settled    bool // its intent can be cleared
	silent     bool // nothing shown by SecMaster could prove it
	disputed   bool // its secrets are shown as they were
	warnings   []diff.Warning
	err        error
}

// outcomeOf decides by the closing list. listErr is the list's own failure: then no sent write is settled.
func outcomeOf(w *write, have map[string][]diff.Have, byID map[string]diff.Have, listErr error) fate {
	switch {
	case !w.tried:
		return fate{outcome: Skipped, settled: true}
	case listErr != nil && (w.answer != nil || w.deletes() && w.err == nil):
		return fate{outcome: Unknown, err: ErrUnverified}
	case listErr != nil:
		return fate{outcome: Unknown, err: w.err}
	case w.deletes():
		return outcomeOfDelete(w, byID)
	case w.creates():
		return outcomeOfCreate(w, have)
	}
	return outcomeOfUpdate(w, byID)
}

func outcomeOfCreate(w *write, shown map[string][]diff.Have) fate {
	mine, others := w.among(shown)
	switch {
	case mine == nil && w.answer != nil:
		h := w.answered()
		return fate{outcome: Created, have: &h, duplicates: others, settled: true, warnings: h.Warnings()}
	case mine == nil && w.unclear():
		return fate{outcome: Unknown, err: w.err}
	case mine == nil && w.neverLeft():
		return fate{outcome: Failed, err: w.err, duplicates: others, settled: true}
	case mine == nil:
		return fate{outcome: Failed, err: w.err, settled: true}
	case w.answer == nil: // there, and the full body could not be written to it
		return fate{outcome: Unknown, err: w.err, duplicates: others}
	}
	return fate{outcome: Created, have: remembered(w, *mine), duplicates: others, settled: true, warnings: mine.Warnings()}
}

func outcomeOfUpdate(w *write, byID map[string]diff.Have) fate {
	done := Updated
	if w.change.Action == diff.Adopt {
		done = Adopted
	}
	h, shown := byID[w.change.ID]
	switch {
	case w.answer == nil && w.unclear():
		return fate{outcome: Unknown, err: w.err}
	case w.answer == nil:
		return fate{outcome: Failed, err: w.err, settled: true}
	case !shown:
		return fate{outcome: Unknown, err: ErrNotShown}
	}
	seen := w.evidence(h)
	switch {
	case seen == contradicted && w.change.OnlyCompared():
		return fate{outcome: Unknown, err: ErrOtherwise, have: &h, settled: true, disputed: true}
	case seen == contradicted:
		return fate{outcome: Unknown, err: ErrNotExecuted}
	}
	return fate{outcome: done, have: remembered(w, h), settled: true, silent: seen == silent, warnings: slices.Concat(h.Warnings(), w.spends(), w.otherwise(h))}
}

// otherwise says that a secret is still shown otherwise, after a write made because SecMaster showed another value.
func (w *write) otherwise(after diff.Have) []diff.Warning {
	sent := w.settingsSent()
	for _, s := range w.change.Secrets {
		if is, shows := after.Shows(s.Path); s.Word == diff.Differs && shows && is != sent[s.Path] {
			return []diff.Warning{{Kind: diff.WarnOtherwise}}
		}
	}
	return nil
}

// spends says that a line  adopt:  has been carried out, unless the connection needs it.
func (w *write) spends() []diff.Warning {
	c := w.change
	if c.Action != diff.Adopt || c.Want.Adopt != c.ID || c.Want.KeepsAdopt() {
		return nil
	}
	return []diff.Warning{{Kind: diff.WarnSpent}}
}

// remembered is what of a confirmed write is recorded: what the closing list shows, for a comparison with the next list. Where it
// was modified after the answer, another user was there in between, and the answer is recorded, so the next run sees it.
// A write to undo such a change believes the list unless another one modified it: the times in a server's answers may never be those of its lists.
func remembered(w *write, h diff.Have) *diff.Have {
	a := w.answered()
	switch {
	case a.ID != h.ID || a.UpdateTime == "" || h.UpdateTime == "" || a.UpdateTime == h.UpdateTime:
		return &h
	case undoes(w.change) && (a.ModifierName == "" || a.ModifierName == h.ModifierName):
		return &h
	}
	return &a
}

// undoes tells whether something is written only because SecMaster moved.
func undoes(c *diff.Change) bool {
	for _, cause := range c.Causes {
		if cause != diff.Drift && cause != diff.Touched {
			return false
		}
	}
	return len(c.Causes) > 0
}

// outcomeOfDelete believes the list: what it does not show any more is deleted.
func outcomeOfDelete(w *write, byID map[string]diff.Have) fate {
	_, shown := byID[w.change.ID]
	switch {
	case !shown:
		return fate{outcome: Deleted, settled: true}
	case errors.Is(w.err, secmaster.ErrInUse):
		return fate{outcome: Refused, err: w.err, settled: true}
	case w.err == nil:
		return fate{outcome: Unknown, err: ErrNotExecuted}
	case w.unclear():
		return fate{outcome: Unknown, err: w.err}
	}
	return fate{outcome: Failed, err: w.err, settled: true}
}

func idsOf(have []diff.Have) []string {
	var out []string
	for _, h := range have {
		out = append(out, h.ID)
	}
	return out
}

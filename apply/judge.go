package apply

import (
	"errors"

	"connsync/apply/secmaster"
	"connsync/diff"
)

// ErrUnverified says that a write was answered, and that the closing list which would have confirmed it failed.
var ErrUnverified = errors.New("answered, and could not be verified")

// verdict is what became of one write, and what of it is worth recording.
type verdict struct {
	write      *write
	outcome    Outcome
	have       *diff.Have // to record; nil: nothing
	duplicates []string
	settled    bool // its intent can be cleared
	err        error
}

// judge decides by the closing list. listErr is the list's own failure: then nothing that was sent is settled.
func judge(w *write, have map[string][]diff.Have, byID map[string]diff.Have, listErr error) verdict {
	switch {
	case !w.tried:
		return verdict{outcome: Skipped, settled: true}
	case listErr != nil && (w.answer != nil || w.deletes() && w.err == nil):
		return verdict{outcome: Unknown, err: ErrUnverified}
	case listErr != nil:
		return verdict{outcome: Unknown, err: w.err}
	case w.deletes():
		return judgeDelete(w, byID)
	case w.creates():
		return judgeCreate(w, have[w.change.Name])
	}
	return judgeUpdate(w, byID)
}

func judgeCreate(w *write, found []diff.Have) verdict {
	switch {
	case len(found) == 0 && w.answer != nil:
		h := haveOf(w)
		return verdict{outcome: Created, have: &h, settled: true}
	case len(found) == 0 && w.unclear():
		return verdict{outcome: Unknown, err: w.err}
	case len(found) == 0:
		return verdict{outcome: Failed, err: w.err, settled: true}
	}
	mine, others := pick(found, w)
	if w.answer == nil { // there, and the full wish could not be written to it
		return verdict{outcome: Unknown, err: w.err, duplicates: others}
	}
	return verdict{outcome: Created, have: &mine, duplicates: others, settled: true}
}

func judgeUpdate(w *write, byID map[string]diff.Have) verdict {
	done := Updated
	if w.change.Action == diff.Adopt {
		done = Adopted
	}
	switch h, shown := byID[w.change.ID]; {
	case w.answer != nil && shown:
		return verdict{outcome: done, have: &h, settled: true}
	case w.answer != nil:
		h := haveOf(w)
		return verdict{outcome: done, have: &h, settled: true}
	case w.unclear():
		return verdict{outcome: Unknown, err: w.err}
	}
	return verdict{outcome: Failed, err: w.err, settled: true}
}

// judgeDelete believes the list: what it does not show any more is deleted.
func judgeDelete(w *write, byID map[string]diff.Have) verdict {
	_, shown := byID[w.change.ID]
	switch {
	case !shown:
		return verdict{outcome: Deleted, settled: true}
	case errors.Is(w.err, secmaster.ErrInUse):
		return verdict{outcome: Refused, err: w.err, settled: true}
	case w.err == nil, w.unclear():
		return verdict{outcome: Unknown, err: w.err}
	}
	return verdict{outcome: Failed, err: w.err, settled: true}
}

// pick finds, among the connections of a name, the one that the server's answer named.
func pick(found []diff.Have, w *write) (diff.Have, []string) {
	mine := 0
	for i, h := range found {
		if w.answer != nil && h.ID == w.answer.ID {
			mine = i
		}
	}
	var others []string
	for i, h := range found {
		if i != mine {
			others = append(others, h.ID)
		}
	}
	return found[mine], others
}

// haveOf is what the server's answer shows, for a list that lags behind it.
func haveOf(w *write) diff.Have { return have(*w.answer) }

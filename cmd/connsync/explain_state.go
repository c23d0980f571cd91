package main

import (
	"errors"
	"fmt"

	"connsync/apply"
	"connsync/apply/state"
)

// explainState says what is wrong with known state. None of it is ever answered by starting from nothing.
func explainState(err error) (string, []string, bool) {
	var corrupt *state.CorruptError
	var newer *state.SchemaError
	var place *state.PlaceError
	var locked *state.LockedRefError
	switch {
	case errors.As(err, &place):
		return fmt.Sprintf("its known state belongs to %s, not to %s; nothing was sent", placeName(place.Known.Region, place.Known.WorkspaceID), placeName(place.Asked.Region, place.Asked.WorkspaceID)),
			[]string{"if the target really moved: connsync sync --retarget TARGET  (every connection is then planned anew)"}, true
	case errors.As(err, &corrupt):
		return safe(corrupt.Error()), []string{
			"known state is not guessed: restore the ref from its log or another clone (git reflog, git update-ref),",
			"or delete it to start without it: what is there is then adopted, and secrets are unverified",
		}, true
	case errors.As(err, &newer):
		return safe(newer.Error()), []string{"use that version or a newer one"}, true
	case errors.As(err, &locked):
		return safe(locked.Error()), []string{"if no Git program runs, it died: remove that file and repeat"}, true
	case errors.Is(err, state.ErrBusy):
		return safe(err.Error()), []string{"wait for it to end and repeat"}, true
	case errors.Is(err, state.ErrCheckedOut):
		return state.ErrCheckedOut.Error(), []string{"check out another branch: connsync replaces this one"}, true
	case errors.Is(err, state.ErrMoved):
		return state.ErrMoved.Error(), []string{"repeat the sync"}, true
	case errors.Is(err, apply.ErrNotAnnounced), errors.Is(err, state.ErrDisk):
		return "the known state cannot be written, so nothing was sent", []string{"check the permissions and the space of the repository's .git folder"}, true
	case errors.Is(err, state.ErrNoFolder), errors.Is(err, errNoState):
		return noState(err), []string{"sync from a clone, or keep known state in one: --state PATH"}, true
	}
	return "", nil, false
}

func placeName(region, workspace string) string { return safe(region) + "/" + short(workspace, 8) }

// noState says why there is nowhere to keep known state.
func noState(err error) string {
	if reason, _, ok := explainRepository(err); ok {
		return errNoState.Error() + ": " + reason
	}
	return errNoState.Error()
}

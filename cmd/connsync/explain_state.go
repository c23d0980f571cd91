package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"connsync/apply"
	"connsync/apply/state"
	"connsync/cmd/connsync/view"
	"connsync/manifest"
	"connsync/manifest/gitfs"
)

// explainState says what is wrong with known state. None of it is ever answered by starting from nothing.
func explainState(err error) (string, []string, bool) {
	return firstWords(err, explainElsewhere, explainUnread, explainHeld, explainUnkept)
}

// explainElsewhere says why a target may not write what is known of another place.
func explainElsewhere(err error) (string, []string, bool) {
	var place *state.PlaceError
	var home *state.HomeError
	var notHome *state.NotHomeError
	switch {
	case errors.As(err, &place):
		return fmt.Sprintf("its known state belongs to %s, not to %s; nothing was sent", view.PlaceName(place.Known), view.PlaceName(place.Asked)),
			[]string{"if the target really moved:  connsync sync --retarget " + targetOf(err) + "  (every connection is then planned anew)"}, true
	case errors.As(err, &home):
		return "its " + home.Error() + "; nothing was sent", []string{
			"a fork that copied the branches connsync-state/* must not sync: it would undo what the other one writes. Remove the remote, or sync there",
			"if the repository was moved, or both are meant to sync: connsync sync --accept-home " + manifest.ShellWord(home.Asked),
		}, true
	case errors.As(err, &notHome):
		return "--accept-home: " + notHome.Error(), []string{"use the name that the message of the refused sync has"}, true
	}
	return "", nil, false
}

// explainUnread says why known state cannot be read.
func explainUnread(err error) (string, []string, bool) {
	var corrupt *state.CorruptError
	var missing *state.MissingError
	var cut *state.CutOffError
	var readable *state.ReadableError
	var newer *state.SchemaError
	switch {
	case errors.As(err, &corrupt):
		return corrupt.Error(), []string{
			"known state is not guessed; to begin anew:  connsync state rebuild  (what is there is then adopted by the next sync, and its secrets are unverified)",
			"and then, from a clone that has the branch:  git fetch PATH +" + bothSides(corrupt.Ref),
		}, true
	case errors.As(err, &missing):
		return missing.Error(), []string{
			"nothing is lost: a partial clone fetches it with  git archive " + manifest.ShellWord(branchOf(missing.Ref)) + " >/dev/null",
			"in any other clone, fetch it from a clone that has the branch:  git ls-remote --exit-code PATH " + manifest.ShellWord(branchOf(missing.Ref)) +
				" && git update-ref -d " + manifest.ShellWord(missing.Ref) + " && git fetch PATH " + bothSides(missing.Ref),
		}, true
	case errors.As(err, &cut):
		return cut.Error(), nil, true
	case errors.As(err, &readable):
		return readable.Error(), []string{"the remote's cannot be read; to put this one in its place:  git push --force REMOTE " + manifest.ShellWord(branchOf(readable.Ref))}, true
	case errors.As(err, &newer):
		return newer.Error(), []string{"use that version or a newer one"}, true
	}
	return "", nil, false
}

// explainHeld says what else holds known state, or another one of it.
func explainHeld(err error) (string, []string, bool) {
	var locked *state.LockedRefError
	var held *state.HeldError
	var busy *state.BusyError
	var diverged *state.DivergedError
	var remote *remoteError
	switch {
	case errors.As(err, &locked):
		return locked.Error(), []string{"if no Git program runs, it died: remove that file and repeat"}, true
	case errors.As(err, &held):
		return held.Error(), []string{
			"wait for it to end and repeat; a run that died is taken over a minute after that time",
			"for one that is known to be dead:  connsync state unlock --run " + manifest.ShellWord(held.Run.ID),
		}, true
	case errors.As(err, &busy):
		return busy.Error(), []string{"wait for it to end and repeat"}, true
	case errors.As(err, &diverged):
		return err.Error(), []string{
			"look at both:  git log --left-right " + diverged.Local + "..." + diverged.Shared,
			"then make this clone's branch the remote's:  git update-ref " + manifest.ShellWord(diverged.Ref) + " " + diverged.Shared,
			"or keep known state here only: state: {remote: none}",
		}, true
	case errors.As(err, &remote):
		return remoteWords(remote)
	}
	return "", nil, false
}

// explainUnkept says why known state cannot be kept.
func explainUnkept(err error) (string, []string, bool) {
	reason := ""
	if disk := (*state.DiskError)(nil); errors.As(err, &disk) {
		reason = ": " + disk.Reason.Error()
	}
	switch {
	case errors.Is(err, state.ErrCheckedOut):
		return state.ErrCheckedOut.Error(), []string{"check out another branch: connsync replaces this one"}, true
	case errors.Is(err, state.ErrReplaced):
		return state.ErrReplaced.Error(), []string{"repeat the sync"}, true
	case errors.Is(err, apply.ErrNotAnnounced):
		return state.ErrDisk.Error() + ", so nothing was sent" + reason, diskHints, true
	case errors.Is(err, state.ErrDisk):
		return state.ErrDisk.Error() + reason, diskHints, true
	case errors.Is(err, errOnlyHere):
		return errOnlyHere.Error(), []string{
			"add the remote that it is pushed to:  git remote add origin URL",
			"or keep it in another repository: --state URL",
			"--local-state goes on all the same: nothing is then known of what an earlier job wrote",
		}, true
	case errors.Is(err, state.ErrNoFolder), errors.Is(err, errNoState):
		return noState(err), []string{"sync from a clone, or keep known state in one: --state PATH"}, true
	}
	return "", nil, false
}

var diskHints = []string{"check the permissions and the space of the repository's .git folder"}

// noState says why there is nowhere to keep known state.
func noState(err error) string {
	if reason, _, ok := explainRepository(err); ok {
		return errNoState.Error() + ": " + reason
	}
	return errNoState.Error()
}

// remoteWords says why known state cannot be shared, and what a CI system has to allow for it.
func remoteWords(e *remoteError) (string, []string, bool) {
	if errors.Is(e.err, context.Canceled) {
		return explainRun(e.err)
	}
	message, hints, ok := explainRepository(e.err)
	for cause, words := range map[error]string{gitfs.ErrNoRemote: "the repository has no remote of this name", errWhichRemote: errWhichRemote.Error()} {
		if errors.Is(e.err, cause) {
			message, hints, ok = words, []string{"correct state.remote in connsync.yaml, or set it to none"}, true
		}
	}
	if !ok {
		message = "it cannot be reached"
	}
	hints = append(hints, "a sync fetches and pushes the branches connsync-state/*: GitHub Actions needs  contents: write,",
		"GitLab a token with write_repository; or keep known state in this clone only: state: {remote: none}")
	return "state.remote " + e.name + ": " + message, hints, true
}

// branchOf is a branch by its short name.
func branchOf(ref string) string { return strings.TrimPrefix(ref, "refs/heads/") }

// bothSides has a branch of another clone become the branch of the same name here.
func bothSides(ref string) string { return manifest.ShellWord(branchOf(ref) + ":" + branchOf(ref)) }

// targetOf is the target of an error.
func targetOf(err error) string {
	var target *inTarget
	if errors.As(err, &target) {
		return manifest.ShellWord(target.target)
	}
	return "TARGET"
}

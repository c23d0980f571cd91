package main

import (
	"context"
	"errors"

	"connsync/apply"
	"connsync/apply/secmaster"
	"connsync/apply/state"
	"connsync/manifest/gitfs"
)

// unfinished tells whether another sync of the same has something it can do. What has to be corrected first, such as an unreadable secret
// or refused credentials, is no reason to repeat.
func unfinished(rs []apply.Report) bool {
	for _, r := range rs {
		if r.Interrupted || !r.Recorded || repeatable(r.Err) {
			return true
		}
		for _, res := range r.Results {
			if res.Outcome == apply.Unknown || repeatable(res.Err) || res.Outcome == apply.Skipped && r.Err == nil {
				return true
			}
		}
	}
	return false
}

// repeatable tells whether what failed may work the next time, with nothing changed.
func repeatable(err error) bool {
	var answer *secmaster.Error
	var remote *gitfs.RemoteError
	switch {
	case errors.As(err, &answer) && !errors.Is(err, secmaster.ErrDenied) && !errors.Is(err, secmaster.ErrWorkspace):
		return errors.Is(err, secmaster.ErrThrottled) || errors.Is(err, secmaster.ErrUnreachable) || errors.Is(err, secmaster.ErrIncomplete) ||
			answer.Status >= 500 || answer.Status == 0
	case errors.As(err, &remote):
		return remote.Kind == gitfs.RemoteUnreachable
	}
	for _, passing := range []error{
		apply.ErrFileChanged, apply.ErrMoved, apply.ErrUnverified, state.ErrReplaced, state.ErrBusy, context.Canceled, context.DeadlineExceeded,
	} {
		if errors.Is(err, passing) {
			return true
		}
	}
	return false
}

package main

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"connsync/apply"
	"connsync/apply/secmaster"
	"connsync/apply/state"
	"connsync/manifest/gitfs"
	"connsync/secrets/sops"
)

// "next: connsync sync" stands only where a repetition, with nothing else changed, may do what this sync did not.
func TestARepetitionIsAdvisedWhereItHelps(t *testing.T) {
	one := func(o apply.Outcome, err error) apply.Report {
		return apply.Report{Recorded: true, Results: []apply.Result{{Name: "a", Outcome: apply.Updated}, {Name: "b", Outcome: o, Err: err}}}
	}
	run := func(err error, o apply.Outcome) apply.Report {
		r := one(o, nil)
		r.Err = err
		return r
	}
	denied := &secmaster.Error{Status: 403, Class: secmaster.ErrDenied}
	for name, c := range map[string]struct {
		report apply.Report
		helps  bool
	}{
		"all done":                        {one(apply.Created, nil), false},
		"a conflict":                      {one(apply.Conflicted, nil), false},
		"left alone":                      {one(apply.Orphaned, nil), false},
		"no key":                          {one(apply.Refused, &sops.Error{Kind: sops.KindNoKey}), false},
		"a file that changed":             {one(apply.Refused, apply.ErrFileChanged), true},
		"refused as it is":                {one(apply.Failed, &secmaster.Error{Status: 400}), false},
		"in use":                          {one(apply.Failed, secmaster.ErrInUse), false},
		"not allowed":                     {one(apply.Failed, denied), false},
		"a server that failed":            {one(apply.Failed, &secmaster.Error{Status: 502}), true},
		"too many requests":               {one(apply.Failed, &secmaster.Error{Status: 429, Class: secmaster.ErrThrottled}), true},
		"no answer":                       {one(apply.Failed, &secmaster.Error{Class: secmaster.ErrUnreachable}), true},
		"an unknown outcome":              {one(apply.Unknown, &secmaster.Error{Status: 400}), true},
		"out of time":                     {one(apply.Skipped, nil), true},
		"skipped, since all is refused":   {run(denied, apply.Skipped), false},
		"interrupted":                     {apply.Report{Recorded: true, Interrupted: true}, true},
		"not recorded":                    {apply.Report{}, true},
		"another sync was first":          {run(fmt.Errorf("%w: %w", apply.ErrNotAnnounced, state.ErrReplaced), apply.Skipped), true},
		"held":                            {run(&state.HeldError{}, apply.Skipped), true},
		"a remote that is not to be had":  {run(&remoteError{"origin", &gitfs.RemoteError{Kind: gitfs.RemoteUnreachable}}, apply.Skipped), true},
		"a remote that refuses":           {run(&remoteError{"origin", &gitfs.RemoteError{Kind: gitfs.RemoteDenied}}, apply.Skipped), false},
		"a list that failed for the time": {run(context.DeadlineExceeded, apply.Skipped), true},
		"a disk that is full":             {run(errors.Join(apply.ErrNotAnnounced, state.ErrDisk), apply.Skipped), false},
	} {
		if helps := unfinished([]apply.Report{one(apply.Created, nil), c.report}); helps != c.helps {
			t.Errorf("%s: %v", name, helps)
		}
	}
}

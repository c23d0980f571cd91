package main

import (
	"cmp"
	"errors"
	"slices"

	"connsync/apply"
)

// Exit codes. Where several hold, the first of 130, 4, 3, 5, 1, 2, 0 (README.md).
const (
	exitDone        = 0
	exitFailed      = 1   // failed; nothing was changed
	exitPending     = 2   // changes are pending, with diff --exit-code
	exitPartly      = 3   // some changes were made, some failed
	exitUnknown     = 4   // the outcome of a write is unknown
	exitRefused     = 5   // a conflict, a safety limit, a plan or a commit other than expected, or a busy state
	exitUsage       = 80  // as kong has it
	exitInterrupted = 130 // what was done is recorded
)

// weight orders the codes: where several hold, the heaviest is the command's.
var weight = map[int]int{
	exitDone: 0, exitPending: 1, exitFailed: 2, exitRefused: 3, exitPartly: 4, exitUnknown: 5, exitInterrupted: 6, exitUsage: 7,
}

func heavier(a, b int) int {
	if weight[b] > weight[a] {
		return b
	}
	return a
}

// afterChanges is a code after so many changes were made: 1 says that there were none.
func afterChanges(code, changes int) int {
	if code == exitFailed && changes > 0 {
		return exitPartly
	}
	return code
}

// exitWith ends a command with a code and without a word: everything has been said.
type exitWith int

func (exitWith) Error() string { return "" }

// ended is the end of a command that has said everything.
func ended(code int) error {
	if code == exitDone {
		return nil
	}
	return exitWith(code)
}

// usageError is a command line connsync cannot understand.
type usageError struct{ message string }

func (e *usageError) Error() string { return e.message }

// advised is an error with hints of its own.
type advised struct {
	error
	hints []string
}

func (e *advised) Unwrap() error { return e.error }

// refusal is a command that was understood and is not carried out until a person decides.
type refusal struct {
	message string
	hints   []string
}

func (e *refusal) Error() string { return e.message }

// inTarget is an error with its target.
type inTarget struct {
	target string
	err    error
}

func targetError(target string, err error) error {
	if err == nil {
		return nil
	}
	return &inTarget{target, err}
}

func (e *inTarget) Error() string { return e.target + ": " + e.err.Error() }

func (e *inTarget) Unwrap() error { return e.err }

// outcome ends a command: it says its error, writes its value where one was asked for, and gives its exit code. Nothing is done where its
// results could not be written.
func (c *cli) outcome(w world, err error) int {
	code := c.say(w, err)
	if w.answers == nil {
		return code
	}
	if err := cmp.Or(w.answer(code), w.unwritten()); err != nil && code == exitDone {
		code = fail(c.globals.printer(w), err)
	}
	return code
}

// say says an error in our words, and gives its exit code.
func (c *cli) say(w world, err error) int {
	var silent exitWith
	if err == nil {
		err = w.unwritten()
	}
	switch {
	case err == nil:
		return exitDone
	case errors.As(err, &silent):
		return int(silent)
	}
	return fail(c.globals.printer(w), err)
}

// exitOf is the exit code of one report, and how many connections it wrote.
func exitOf(r apply.Report) (code, wrote int) {
	for _, res := range r.Results {
		switch res.Outcome {
		case apply.Created, apply.Updated, apply.Deleted:
			wrote++
		case apply.Adopted:
			if res.Sent {
				wrote++
			}
		case apply.Conflicted:
			code = heavier(code, exitRefused)
		case apply.Refused, apply.Failed, apply.Skipped:
			code = heavier(code, codeOfResult(res))
		case apply.Unknown:
			code = heavier(code, exitUnknown)
		}
	}
	switch {
	case !r.Recorded && wrote > 0: // others do not know it
		code = heavier(code, exitUnknown)
	case r.Err != nil && wrote == 0:
		code = heavier(code, codeOf(r.Err))
	case r.Err != nil || !r.Recorded:
		code = heavier(code, exitFailed)
	}
	if failedToo(r) && wrote > 0 {
		code = heavier(code, exitPartly)
	}
	if r.Interrupted {
		code = exitInterrupted
	}
	return code, wrote
}

// codeOfResult is the code of what was not done: a seal that does not fit is a refusal until a person decides.
func codeOfResult(res apply.Result) int {
	var sealed *apply.SealError
	if errors.As(res.Err, &sealed) {
		return exitRefused
	}
	return exitFailed
}

// failedToo tells whether something was tried and did not work. A conflict was not tried.
func failedToo(r apply.Report) bool {
	return came(r, apply.Refused, apply.Failed, apply.Skipped) || r.Err != nil || !r.Recorded
}

// came tells whether a result has one of some outcomes.
func came(r apply.Report, in ...apply.Outcome) bool {
	return slices.ContainsFunc(r.Results, func(res apply.Result) bool { return slices.Contains(in, res.Outcome) })
}

package main

import (
	"errors"
)

// Exit codes. Where several hold, the first of 130, 4, 3, 5, 1, 2, 0 (README.md).
const (
	exitDone        = 0
	exitFailed      = 1   // failed; nothing was changed
	exitPending     = 2   // changes are pending, with diff --exit-code
	exitPartly      = 3   // some changes were made, some failed
	exitUnknown     = 4   // the outcome of a write is unknown
	exitRefused     = 5   // a conflict, a safety limit, a plan or a commit that is not as expected, or a busy state
	exitUsage       = 80  // as kong has it
	exitInterrupted = 130 // what was done is recorded
)

// weight orders the codes: of several that hold, the heaviest is the command's.
var weight = map[int]int{
	exitDone: 0, exitPending: 1, exitFailed: 2, exitRefused: 3, exitPartly: 4, exitUnknown: 5, exitInterrupted: 6, exitUsage: 7,
}

func heavier(a, b int) int {
	if weight[b] > weight[a] {
		return b
	}
	return a
}

// exitWith ends a command with a code and without a word: everything has been said.
type exitWith int

func (exitWith) Error() string { return "" }

// usageError is a command line that cannot be understood.
type usageError struct{ message string }

func (e *usageError) Error() string { return e.message }

// refusal is a command that was understood and is not carried out until somebody decides.
type refusal struct {
	message string
	hints   []string
}

func (e *refusal) Error() string { return e.message }

// inTarget is an error with the target that it is about.
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

// outcome says an error in our words and gives its exit code.
func (c *cli) outcome(w world, err error) int {
	var silent exitWith
	switch {
	case err == nil:
		return exitDone
	case errors.As(err, &silent):
		return int(silent)
	}
	return c.globals.printer(w).fail(err)
}

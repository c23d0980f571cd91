package apply

import (
	"fmt"

	"connsync/diff"
)

// Limit is how many connections of a target one run may delete. The zero Limit allows none.
type Limit struct {
	Most    int
	Percent bool // Most is a part of the connections known to connsync, rounded up
	Ceiling int  // … and never more than this; 0 for no such bound
	Empty   bool // delete also where Git wants no connection of the target at all
}

// LimitError says that a plan would delete more than the Limit allows. Nothing of the plan is sent then.
type LimitError struct {
	Target                     string
	Deletes, Allowed, Recorded int
	Empty                      bool // it is refused because Git wants nothing, whatever the number
}

func (e *LimitError) Error() string {
	if e.Empty {
		return fmt.Sprintf("%s: Git wants no connection, and %d would be deleted", e.Target, e.Deletes)
	}
	return fmt.Sprintf("%s: %d of %d would be deleted, and %d may", e.Target, e.Deletes, e.Recorded, e.Allowed)
}

// Check gives a *LimitError for a plan with too many deletions. Prepared.Run checks by itself; a caller with several targets
// checks all of them before the first is written.
func (l Limit) Check(p diff.Plan) error {
	deletes, allowed := p.Count(diff.Delete), l.of(p.Recorded)
	switch {
	case deletes == 0:
	case p.Wanted == 0 && !l.Empty:
		return &LimitError{p.Target, deletes, allowed, p.Recorded, true}
	case deletes > allowed:
		return &LimitError{p.Target, deletes, allowed, p.Recorded, false}
	}
	return nil
}

// of is how many of so many recorded connections may be deleted.
func (l Limit) of(recorded int) int {
	n := l.Most
	if l.Percent {
		n = (recorded*n + 99) / 100
	}
	if l.Ceiling > 0 {
		n = min(n, l.Ceiling)
	}
	return n
}

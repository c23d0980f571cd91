package secmaster

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"net/http"
	"slices"
	"sync/atomic"
	"time"
)

// Usage is who uses which connection, as far as could be seen. Of a workflow it holds the name and nothing else: its content may hold secrets.
type Usage struct {
	Workflows map[string][]Workflow // those that name a connection, by its id: the enabled first, then in order of name and id
	Policies  map[string]int        // how many emergency policies name it
	Gaps      []Gap                 // in order

	SearchedWorkflows, SearchedPolicies int
}

// Workflow is one of the workspace.
type Workflow struct {
	ID, Name string // printable, and cut
	Enabled  bool
}

// Gap is what was not looked at.
type Gap struct {
	Policies bool  // emergency policies; else workflows
	N        int   // how many of them; 0: all, or it is not known
	Why      error // ErrDenied, ErrAbsent, ErrEnough, ErrUnreadable or ErrUnclear
}

// Why something was not looked at, beside the classes of failure.
var (
	ErrAbsent     = errors.New("SecMaster has no such call")
	ErrUnreadable = errors.New("the answer cannot be read")
)

const (
	usesRequests = 200 // at most, repeated ones too
	usesWithin   = time.Minute
)

// Uses tells who uses some connections, by their ids. One reading serves any number of them. It does not fail: what it could not look at is a Gap, and so
// is what a bound left out.
func (r *Reader) Uses(ctx context.Context, connections []string) Usage {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	defer r.options.waits("looking for who uses the connections", usesWithin)()
	defer r.options.After(usesWithin, func() { cancel(ErrEnough) })()
	s := &usesSearch{
		r: r, ids: newIDs(connections), ration: newRation(usesRequests),
		found: Usage{Workflows: map[string][]Workflow{}, Policies: map[string]int{}},
	}
	var err error
	if s.base, err = r.inWorkspace(ctx, nil); err != nil {
		s.gaps(true, map[error]int{gapOf(ctx, err): 0})
		s.gaps(false, map[error]int{gapOf(ctx, err): 0})
		return s.found
	}
	s.policies(ctx)
	s.workflows(ctx)
	return s.found
}

// usesSearch is one search for users.
type usesSearch struct {
	r      *Reader
	base   string // the address of the workspace
	ids    ids
	ration *ration
	found  Usage
}

// gaps notes what was not looked at, for each reason once.
func (s *usesSearch) gaps(policies bool, missed map[error]int) {
	order := []error{ErrDenied, ErrAbsent, ErrEnough, ErrUnreadable, ErrUnclear}
	for _, why := range slices.SortedFunc(maps.Keys(missed), func(a, b error) int {
		return cmp.Compare(slices.Index(order, a), slices.Index(order, b))
	}) {
		s.found.Gaps = append(s.found.Gaps, Gap{Policies: policies, N: missed[why], Why: why})
	}
}

// gapOf is the reason behind an error: one of those that a Gap has. Of the error's own text nothing is kept.
func gapOf(ctx context.Context, err error) error {
	var e *Error
	status := 0
	if errors.As(err, &e) {
		status = e.Status
	}
	switch {
	case errors.Is(err, ErrUnreadable):
		return ErrUnreadable
	case errors.Is(err, ErrEnough), errors.Is(err, ErrThrottled), errors.Is(context.Cause(ctx), ErrEnough):
		return ErrEnough
	case status == http.StatusUnauthorized, status == http.StatusForbidden:
		return ErrDenied
	case status == http.StatusNotFound, status == http.StatusMethodNotAllowed, status == http.StatusNotImplemented:
		return ErrAbsent
	case status >= 200 && status < 300:
		return ErrUnreadable
	}
	return ErrUnclear
}

// ration is how many requests some calls may send together.
type ration struct{ left atomic.Int64 }

func newRation(n int64) *ration {
	r := &ration{}
	r.left.Store(n)
	return r
}

// take takes one, if there is one. Without a ration there always is.
func (r *ration) take() bool { return r == nil || r.left.Add(-1) >= 0 }

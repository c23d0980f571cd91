package main

import (
	"context"
	"math"
	"sync"
	"time"

	"connsync/apply/state"
	"connsync/manifest/gitfs"
)

const (
	forever = time.Duration(math.MaxInt64)
	aMoment = 2 * time.Second // between a target's look at its ref and its list of connections there may pass as much
)

// mostFailed is how many looks in a row may fail, before the remote is not asked any more: each may take minutes.
const mostFailed = 2

// sight is a look at the refs of the remote with the shared known state, for all targets of a command: one for those who only read, and for a sync one now and
// then.
type sight struct {
	refs []string // of the targets at hand: what they name is brought together; none where each target looks for itself

	mu     sync.Mutex
	looked bool
	when   time.Time
	failed int // looks in a row
	heads  map[string]string
	err    error
}

// refsOf are the refs of some targets.
func refsOf(ts []wanted) (refs []string) {
	for _, t := range ts {
		refs = append(refs, state.Ref(t.Name))
	}
	return refs
}

// look is what the last look saw, where it is no older than so much; or what is there now. Who comes while another one looks waits for that.
func (s *sight) look(ctx context.Context, at *gitfs.Shared, fresh time.Duration) (map[string]string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.looked && s.serves(fresh) {
		return s.heads, s.err
	}
	s.looked = true
	if s.heads, s.err = at.Heads(ctx, state.Ref("*")); s.err != nil {
		s.failed++
		return nil, s.err
	}
	mine := map[string]string{}
	for _, ref := range s.refs {
		mine[ref] = s.heads[ref]
	}
	at.Gather(ctx, mine)
	s.failed, s.when = 0, time.Now()
	return s.heads, nil
}

// serves tells whether the last look serves once more. One that failed does where it is the last word.
func (s *sight) serves(fresh time.Duration) bool {
	switch {
	case fresh == forever || s.failed >= mostFailed:
		return true
	case s.err != nil:
		return false
	}
	return time.Since(s.when) < fresh
}

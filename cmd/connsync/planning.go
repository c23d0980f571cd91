package main

import (
	"context"
	"slices"

	"connsync/apply"
	"connsync/apply/state"
	"connsync/diff"
	"connsync/manifest"
)

// planning is what the flags of a sync change about a plan. Its zero value is diff's.
type planning struct {
	uses       bool // who uses what changes is told
	prune      bool
	limit      apply.Limit
	rewrite    []string // patterns
	unguard    []string // patterns
	accepted   []string // patterns of connections: their new destinations are accepted without a seal
	retarget   []string // targets
	dirty      bool     // manifests in no commit are applied
	allowOlder bool
	dryRun     bool    // what a sync would refuse is told
	home       *string // the repository to share the state from now on
	reviewed   bool    // the plan was reviewed, without a key: nothing is written beside it
	careful    bool    // known state is not begun beside connections of wanted names
	byName     bool    // known state was lost: what has a wanted name is taken over, as far as it is shown
}

// target is a wanted one in the shape taken by package apply.
func (g *globals) target(t wanted, s *source, known state.Snapshot, how planning, contains diff.Contains) apply.Target {
	return apply.Target{
		Name: t.Name, Place: diff.PlaceOf(t.Target), Want: t.want, Commit: s.commit.Hash, CommitAt: s.commit.Time,
		Known: known, Rewrite: matcher(how.rewrite), Only: matcher(g.Only),
		Retarget: slices.Contains(how.retarget, t.Name), ByName: how.byName, Uses: how.uses, Prune: how.prune, Limit: how.limit, Unguard: matcher(how.unguard),
		Contains: contains, Older: how.allowOlder, Reviewed: how.reviewed, Careful: how.careful,
		Destinations: t.destinations, Accept: matcher(how.accepted),
		Checks: t.checks, Rest: t.rest, RestedAt: t.restedAt, Reread: t.reread,
	}
}

// contains asks whether a commit is part of the one the manifests were read from; nil where they were read from none. What a clone
// lacks for that comes from the remote with the shared state, or else from origin.
func (s *source) contains(ctx context.Context, p manifest.StatePolicy, env func(string) string) diff.Contains {
	if s.repo == nil || s.commit.Hash == "" {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.history == nil {
		remote := p.Remote
		if remote == "" || remote == "none" {
			remote = "origin"
		}
		more, err := s.repo.Shared(remote, env)
		if err != nil {
			more = nil
		}
		s.history = s.repo.History(s.commit.Hash, more)
	}
	return func(commit, file, blob string) (bool, error) { return s.history.Contains(ctx, commit, file, blob) }
}

// accept lets the repository named by the flag share a state that does not know it.
func (how planning) accept(store *state.Store) error {
	if how.home == nil {
		return nil
	}
	return store.Accept(*how.home)
}

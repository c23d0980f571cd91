package gitfs

import (
	"context"
	"errors"
	"maps"
	"slices"

	"github.com/go-git/go-git/v5/plumbing"
)

// mostGathered is how many refs one request brings: their names stand on a command line.
const mostGathered = 200

// Gather brings the commits that a remote's refs name, as Heads saw them, by as few requests as can be: of hundreds of refs one request for each would take
// minutes. What it cannot bring so, HeadAt brings, and says what is wrong.
func (s *Shared) Gather(ctx context.Context, heads map[string]string) {
	ctx, cancel := withPatience(ctx, answerWithin)
	defer cancel()
	var cut, rest []string
	for _, ref := range slices.Sorted(maps.Keys(heads)) {
		hash := heads[ref]
		if hash == "" || s.repo.readable(hash) || has(s.repo.own, hash) {
			continue
		}
		if depth, local := s.lacks(ref, hash); depth > 0 {
			cut = append(cut, ref)
		} else if local == plumbing.ZeroHash || s.repo.readable(local.String()) {
			rest = append(rest, ref)
		}
	}
	for depth, refs := range [][]string{0: rest, 1: cut} {
		for some := range slices.Chunk(refs, mostGathered) {
			s.gather(ctx, depth, some)
		}
	}
}

// gather brings some refs by one request. One alone is left to HeadAt.
func (s *Shared) gather(ctx context.Context, depth int, refs []string) {
	if len(refs) < 2 {
		return
	}
	var known []plumbing.Hash
	for _, ref := range refs {
		if _, local := s.lacks(ref, ""); local != plumbing.ZeroHash {
			known = append(known, local)
		}
	}
	p, err := newPrivate()
	if err != nil {
		return
	}
	if errors.Join(p.begin(s.repo.git.Storer, known...), s.line.fetch(ctx, p, depth, refs...)) != nil {
		_ = p.remove()
		return
	}
	s.repo.borrows.add(p)
}

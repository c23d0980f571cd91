package gitfs

import (
	"slices"

	"github.com/go-git/go-git/v5/plumbing"
)

// MergeBase is the newest commit before both. ErrShallow where the history ends before it is found, and ErrUnrelated where
// there is none. Where a is before b, no history further back is asked for: the merge commit a CI system checks
// out names the tip of its target as a parent, and a shallow clone may end there.
func (r *Repository) MergeBase(a, b string) (Commit, error) {
	for _, hash := range []string{a, b} {
		if _, err := r.git.CommitObject(plumbing.NewHash(hash)); err != nil {
			return Commit{}, &UnknownRefError{hash}
		}
	}
	first, err := r.git.CommitObject(plumbing.NewHash(a))
	if err != nil {
		return Commit{}, ErrBroken
	}
	second, err := r.git.CommitObject(plumbing.NewHash(b))
	if err != nil {
		return Commit{}, ErrBroken
	}
	if a == b || slices.Contains(second.ParentHashes, first.Hash) {
		return r.commit(first.Hash)
	}
	bases, err := first.MergeBase(second)
	if (err != nil || len(bases) == 0) && r.Shallow() {
		if before, err := r.IsAncestor(a, b); err == nil && before {
			return r.commit(first.Hash)
		}
	}
	switch {
	case (err != nil || len(bases) == 0) && r.Shallow():
		return Commit{}, ErrShallow
	case err != nil:
		return Commit{}, ErrBroken
	case len(bases) == 0:
		return Commit{}, ErrUnrelated
	}
	return r.commit(bases[0].Hash)
}

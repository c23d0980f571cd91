package gitfs

import (
	"errors"
	"strings"

	"github.com/go-git/go-git/v5/plumbing"

	"connsync/lazy"
)

// Head is the checked-out commit. ErrUnborn where there is none yet.
func (r *Repository) Head() (Commit, error) {
	head, err := r.git.Head()
	switch {
	case errors.Is(err, plumbing.ErrReferenceNotFound):
		return Commit{}, ErrUnborn
	case err != nil:
		return Commit{}, ErrBroken
	}
	c, err := r.commit(head.Hash())
	if err != nil {
		return Commit{}, err
	}
	if head.Name().IsBranch() {
		c.Ref = head.Name().Short()
	}
	return c, nil
}

func (r *Repository) commit(hash plumbing.Hash) (Commit, error) {
	c, err := r.git.CommitObject(hash)
	if err != nil || c.Hash != hash {
		return Commit{}, ErrBroken
	}
	return Commit{Hash: c.Hash.String(), Time: c.Committer.When, Author: c.Author.Name}, nil
}

// plainRevision keeps out what go-git takes and silently misreads: reflogs (main@{1}) and files (HEAD:path).
var plainRevision = lazy.New(`^[^@{}:\\ \x00-\x1f-][^@{}:\\ \x00-\x1f]*$`)

// Resolve finds a branch, a tag, a remote's branch or a commit; also HEAD~2 and the like. *UnknownRefError where there is none.
func (r *Repository) Resolve(rev string) (Commit, error) {
	if !plainRevision.MatchString(rev) || len(rev) > 250 {
		return Commit{}, &UnknownRefError{rev}
	}
	hash, err := r.git.ResolveRevision(plumbing.Revision(rev))
	if err != nil || hash == nil {
		return Commit{}, &UnknownRefError{rev}
	}
	c, err := r.commit(*hash)
	if err != nil {
		return Commit{}, &UnknownRefError{rev}
	}
	if !strings.HasPrefix(c.Hash, rev) && !strings.ContainsAny(rev, "~^") {
		c.Ref = rev
	}
	return c, nil
}

// Shadowed is the full name of the branch hidden from a revision by a tag of the same name; "" where there is no such pair.
func (r *Repository) Shadowed(rev string) string {
	name := rev
	if at := strings.IndexAny(rev, "~^"); at >= 0 {
		name = rev[:at]
	}
	there := func(ref string) bool {
		_, err := r.git.Storer.Reference(plumbing.ReferenceName(ref))
		return err == nil
	}
	if !plainRevision.MatchString(name) || !there("refs/tags/"+name) {
		return ""
	}
	for _, branch := range []string{"refs/heads/" + name, "refs/remotes/" + name} {
		if there(branch) {
			return branch
		}
	}
	return ""
}

// Shallow tells whether the history is cut off.
func (r *Repository) Shallow() bool {
	cut, err := r.git.Storer.Shallow()
	return err != nil || len(cut) > 0
}

// IsAncestor tells whether commit a is b or comes before it. *UnknownRefError where either is not there, and
// ErrShallow where the history ends before a is found.
func (r *Repository) IsAncestor(a, b string) (bool, error) {
	for _, hash := range []string{a, b} {
		if _, err := r.git.CommitObject(plumbing.NewHash(hash)); err != nil {
			return false, &UnknownRefError{hash}
		}
	}
	w := newWalk(r.git.Storer, plumbing.NewHash(b))
	for c := w.next(); c != nil; c = w.next() {
		if c.Hash == plumbing.NewHash(a) {
			return true, nil
		}
	}
	if w.cut {
		return false, ErrShallow
	}
	return false, nil
}

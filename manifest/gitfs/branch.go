package gitfs

import (
	"container/heap"
	"io"
	"slices"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/object"
)

// MergeBase is the newest commit that comes before both. ErrShallow where the history ends before it is found, and ErrUnrelated where
// there is none. Where a is before b, no history further back is asked for: the merge commit that a CI system checks
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

// Version is the content that a commit gave a file.
type Version struct {
	Commit Commit
	File   string // slash path
	Text   []byte
	blob   plumbing.Hash
}

// Limits of what Since reads: a branch beyond them is told as far as it goes.
const (
	maxBranch   = 2000 // commits
	maxVersions = 20_000
)

// Since calls a function with each version of a file that the commits after base and up to head made, if want names the file, oldest first:
// what a branch pushed, also where a later commit took it back. Of a merge only what none of its parents has is a version. complete is
// false where the history is cut off or longer than anybody reviews. An error of the function ends it.
func (r *Repository) Since(base, head string, want func(file string) bool, each func(Version) error) (complete bool, err error) {
	commits, complete := r.after(base, head)
	count := 0
	for i := len(commits) - 1; i >= 0; i-- {
		made, err := r.made(commits[i], want)
		if err != nil {
			return false, err
		}
		for _, v := range made {
			if v.Text, err = r.blob(v.blob); err != nil {
				return false, &MissingObjectError{v.File}
			}
			if err := each(v); err != nil {
				return false, err
			}
		}
		if count += len(made); count > maxVersions {
			return false, nil
		}
	}
	return complete, nil
}

// byTime is a heap of commits, newest first.
type byTime []*object.Commit

func (q byTime) Len() int           { return len(q) }
func (q byTime) Less(i, j int) bool { return q[i].Committer.When.After(q[j].Committer.When) }
func (q byTime) Swap(i, j int)      { q[i], q[j] = q[j], q[i] }
func (q *byTime) Push(x any)        { *q = append(*q, x.(*object.Commit)) }
func (q *byTime) Pop() any {
	last := (*q)[len(*q)-1]
	*q = (*q)[:len(*q)-1]
	return last
}

// after are the commits up to head that do not come before base, newest first. It goes back from both, newest commit first, and stops
// where everything left comes before base: the history of years is not read for a branch of days.
func (r *Repository) after(base, head string) (out []*object.Commit, complete bool) {
	var queue byTime
	old, waiting, done := map[plumbing.Hash]bool{}, map[plumbing.Hash]bool{}, map[plumbing.Hash]bool{}
	fresh := 0 // waiting and not old
	complete = true
	push := func(hash plumbing.Hash, isOld bool) {
		if isOld && !old[hash] {
			old[hash] = true
			if waiting[hash] {
				fresh--
			}
		}
		if waiting[hash] || done[hash] {
			return
		}
		c, err := r.git.CommitObject(hash)
		if err != nil {
			complete = complete && isOld
			return
		}
		waiting[hash] = true
		if !old[hash] {
			fresh++
		}
		heap.Push(&queue, c)
	}
	push(plumbing.NewHash(base), true)
	push(plumbing.NewHash(head), false)
	for fresh > 0 && len(out) < maxBranch {
		c := heap.Pop(&queue).(*object.Commit)
		isOld := old[c.Hash]
		waiting[c.Hash], done[c.Hash] = false, true
		if !isOld {
			fresh--
			out = append(out, c)
		}
		for _, p := range c.ParentHashes {
			push(p, isOld)
		}
	}
	return out, complete && fresh == 0
}

// made are the versions of files that one commit made, without their texts: what none of its parents has.
func (r *Repository) made(c *object.Commit, want func(string) bool) ([]Version, error) {
	tree, parents, err := trees(c)
	if err != nil {
		return nil, err
	}
	var first *object.Tree
	if len(parents) > 0 {
		first = parents[0]
	}
	changes, err := object.DiffTree(first, tree)
	if err != nil {
		return nil, &MissingObjectError{"."}
	}
	var out []Version
	for _, change := range changes {
		to := change.To.TreeEntry
		if change.To.Name == "" || !want(change.To.Name) || !modeOf(to.Mode).IsRegular() || inherited(change.To.Name, to.Hash, parents) {
			continue
		}
		out = append(out, Version{Commit: Commit{Hash: c.Hash.String(), Time: c.Committer.When, Author: c.Author.Name}, File: change.To.Name, blob: to.Hash})
	}
	return out, nil
}

// trees are a commit's own tree and those of its parents, as far as they are there.
func trees(c *object.Commit) (*object.Tree, []*object.Tree, error) {
	own, err := c.Tree()
	if err != nil {
		return nil, nil, &MissingObjectError{"."}
	}
	var parents []*object.Tree
	for i := range c.ParentHashes {
		p, err := c.Parent(i)
		if err != nil {
			continue // cut off by a shallow clone
		}
		t, err := p.Tree()
		if err != nil {
			return nil, nil, &MissingObjectError{"."}
		}
		parents = append(parents, t)
	}
	return own, parents, nil
}

func inherited(name string, hash plumbing.Hash, parents []*object.Tree) bool {
	return slices.ContainsFunc(parents, func(t *object.Tree) bool {
		e, err := t.FindEntry(name)
		return err == nil && e.Hash == hash
	})
}

// blob reads one object, if it is no larger than a manifest may be.
func (r *Repository) blob(hash plumbing.Hash) ([]byte, error) {
	b, err := object.GetBlob(r.git.Storer, hash)
	if err != nil {
		return nil, err
	}
	in, err := b.Reader()
	if err != nil {
		return nil, err
	}
	defer in.Close()
	return io.ReadAll(io.LimitReader(in, maxFile))
}

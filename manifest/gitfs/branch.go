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
	Commit  Commit
	File    string // slash path
	Blob    string // Git's hash of the content
	Outside bool   // the commit is not of the branch: one of the branch was made from it
	repo    *Repository
}

// Read reads the content. An error is a *MissingObjectError, or a *RefusedError where it is larger than 8 MiB.
func (v Version) Read() ([]byte, error) {
	hash := plumbing.NewHash(v.Blob)
	switch size, err := v.repo.git.Storer.EncodedObjectSize(hash); {
	case err != nil:
		return nil, &MissingObjectError{v.File}
	case size > maxFile:
		return nil, &RefusedError{v.File, "larger than 8 MiB"}
	}
	text, err := v.repo.blob(hash)
	if err != nil {
		return nil, &MissingObjectError{v.File}
	}
	return text, nil
}

// Limits of what Since and Before go through: a branch beyond them is told as far as it goes.
const (
	maxBranch   = 2000 // commits
	maxVersions = 20_000
)

// Since calls a function with each version of a file that the commits after base and up to head made, if want names the file, each commit after
// its parents: what a branch pushed, also where a later commit took it back. Of a merge only what none of its parents has is a version. What
// the branch's commits changed of commits that are not its own comes first, as Outside. complete is false where the history is cut off
// or longer than anybody reviews. An error of the function ends it.
func (r *Repository) Since(base, head string, want func(file string) bool, each func(Version) error) (complete bool, err error) {
	commits, complete := r.after(base, head)
	own := make(map[plumbing.Hash]bool, len(commits))
	for _, c := range commits {
		own[c.Hash] = true
	}
	count := 0
	for _, c := range parentsFirst(commits) {
		made, err := r.made(c, want, func(parent plumbing.Hash) bool { return !own[parent] && parent.String() != base })
		if err != nil {
			return false, err
		}
		for _, v := range made {
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

// Before calls a function with each version of one file that a commit and those before it made, newest first, until it wants no more. complete
// is false where the history is cut off or very long.
func (r *Repository) Before(commit, file string, each func(Version) (more bool, err error)) (complete bool, err error) {
	first, err := r.git.CommitObject(plumbing.NewHash(commit))
	if err != nil {
		return false, nil
	}
	queue, seen := byTime{first}, map[plumbing.Hash]bool{first.Hash: true}
	for n := 0; len(queue) > 0; n++ {
		if n == maxBranch {
			return false, nil
		}
		c := heap.Pop(&queue).(*object.Commit)
		own, parents, err := trees(c)
		if err != nil {
			return false, err
		}
		if e, err := own.FindEntry(file); err == nil && modeOf(e.Mode).IsRegular() && !inherited(file, e.Hash, parents) {
			if more, err := each(r.version(c, file, e.Hash)); err != nil || !more {
				return true, err
			}
		}
		for _, hash := range c.ParentHashes {
			p, err := r.git.CommitObject(hash)
			if err != nil {
				return false, nil
			}
			if !seen[hash] {
				seen[hash] = true
				heap.Push(&queue, p)
			}
		}
	}
	return true, nil
}

func (r *Repository) version(c *object.Commit, file string, blob plumbing.Hash) Version {
	return Version{Commit: Commit{Hash: c.Hash.String(), Time: c.Committer.When, Author: c.Author.Name}, File: file, Blob: blob.String(), repo: r}
}

// parentsFirst puts commits in an order in which each comes after its parents, whatever their clocks said.
func parentsFirst(commits []*object.Commit) []*object.Commit {
	left := make(map[plumbing.Hash]int, len(commits)) // parents that have not come yet
	children := map[plumbing.Hash][]*object.Commit{}
	for _, c := range commits {
		left[c.Hash] = 0
	}
	var ready byTime // of these the oldest comes next
	for _, c := range commits {
		for _, p := range c.ParentHashes {
			if _, ours := left[p]; ours {
				left[c.Hash]++
				children[p] = append(children[p], c)
			}
		}
	}
	for _, c := range commits {
		if left[c.Hash] == 0 {
			ready = append(ready, c)
		}
	}
	out := make([]*object.Commit, 0, len(commits))
	oldest := oldestFirst{&ready}
	for heap.Init(oldest); len(ready) > 0; {
		c := heap.Pop(oldest).(*object.Commit)
		out = append(out, c)
		for _, child := range children[c.Hash] {
			if left[child.Hash]--; left[child.Hash] == 0 {
				heap.Push(oldest, child)
			}
		}
	}
	return out
}

// oldestFirst is a heap of commits the other way round.
type oldestFirst struct{ *byTime }

func (q oldestFirst) Less(i, j int) bool { return q.byTime.Less(j, i) }

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

// made are the versions of files that one commit made, which none of its parents has; before them those that parents from outside had of these
// files.
func (r *Repository) made(c *object.Commit, want func(string) bool, outside func(parent plumbing.Hash) bool) (out []Version, err error) {
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
	for _, change := range changes {
		to := change.To.TreeEntry
		if change.To.Name == "" || !want(change.To.Name) || !modeOf(to.Mode).IsRegular() || inherited(change.To.Name, to.Hash, parents) {
			continue
		}
		out = append(append(out, r.outside(c, change.To.Name, outside)...), r.version(c, change.To.Name, to.Hash))
	}
	return out, nil
}

// outside are the versions of a file that those parents of a commit have which are not of the branch.
func (r *Repository) outside(c *object.Commit, file string, isOutside func(plumbing.Hash) bool) (out []Version) {
	for i, hash := range c.ParentHashes {
		if !isOutside(hash) {
			continue
		}
		parent, err := c.Parent(i)
		if err != nil {
			continue // cut off by a shallow clone
		}
		tree, err := parent.Tree()
		if err != nil {
			continue
		}
		if e, err := tree.FindEntry(file); err == nil && modeOf(e.Mode).IsRegular() {
			v := r.version(parent, file, e.Hash)
			v.Outside = true
			out = append(out, v)
		}
	}
	return out
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

package gitfs

import (
	"container/heap"
	"slices"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/object"
)

// Limits of what Since and Before go through: a branch beyond them is told as far as it goes. All goes through whole histories.
const (
	maxBranch   = 2000 // commits
	maxVersions = 20_000

	maxHistory     = 50_000 // commits
	maxAllVersions = 200_000
)

// Since calls a function with each version of a file made by the commits after base and up to head, if want names the file, each commit after
// its parents: what a branch pushed, also where a later commit took it back. Of a merge only what none of its parents has is a version. What
// the branch's commits changed of commits from outside it comes first, as Outside. complete is false where the history is cut off
// or longer than any review. An error of the function ends it.
func (r *Repository) Since(base, head string, want func(file string) bool, each func(Version) error) (complete bool, err error) {
	return r.since(base, head, maxBranch, maxVersions, want, each)
}

// All is Since of everything up to a commit.
func (r *Repository) All(head string, want func(file string) bool, each func(Version) error) (complete bool, err error) {
	return r.since("", head, maxHistory, maxAllVersions, want, each)
}

func (r *Repository) since(base, head string, most, versions int, want func(file string) bool, each func(Version) error) (complete bool, err error) {
	commits, complete := r.after(base, head, most)
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
		if count += len(made); count > versions {
			return false, nil
		}
	}
	return complete, nil
}

// Before calls a function with each version of one file made by a commit and those before it, newest first, until it wants no more. complete
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

// after are the commits up to head that do not come before base, newest first. It goes back from both, newest commit first, and stops
// where everything left comes before base: the history of years is not read for a branch of days.
func (r *Repository) after(base, head string, most int) (out []*object.Commit, complete bool) {
	w := goingBack{from: r, old: map[plumbing.Hash]bool{}, waiting: map[plumbing.Hash]bool{}, done: map[plumbing.Hash]bool{}}
	w.meet(plumbing.NewHash(base), true)
	w.meet(plumbing.NewHash(head), false)
	for w.fresh > 0 && len(out) < most {
		c, isOld := w.next()
		if !isOld {
			out = append(out, c)
		}
		for _, p := range c.ParentHashes {
			w.meet(p, isOld)
		}
	}
	return out, !w.cut && w.fresh == 0
}

// goingBack is a walk through history: a commit is old if it is base, or comes before it.
type goingBack struct {
	from               *Repository
	queue              byTime
	old, waiting, done map[plumbing.Hash]bool
	fresh              int  // waiting and not old
	cut                bool // a commit that is not old cannot be read
}

// meet has a commit wait for its turn. One that was met before may turn out to be old.
func (w *goingBack) meet(hash plumbing.Hash, isOld bool) {
	if isOld && !w.old[hash] {
		w.old[hash] = true
		if w.waiting[hash] {
			w.fresh--
		}
	}
	if w.waiting[hash] || w.done[hash] {
		return
	}
	c, err := w.from.git.CommitObject(hash)
	if err != nil {
		w.cut = w.cut || !isOld
		return
	}
	w.waiting[hash] = true
	if !w.old[hash] {
		w.fresh++
	}
	heap.Push(&w.queue, c)
}

// next is the newest commit that waits.
func (w *goingBack) next() (c *object.Commit, isOld bool) {
	c = heap.Pop(&w.queue).(*object.Commit)
	w.waiting[c.Hash], w.done[c.Hash] = false, true
	if isOld = w.old[c.Hash]; !isOld {
		w.fresh--
	}
	return c, isOld
}

// made are the new versions of files in one commit, absent from all its parents; before them those that parents from outside had of these
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
		v := r.version(c, change.To.Name, to.Hash)
		v.Before, v.Cut = blobs(change.To.Name, parents), len(parents) < len(c.ParentHashes)
		out = append(append(out, r.outside(c, change.To.Name, outside)...), v)
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

// blobs are what a file was in some trees.
func blobs(name string, in []*object.Tree) (out []string) {
	for _, t := range in {
		if e, err := t.FindEntry(name); err == nil {
			out = append(out, e.Hash.String())
		}
	}
	return out
}

func inherited(name string, hash plumbing.Hash, parents []*object.Tree) bool {
	return slices.ContainsFunc(parents, func(t *object.Tree) bool {
		e, err := t.FindEntry(name)
		return err == nil && e.Hash == hash
	})
}

package gitfs

import (
	"context"
	"sync"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/object"
	"github.com/go-git/go-git/v5/plumbing/storer"
)

// History is a commit and all before it, read as far as was asked for. It is for as long as the repository is open.
type History struct {
	mu      sync.Mutex
	repo    *Repository
	store   storer.EncodedObjectStorer
	head    plumbing.Hash
	more    *Shared // brings what a clone lacks; nil for nothing
	depths  []int   // still to be tried, in commits; 0 for all
	walk    walk
	commits map[plumbing.Hash]bool // read so far
}

// History begins at a commit of the repository. Nothing is read yet. Where the clone is cut off, what is missing is fetched from a remote (nil
// for none) to where nothing of the repository changes.
func (r *Repository) History(head string, more *Shared) *History {
	h := &History{repo: r, store: r.git.Storer, head: plumbing.NewHash(head), more: more}
	if more != nil {
		h.depths = []int{50, 1000, 0}
	}
	h.begin()
	return h
}

func (h *History) begin() {
	h.walk, h.commits = newWalk(h.store, h.head), map[plumbing.Hash]bool{}
}

// Contains tells whether what was applied from a commit is part of the history: the commit is in it, or, as after a squash, some
// version in it holds the same file (blob is Git's name of its content; "" where it is not known). A yes holds at any depth;
// where a no would need commits out of reach, the error is ErrShallow, or the remote's.
func (h *History) Contains(ctx context.Context, commit, file, blob string) (bool, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for {
		contained, whole := h.here(plumbing.NewHash(commit), file, blob)
		if contained || whole {
			return contained, nil
		}
		if len(h.depths) == 0 {
			return false, ErrShallow
		}
		if err := h.deepen(ctx); err != nil {
			return false, err
		}
	}
}

// here is Contains by what is here, and whether it is all.
func (h *History) here(commit plumbing.Hash, file, blob string) (contained, whole bool) {
	for !h.commits[commit] {
		c := h.walk.next()
		if c == nil {
			break
		}
		h.commits[c.Hash] = true
	}
	if h.commits[commit] {
		return true, true
	}
	had, readable := h.had(file, blob)
	return had, !h.walk.cut && readable
}

// had looks for a file's content in all commits, and tells whether all of their trees could be read.
func (h *History) had(file, blob string) (had, readable bool) {
	if blob == "" {
		return false, true
	}
	readable = true
	trees := map[plumbing.Hash]bool{}
	w := newWalk(h.store, h.head)
	for c := w.next(); c != nil; c = w.next() {
		if trees[c.TreeHash] {
			continue
		}
		trees[c.TreeHash] = true
		tree, err := c.Tree()
		if err != nil {
			readable = false
			continue
		}
		if entry, err := tree.FindEntry(file); err == nil && entry.Hash.String() == blob {
			return true, readable
		}
	}
	return false, readable
}

// deepen brings more of the history, and begins anew.
func (h *History) deepen(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, answerWithin)
	defer cancel()
	depth := h.depths[0]
	h.depths = h.depths[1:]
	p, err := newPrivate()
	if err != nil {
		return ErrBroken
	}
	if err := h.bring(ctx, p, depth); err != nil {
		_ = p.remove()
		return err
	}
	if h.repo.borrows == nil { // a clone in memory reads nothing but itself, and came from there as a whole
		h.repo.borrows, h.store = &borrowed{}, p.storage
	}
	h.repo.borrows.add(p)
	h.begin()
	return nil
}

// bring fetches the head by a ref with its name, or by its hash, or else the remote's own head, since it may stand on that: not every server gives
// every commit.
func (h *History) bring(ctx context.Context, p *private, depth int) error {
	refs, err := h.more.line.list(ctx)
	if err != nil {
		return err
	}
	for name, hash := range refs {
		if hash == h.head.String() {
			return h.more.line.fetch(ctx, p, depth, name)
		}
	}
	if h.more.line.fetch(ctx, p, depth, h.head.String()) == nil && has(p.storage, h.head.String()) {
		return nil
	}
	return h.more.line.fetch(ctx, p, depth, "HEAD")
}

// walk visits a commit and all before it, each once.
type walk struct {
	store storer.EncodedObjectStorer
	seen  map[plumbing.Hash]bool
	queue []plumbing.Hash
	cut   bool // one of them is not here
}

func newWalk(s storer.EncodedObjectStorer, head plumbing.Hash) walk {
	return walk{store: s, seen: map[plumbing.Hash]bool{}, queue: []plumbing.Hash{head}}
}

// next is one more commit; nil where there is none.
func (w *walk) next() *object.Commit {
	for len(w.queue) > 0 {
		at := w.queue[0]
		w.queue = w.queue[1:]
		if w.seen[at] {
			continue
		}
		w.seen[at] = true
		c, err := object.GetCommit(w.store, at)
		if err != nil {
			w.cut = true
			continue
		}
		w.queue = append(w.queue, c.ParentHashes...)
		return c
	}
	return nil
}

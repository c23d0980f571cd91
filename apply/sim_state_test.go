package apply_test

import (
	"bytes"
	"compress/zlib"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/go-git/go-git/v5"
	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/object"
	"github.com/go-git/go-git/v5/storage/memory"

	"connsync/apply/state"
)

// machine is a clone: a folder with loose objects, the ref and the lock.
type machine struct{ folder string }

func (s *sim) newMachine() *machine {
	folder, err := os.MkdirTemp(s.folder, "clone")
	if err == nil {
		err = os.Mkdir(filepath.Join(folder, "objects"), 0o777)
	}
	if err != nil {
		panic(err)
	}
	return &machine{folder}
}

// store is a machine's known state as one run sees it; without a run, as no run sees it.
func (s *sim) store(r *simRun, m *machine) *state.Store {
	repo := state.Repo{Git: &git.Repository{Storer: simObjects{folder: m.folder, s: s}}, CommonDir: m.folder}
	if s.seed%2 == 0 {
		repo.PartsFrom = 3 // so few are often crossed
	}
	if r != nil {
		repo.Sleep, repo.Effect = r.sleep, r.effect
		if s.shared != nil {
			repo.Remote = simRemote{r, m}
		}
	}
	store, err := state.Open(repo, "prod")
	if err != nil {
		panic(err)
	}
	return store
}

// snapshot is what a machine's ref names, without asking the remote.
func (s *sim) snapshot(m *machine) (state.Snapshot, error) {
	return s.store(nil, m).Read(context.Background())
}

// effect is what known state does to a disk. Writing files and putting them in place are worth a stop: there a process may die and a
// disk may be full. A dead process does nothing of it.
func (r *simRun) effect(op string) error {
	what, before := strings.CutPrefix(op, "before ")
	switch verb, _, _ := strings.Cut(what, " "); {
	case !before:
	case verb == "write" || verb == "rename" || verb == "link" || verb == "remove" || verb == "lock":
		return r.park(what, nil)
	}
	r.s.mu.Lock()
	defer r.s.mu.Unlock()
	if r.dead {
		return errSimDead
	}
	return nil
}

// simObjects reads loose objects. It is much less than go-git's storage of files, and much faster.
type simObjects struct {
	*memory.Storage
	folder string
	s      *sim
}

func (o simObjects) NewEncodedObject() plumbing.EncodedObject { return &plumbing.MemoryObject{} }

func (o simObjects) EncodedObjectSize(h plumbing.Hash) (int64, error) {
	found, err := o.EncodedObject(plumbing.AnyObject, h)
	if err != nil {
		return 0, err
	}
	return found.Size(), nil
}

func (o simObjects) EncodedObject(t plumbing.ObjectType, h plumbing.Hash) (plumbing.EncodedObject, error) {
	packed, err := os.ReadFile(o.file(h))
	if errors.Is(err, os.ErrNotExist) {
		return nil, plumbing.ErrObjectNotFound
	}
	var text []byte
	if err == nil {
		var z io.ReadCloser
		if z, err = zlib.NewReader(bytes.NewReader(packed)); err == nil {
			text, err = io.ReadAll(z)
		}
	}
	if err != nil {
		return nil, err
	}
	if bytes.Contains(text, []byte(canaryStart)) {
		o.s.fail("a plaintext stands in an object of known state")
	}
	header, content, _ := bytes.Cut(text, []byte{0})
	name, _, _ := strings.Cut(string(header), " ")
	is, err := plumbing.ParseObjectType(name)
	if err != nil || t != plumbing.AnyObject && t != is {
		return nil, plumbing.ErrObjectNotFound
	}
	out := &plumbing.MemoryObject{}
	out.SetType(is)
	_, err = out.Write(content)
	return out, err
}

func (o simObjects) file(h plumbing.Hash) string {
	name := h.String()
	return filepath.Join(o.folder, "objects", name[:2], name[2:])
}

// origin is the repository for the known state shared by machines.
type origin struct {
	machine
	head string
}

// moved makes the ref name another commit.
func (o *origin) moved(head string) {
	o.head = head
	ref := filepath.Join(o.folder, filepath.FromSlash(state.Ref("prod")))
	err := os.MkdirAll(filepath.Dir(ref), 0o777)
	if err == nil {
		err = os.WriteFile(ref, []byte(head+"\n"), 0o666)
	}
	if err != nil {
		panic(err)
	}
}

// simRemote is a machine's way to the shared repository: compare and swap, and only to what follows.
type simRemote struct {
	run *simRun
	at  *machine
}

var errSimRemote = errors.New("the remote cannot be reached")

func (r simRemote) Head(_ context.Context, _ string) (head string, err error) {
	o := r.run.s.shared
	err = r.run.park("fetch", func() error {
		head = o.head
		r.run.s.bring(o.folder, r.at.folder, head)
		return nil
	})
	return head, err
}

// Keep has nothing to do: Head brings all there is.
func (r simRemote) Keep(context.Context, string) error { return nil }

func (r simRemote) Replace(_ context.Context, _, old, new string) error {
	s := r.run.s
	return r.run.park("push", func() error {
		switch {
		case s.shared.head == new:
			return nil
		case s.shared.head != old:
			return state.ErrReplaced
		}
		s.bring(r.at.folder, s.shared.folder, new)
		if old != "" && !s.leads(s.shared.folder, new, old) {
			s.fail("the shared state was replaced by one that does not follow it")
		}
		s.shared.moved(new)
		return nil
	})
}

// bring links a commit and all before it into another repository.
func (s *sim) bring(from, to, hash string) {
	source, target := simObjects{folder: from, s: s}, simObjects{folder: to, s: s}
	for hash != "" {
		if _, err := os.Lstat(target.file(plumbing.NewHash(hash))); err == nil {
			return
		}
		c := s.commitOf(from, hash)
		tree, err := object.GetTree(source, c.TreeHash)
		if err != nil {
			panic(err)
		}
		var hashes []plumbing.Hash
		for _, e := range tree.Entries {
			hashes = append(hashes, e.Hash)
		}
		for _, h := range append(hashes, tree.Hash, c.Hash) {
			file := target.file(h)
			err := os.MkdirAll(filepath.Dir(file), 0o777)
			if err == nil {
				err = os.Link(source.file(h), file)
			}
			if err != nil && !errors.Is(err, os.ErrExist) {
				panic(err)
			}
		}
		hash = ""
		if c.NumParents() > 0 {
			hash = c.ParentHashes[0].String()
		}
	}
}

func (s *sim) commitOf(folder, hash string) *object.Commit {
	c, err := object.GetCommit(simObjects{folder: folder, s: s}, plumbing.NewHash(hash))
	if err != nil {
		panic(err)
	}
	return c
}

// leads tells whether a commit is another one or comes after it.
func (s *sim) leads(folder, later, earlier string) bool {
	for later != earlier {
		c := s.commitOf(folder, later)
		if c.NumParents() == 0 {
			return false
		}
		later = c.ParentHashes[0].String()
	}
	return true
}

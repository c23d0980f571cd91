package state

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/go-git/go-git/v5"
	"github.com/go-git/go-git/v5/plumbing/object"

	"connsync/diff"
	"connsync/lazy"
)

// Repo is the repository with known state. Package gitfs opens it, and knows more kinds of repositories than go-git.
type Repo struct {
	Git        *git.Repository
	CommonDir  string           // the folder of refs and objects of all worktrees; "" for a repository in memory
	Partial    bool             // it lacks objects: another repository promised to have them
	Remote     Remote           // shares the ref; nil where it stays on this machine
	RemoteName string           // what this clone calls it
	Home       string           // the Remote's repository, as "host/path"; "" where others cannot know it
	Now        func() time.Time // nil for the real clock
	Sleep      func(context.Context, time.Duration) error
	Waits      func(what string, until time.Time) (done func()) // hears of what may take long, until when at most (zero: not known), and when it is over; nil for none
	PartsFrom  int                                              // names from which on known state stands in parts; 0 for 2,048
	Effect     func(op string) error                            // hears "before …" and "after …" of every effect on disk and remote, and can make it fail; nil for none
}

func (r Repo) sleep(ctx context.Context, d time.Duration) error {
	if r.Sleep != nil {
		return r.Sleep(ctx, d)
	}
	waited, cancel := context.WithTimeout(ctx, d)
	defer cancel()
	<-waited.Done()
	return ctx.Err()
}

// waits tells of a possibly long step, until done is called.
func (r Repo) waits(what string, until time.Time) (done func()) {
	if r.Waits == nil {
		return func() {}
	}
	return r.Waits(what, until)
}

// Remote shares the ref of a target between machines.
type Remote interface {
	// Head is the commit named by the remote's ref, with its objects where the repository can read them while it is open; "" for an
	// absent ref.
	Head(ctx context.Context, ref string) (string, error)
	// Keep brings the objects of a commit from Head into the repository for good: from then on a ref of it may name the commit.
	Keep(ctx context.Context, hash string) error
	// Replace makes the remote's ref new if it is old ("" for absent), and fails with ErrReplaced where it is not.
	Replace(ctx context.Context, ref, old, new string) error
}

// Store is the known state of one target.
type Store struct {
	repo     Repo
	target   string
	ref      string
	accepted bool // Home may share the state, although the state does not know it

	remembered Snapshot         // of a commit not to be read again
	named      map[string]blobs // of commits read or written
}

var validTarget = lazy.New(`^[a-z0-9][a-z0-9_-]{0,62}$`)

// Ref is the full name of a target's ref.
func Ref(target string) string { return "refs/heads/connsync-state/" + target }

// Open makes the Store of a target. Nothing is read yet.
func Open(r Repo, target string) (*Store, error) {
	if !validTarget.MatchString(target) {
		return nil, &CorruptError{"refs/heads/connsync-state", "not the name of a target"}
	}
	if r.CommonDir == "" {
		return nil, ErrNoFolder
	}
	if r.Now == nil {
		r.Now = time.Now
	}
	if r.PartsFrom == 0 {
		r.PartsFrom = partsFrom
	}
	if r.Remote != nil {
		r.Remote = observedRemote{r.Remote, r}
	}
	return &Store{repo: r, target: target, ref: Ref(target), named: map[string]blobs{}}, nil
}

// Shared tells whether a Remote shares the state.
func (s *Store) Shared() bool { return s.repo.Remote != nil }

// Read is known state as it stands here, without a lock and without asking a Remote. A target without a ref has the zero Snapshot.
func (s *Store) Read(ctx context.Context) (Snapshot, error) {
	if err := ctx.Err(); err != nil {
		return Snapshot{}, err
	}
	hash, err := s.local()
	if err != nil {
		return Snapshot{}, err
	}
	return s.at(hash)
}

// Remember has a snapshot from Read, also from another Store of the target, not be read again where its commit is asked for. One dependent on how much of the
// history is here is read again all the same.
func (s *Store) Remember(snap Snapshot) {
	for _, k := range snap.Known {
		if k.Written == diff.WrittenUnsaid {
			return
		}
	}
	s.remembered = snap
}

// ReadShared is Read, of the Remote's state where that is further. Nothing of it is kept here but objects. Where the two have gone different ways, it
// is what is known here, and Beside says so: a session would refuse both.
func (s *Store) ReadShared(ctx context.Context) (Snapshot, error) {
	if s.repo.Remote == nil {
		return s.Read(ctx)
	}
	hash, err := s.local()
	if err != nil {
		return Snapshot{}, err
	}
	shared, err := s.repo.Remote.(observedRemote).Seen(ctx, s.ref)
	if err != nil {
		return Snapshot{}, err
	}
	if hash == "" || s.follows(shared, hash) {
		return s.at(shared)
	}
	snap, err := s.at(hash)
	if shared != "" && !s.follows(hash, shared) {
		snap.Beside = shared
	}
	return snap, err
}

// Apart is a *DivergedError where a snapshot from ReadShared is not what is shared, nor comes after it; nil otherwise.
func (s *Store) Apart(snap Snapshot) error {
	if snap.Beside == "" {
		return nil
	}
	return &DivergedError{Ref: s.ref, Local: snap.Commit, Shared: snap.Beside}
}

func (s *Store) local() (string, error) {
	hash, problem := s.current()
	if problem != "" {
		return "", &CorruptError{s.ref, problem}
	}
	return hash, nil
}

// follows tells whether a commit is another one or comes after it.
func (s *Store) follows(later, earlier string) bool {
	for at := later; at != ""; {
		if at == earlier {
			return true
		}
		c, err := s.commit(at)
		if err != nil {
			return false
		}
		at = parent(c)
	}
	return false
}

// at reads the snapshot of one commit; the zero Snapshot of none.
func (s *Store) at(hash string) (Snapshot, error) {
	if hash == "" {
		return Snapshot{}, nil
	}
	commit, err := s.commit(hash)
	if err != nil {
		return Snapshot{}, s.unread("the commit that it names", err)
	}
	named, err := s.blobs(commit)
	switch {
	case err != nil:
		return Snapshot{}, err
	case hash == s.remembered.Commit:
		return s.remembered, nil
	}
	read, err := s.texts(named)
	if err != nil {
		return Snapshot{}, err
	}
	snap, newer, problem := decode(s.target, read)
	switch {
	case newer != 0:
		return Snapshot{}, &SchemaError{s.ref, newer}
	case problem != "":
		return Snapshot{}, &CorruptError{s.ref, problem}
	}
	snap.Commit = hash
	return s.converted(snap), nil
}

// blobs are those of a commit of known state. They are kept: a commit that leaves one as it is names it again.
func (s *Store) blobs(c *object.Commit) (blobs, error) {
	tree, err := s.tree(c.TreeHash)
	if err != nil {
		return blobs{}, s.unread("its tree", err)
	}
	named, ok := blobsOf(tree.Entries)
	if !ok {
		return blobs{}, s.otherTree(tree)
	}
	s.named[c.Hash.String()] = named
	return named, nil
}

// otherTree is the error of a tree with other files: those of a newer connsync have a header that says so.
func (s *Store) otherTree(tree *object.Tree) error {
	for _, e := range tree.Entries {
		if e.Name != knownFile {
			continue
		}
		if _, newer, _ := header(string(s.head(e.Hash)), &knownHeader{}); newer != 0 {
			return &SchemaError{s.ref, newer}
		}
	}
	return &CorruptError{s.ref, "it is not known state of connsync"}
}

// unread is the error of an unreadable part of the state: what is absent may be elsewhere, what is damaged is here.
func (s *Store) unread(what string, err error) error {
	var large *tooLargeError
	switch {
	case errors.Is(err, errAbsent):
		return &MissingError{s.ref, what}
	case errors.As(err, &large):
		return &CorruptError{s.ref, fmt.Sprintf("%s is larger than %d MiB, and is not read", what, large.most>>20)}
	}
	return &CorruptError{s.ref, what + " cannot be read"}
}

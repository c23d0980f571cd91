package gitfs

import (
	"context"
	"errors"
	"path/filepath"
	"time"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/storer"

	"connsync/secrets"
)

// ErrReplaced says that a remote's ref is not what it was compared with: another run was first.
var ErrReplaced = errors.New("the remote's branch was replaced by another push")

// ErrNoRemote says that the repository has no remote of a name.
var ErrNoRemote = errors.New("the repository has no such remote")

// answerWithin is what a remote gets for all requests of one question.
const answerWithin = 2 * time.Minute

// Shared is a remote for refs replaced by several machines in turn. It is for one goroutine at a time; of one repository there may be several.
type Shared struct {
	repo    *Repository
	address string
	line    line
}

// line is how a remote is talked to. Its errors are *RemoteError.
type line interface {
	// list gives the commits that the remote's refs name; of these names, if there are some.
	list(ctx context.Context, names ...string) (map[string]string, error)
	// fetch brings refs, or commits by their hashes, into a private repository, with as much history; 0 for all of it: all of them, or none. Of a commit
	// that the private repository has already, nothing that comes before it is brought.
	fetch(ctx context.Context, into *private, depth int, what ...string) error
	// push makes a ref name a commit of a repository, which must be a child of old or come after it, if it names old ("" for absent).
	// How a push ended that failed is for the caller to find out.
	push(ctx context.Context, from *Repository, ref, old, new string) error
	// rehearse asks for what a push asks for first, and sends nothing.
	rehearse(ctx context.Context) error
	// compares tells whether push itself compares the ref with old, on the server, where no one comes between.
	compares() bool
}

// Shared finds a remote by its name in the repository's configuration: no other source can name an address. *SplitError where it is
// fetched from another place than it is pushed to.
func (r *Repository) Shared(name string, env func(string) string) (*Shared, error) {
	if r.origin != nil {
		return r.origin, nil
	}
	known, err := r.settings()
	if err != nil {
		return nil, err
	}
	address, err := r.address(known, name)
	if err != nil {
		return nil, err
	}
	if _, _, err := checkAddress(plain(address)); err != nil {
		return nil, err
	}
	return &Shared{repo: r, address: address, line: r.line(known, name, address, env)}, nil
}

// line is the best way here to talk to an address.
func (r *Repository) line(known settings, remote, address string, env func(string) string) line {
	program, _ := findGit()
	if program == "" {
		return newGoGit(r.absolute(plain(address)), r.credentials(address, env))
	}
	keys := keysFor(address, env)
	if r.desk != nil {
		keys = asking(keys)
	}
	return &gitLine{
		program: program, folder: r.base(), address: plain(address), forward: known.forwarded(remote, plain(address)), keys: keys, desk: r.desk,
	}
}

// absolute is an address independent of the working folder. Git is run in the repository's own.
func (r *Repository) absolute(address string) string {
	path, local, err := checkAddress(address)
	if err != nil || !local || filepath.IsAbs(path) {
		return address
	}
	return filepath.Join(r.base(), path)
}

// Tell has a remote say how it is talked to, and with whose credentials, as soon as either is known. The texts hold none.
func (s *Shared) Tell(say func(string)) {
	switch l := s.line.(type) {
	case *gitLine:
		l.say = say
	case *goGit:
		_, why := findGit()
		say("by connsync itself, since " + why)
	}
}

// Home names the repository behind the remote; "" where no other machine can know it (Home).
func (s *Shared) Home() string { return Home(s.address) }

// Head is the commit that a remote's ref names; "" where the remote has no such ref. Its objects can be read while the repository is open:
// what the repository lacks is fetched to where nothing of it changes.
func (s *Shared) Head(ctx context.Context, ref string) (string, error) {
	ctx, cancel := withPatience(ctx, answerWithin)
	defer cancel()
	hash, err := s.listed(ctx, ref)
	if err != nil {
		return "", err
	}
	return s.bring(ctx, ref, hash)
}

// Heads are the commits that a remote's refs name, of all that match a pattern such as refs/heads/a/*: one look that serves many questions.
func (s *Shared) Heads(ctx context.Context, pattern string) (map[string]string, error) {
	ctx, cancel := withPatience(ctx, answerWithin)
	defer cancel()
	return s.line.list(ctx, pattern)
}

// HeadAt is Head of a ref that Heads saw name a commit; "" for none. ErrReplaced where it names another one by now, of which the repository has nothing.
func (s *Shared) HeadAt(ctx context.Context, ref, hash string) (string, error) {
	ctx, cancel := withPatience(ctx, answerWithin)
	defer cancel()
	return s.bring(ctx, ref, hash)
}

// bring has the repository read the objects of a commit that a remote's ref names.
func (s *Shared) bring(ctx context.Context, ref, hash string) (string, error) {
	if hash == "" || s.repo.readable(hash) {
		return hash, nil
	}
	p, err := newPrivate()
	if err != nil {
		return "", ErrTemporary
	}
	if err = s.fetch(ctx, p, ref, hash); err != nil {
		_ = p.remove()
		return "", err
	}
	s.repo.borrows.add(p)
	if !s.repo.readable(hash) { // it moved between the two requests
		return "", ErrReplaced
	}
	return hash, nil
}

// fetch brings as little as tells whether the local ref comes before the remote's.
func (s *Shared) fetch(ctx context.Context, p *private, ref, hash string) error {
	depth, local := s.lacks(ref, hash)
	if local != plumbing.ZeroHash && depth == 0 && s.repo.readable(local.String()) && p.begin(s.repo.git.Storer, local) != nil {
		return ErrBroken
	}
	return s.line.fetch(ctx, p, depth, ref)
}

// lacks tells how much of the history of a remote's ref is to be brought, 0 for all that comes after the local ref, and what that names; the zero hash for
// none. Where there is no local one, a history that is cut off anyway is cut off here, too.
func (s *Shared) lacks(ref, hash string) (depth int, local plumbing.Hash) {
	at, err := s.repo.git.Storer.Reference(plumbing.ReferenceName(ref))
	known := err == nil && at.Type() == plumbing.HashReference
	if known {
		local = at.Hash()
	}
	switch {
	case has(s.repo.own, hash):
		return 1, local // the repository lacks what the commit holds, and not what comes before it
	case !known && (s.repo.scratch || s.repo.Shallow()):
		return 1, local
	}
	return 0, local
}

// Keep brings the objects of a commit that Head gave into the repository for good.
func (s *Shared) Keep(_ context.Context, hash string) error {
	if whole(s.repo.own, s.repo.layout.commonDir, hash) {
		return nil
	}
	s.repo.borrows.RLock()
	defer s.repo.borrows.RUnlock()
	for _, p := range s.repo.borrows.from {
		if !whole(p.storage, "", hash) {
			continue
		}
		err := p.keep(s.repo.layout.commonDir, func(hash string) bool { return has(s.repo.own, hash) })
		if packs, ok := s.repo.own.(interface{ Reindex() }); ok {
			packs.Reindex()
		}
		return err
	}
	return ErrBroken
}

func has(s storer.EncodedObjectStorer, hash string) bool {
	return s.HasEncodedObject(plumbing.NewHash(hash)) == nil
}

func (s *Shared) listed(ctx context.Context, ref string) (string, error) {
	refs, err := s.line.list(ctx, ref)
	return refs[ref], err
}

// within gives up at the context's end. go-git goes on waiting for a program that does not answer.
func within(ctx context.Context, send func() error) error {
	done := make(chan error, 1)
	go func() { done <- secrets.Contained(send)() }()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

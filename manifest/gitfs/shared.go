package gitfs

import (
	"context"
	"errors"
	"time"

	"github.com/go-git/go-git/v5"
	"github.com/go-git/go-git/v5/config"
	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/storer"
	"github.com/go-git/go-git/v5/plumbing/transport"
	"github.com/go-git/go-git/v5/storage"

	"connsync/secrets"
)

// ErrReplaced says that a remote's ref is not what it was compared with: somebody else was first.
var ErrReplaced = errors.New("the remote's branch was replaced by somebody else")

// ErrNoRemote says that the repository has no remote of a name.
var ErrNoRemote = errors.New("the repository has no such remote")

// answerWithin is what a remote gets for all requests of one question.
const answerWithin = 2 * time.Minute

// Shared is a remote that keeps refs which several machines replace in turn.
type Shared struct {
	repo    *Repository
	config  *config.RemoteConfig
	address string
	env     func(string) string
	auth    transport.AuthMethod
}

// Shared finds a remote by its name in the repository's configuration: no other source can name an address.
func (r *Repository) Shared(name string, env func(string) string) (*Shared, error) {
	stayHome()
	remote, err := r.git.Remote(name)
	if err != nil || len(remote.Config().URLs) == 0 {
		return nil, ErrNoRemote
	}
	address := remote.Config().URLs[0]
	if _, _, err := screen(address); err != nil {
		return nil, err
	}
	return &Shared{repo: r, config: remote.Config(), address: address, env: env, auth: r.credentials(address, env)}, nil
}

// remote is the remote for one ref.
func (s *Shared) remote(ref string) *git.Remote {
	own := unnoted{Storer: s.repo.git.Storer, ref: plumbing.ReferenceName(ref)}
	if packs, ok := s.repo.git.Storer.(storer.PackfileWriter); ok {
		return git.NewRemote(unnotedPacks{own, packs}, s.config)
	}
	return git.NewRemote(own, s.config)
}

// unnoted is a repository in which go-git finds one ref and notes none. It writes refs in place, so that a process that dies leaves
// an empty file, and finds no remote again in a repository that has one.
type unnoted struct {
	storage.Storer
	ref plumbing.ReferenceName
}

func (u unnoted) IterReferences() (storer.ReferenceIter, error) {
	var refs []*plumbing.Reference
	if r, err := u.Storer.Reference(u.ref); err == nil {
		refs = append(refs, r)
	}
	return storer.NewReferenceSliceIter(refs), nil
}

func (unnoted) SetReference(*plumbing.Reference) error { return nil }

func (unnoted) CheckAndSetReference(_, _ *plumbing.Reference) error { return nil }

func (unnoted) RemoveReference(plumbing.ReferenceName) error { return nil }

// unnotedPacks keeps what is fetched in one piece.
type unnotedPacks struct {
	unnoted
	storer.PackfileWriter
}

// Head is the commit that a remote's ref names, with its objects brought here; "" where the remote has no such ref.
func (s *Shared) Head(ctx context.Context, ref string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, answerWithin)
	defer cancel()
	hash, err := s.advertised(ctx, ref)
	if err != nil || hash == "" || s.repo.has(hash) {
		return hash, err
	}
	err = s.try(ctx, func(auth transport.AuthMethod) error {
		return s.remote(ref).FetchContext(ctx, &git.FetchOptions{
			RefSpecs: []config.RefSpec{config.RefSpec("+" + ref + ":" + ref)}, Auth: auth, Tags: git.NoTags,
		})
	})
	if err != nil && !errors.Is(err, git.NoErrAlreadyUpToDate) {
		return "", remoteError(ctx, err)
	}
	if !s.repo.has(hash) { // it moved between the two requests
		return "", ErrReplaced
	}
	return hash, nil
}

func (r *Repository) has(hash string) bool {
	_, err := r.git.CommitObject(plumbing.NewHash(hash))
	return err == nil
}

func (s *Shared) advertised(ctx context.Context, ref string) (string, error) {
	var refs []*plumbing.Reference
	err := s.try(ctx, func(auth transport.AuthMethod) (err error) {
		refs, err = s.remote(ref).ListContext(ctx, &git.ListOptions{Auth: auth})
		return err
	})
	if errors.Is(err, transport.ErrEmptyRemoteRepository) {
		return "", nil
	}
	if err != nil {
		return "", remoteError(ctx, err)
	}
	for _, r := range refs {
		if string(r.Name()) == ref {
			return r.Hash().String(), nil
		}
	}
	return "", nil
}

// Replace makes a remote's ref name a commit of this repository, if it names old ("" for absent): ErrReplaced where it does
// not. The server compares once more under a lock of its own, and never is a push forced.
func (s *Shared) Replace(ctx context.Context, ref, old, new string) error {
	ctx, cancel := context.WithTimeout(ctx, answerWithin)
	defer cancel()
	now, err := s.advertised(ctx, ref)
	if err != nil {
		return err
	}
	if now == new {
		return nil
	}
	if now != old {
		return ErrReplaced
	}
	err = s.try(ctx, func(auth transport.AuthMethod) error {
		return s.remote(ref).PushContext(ctx, &git.PushOptions{
			RemoteName: s.config.Name, Auth: auth, RefSpecs: []config.RefSpec{config.RefSpec(new + ":" + ref)},
		})
	})
	if err == nil || errors.Is(err, git.NoErrAlreadyUpToDate) {
		return nil
	}
	return s.notPushed(ctx, ref, old, new, err)
}

// notPushed finds out what a push that failed means: the answer may have been lost, or somebody else may have been first.
func (s *Shared) notPushed(ctx context.Context, ref, old, new string, err error) error {
	after, listErr := s.advertised(ctx, ref)
	switch mapped := remoteError(ctx, err).(type) {
	case *RemoteError:
		switch {
		case listErr != nil || mapped.Kind != RemoteUnreachable && after == old:
			return mapped
		case after == new:
			return nil
		case after != old:
			return ErrReplaced
		}
		return &RemoteError{Kind: RemoteRefused}
	default:
		return mapped
	}
}

// try sends a request, and once more with what `git credential` knows where the remote asks for credentials.
func (s *Shared) try(ctx context.Context, send func(transport.AuthMethod) error) error {
	err := within(ctx, func() error { return send(s.auth) })
	if s.auth != nil || !errors.Is(err, transport.ErrAuthenticationRequired) {
		return err
	}
	if s.auth = credential(ctx, s.address); s.auth == nil {
		return err
	}
	return within(ctx, func() error { return send(s.auth) })
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

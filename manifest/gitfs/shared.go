package gitfs

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/go-git/go-git/v5"
	"github.com/go-git/go-git/v5/config"
	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/transport"
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
	remote  *git.Remote
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
	return &Shared{repo: r, remote: remote, address: address, env: env, auth: r.credentials(address, env)}, nil
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
		return s.remote.FetchContext(ctx, &git.FetchOptions{
			RefSpecs: []config.RefSpec{config.RefSpec("+" + ref + ":" + fetched(ref))}, Auth: auth, Tags: git.NoTags,
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

// fetched is where what was fetched of a ref is noted, away from everybody's branches.
func fetched(ref string) string {
	return "refs/connsync/" + strings.TrimPrefix(ref, "refs/heads/")
}

func (r *Repository) has(hash string) bool {
	_, err := r.git.CommitObject(plumbing.NewHash(hash))
	return err == nil
}

func (s *Shared) advertised(ctx context.Context, ref string) (string, error) {
	var refs []*plumbing.Reference
	err := s.try(ctx, func(auth transport.AuthMethod) (err error) {
		refs, err = s.remote.ListContext(ctx, &git.ListOptions{Auth: auth})
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
		return s.remote.PushContext(ctx, &git.PushOptions{
			RemoteName: s.remote.Config().Name, Auth: auth, RefSpecs: []config.RefSpec{config.RefSpec(new + ":" + ref)},
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
	err := send(s.auth)
	if s.auth != nil || !errors.Is(err, transport.ErrAuthenticationRequired) {
		return err
	}
	if s.auth = credential(ctx, s.address); s.auth == nil {
		return err
	}
	return send(s.auth)
}

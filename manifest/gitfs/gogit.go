package gitfs

import (
	"context"
	"errors"
	"strings"

	"github.com/go-git/go-git/v5"
	"github.com/go-git/go-git/v5/config"
	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/storer"
	"github.com/go-git/go-git/v5/plumbing/transport"
	"github.com/go-git/go-git/v5/storage"
	"github.com/go-git/go-git/v5/storage/memory"
)

// goGit is the line of a machine without Git.
type goGit struct {
	address string
	auth    transport.AuthMethod
}

func newGoGit(address string, auth transport.AuthMethod) *goGit {
	stayHome()
	return &goGit{address, auth}
}

func (g *goGit) remote(s storage.Storer) *git.Remote {
	return git.NewRemote(s, &config.RemoteConfig{Name: "origin", URLs: []string{g.address}})
}

func (g *goGit) list(ctx context.Context, names ...string) (map[string]string, error) {
	var refs []*plumbing.Reference
	err := g.try(ctx, func(auth transport.AuthMethod) (err error) {
		refs, err = g.remote(memory.NewStorage()).ListContext(ctx, &git.ListOptions{Auth: auth})
		return err
	})
	if errors.Is(err, transport.ErrEmptyRemoteRepository) {
		return nil, nil
	}
	if err != nil {
		return nil, remoteError(ctx, err)
	}
	out := map[string]string{}
	for _, r := range refs {
		if r.Type() == plumbing.HashReference {
			out[string(r.Name())] = r.Hash().String()
		}
	}
	for _, r := range refs {
		if to, ok := out[string(r.Target())]; ok && r.Type() == plumbing.SymbolicReference {
			out[string(r.Name())] = to
		}
	}
	return out, nil
}

func (g *goGit) fetch(ctx context.Context, into *private, depth int, what ...string) error {
	var specs []config.RefSpec
	for _, spec := range fetchedAs(what) {
		specs = append(specs, config.RefSpec(spec))
	}
	err := g.try(ctx, func(auth transport.AuthMethod) error {
		return g.remote(into.storage).FetchContext(ctx, &git.FetchOptions{
			RefSpecs: specs, Depth: depth, Auth: auth, Tags: git.NoTags,
		})
	})
	if err != nil && !errors.Is(err, git.NoErrAlreadyUpToDate) {
		return remoteError(ctx, err)
	}
	return nil
}

// compares: go-git compares with what it is shown when it pushes, and makes a vanished branch again.
func (*goGit) compares() bool { return false }

func (g *goGit) push(ctx context.Context, from *Repository, ref, _, new string) error {
	err := g.try(ctx, func(auth transport.AuthMethod) error {
		return g.remote(unnotedIn(from, ref)).PushContext(ctx, &git.PushOptions{
			RemoteName: "origin", Auth: auth, RefSpecs: []config.RefSpec{config.RefSpec(new + ":" + ref)},
		})
	})
	switch {
	case err == nil || errors.Is(err, git.NoErrAlreadyUpToDate):
		return nil
	case errors.Is(err, git.ErrForceNeeded), strings.Contains(err.Error(), "failed to update ref"):
		return errRaced
	case strings.HasPrefix(err.Error(), "command error on "), strings.HasPrefix(err.Error(), "unpack error"):
		return &RemoteError{RemoteRefused, refusal(err.Error())}
	}
	return remoteError(ctx, err)
}

// try sends a request, and once more with what `git credential` knows where the remote asks for credentials.
func (g *goGit) try(ctx context.Context, send func(transport.AuthMethod) error) error {
	err := within(ctx, func() error { return send(g.auth) })
	if g.auth != nil || !errors.Is(err, transport.ErrAuthenticationRequired) {
		return err
	}
	if g.auth = credential(ctx, g.address); g.auth == nil {
		return err
	}
	return within(ctx, func() error { return send(g.auth) })
}

func unnotedIn(r *Repository, ref string) storage.Storer {
	own := noRefWrites{Storer: r.git.Storer, ref: plumbing.ReferenceName(ref)}
	if packs, ok := r.git.Storer.(storer.PackfileWriter); ok {
		return unnotedPacks{own, packs}
	}
	return own
}

// noRefWrites is a repository in which go-git finds one ref and notes none. It writes refs in place: a dying process leaves
// an empty file, and finds no remote again in a repository with one.
type noRefWrites struct {
	storage.Storer
	ref plumbing.ReferenceName
}

func (u noRefWrites) IterReferences() (storer.ReferenceIter, error) {
	var refs []*plumbing.Reference
	if r, err := u.Storer.Reference(u.ref); err == nil {
		refs = append(refs, r)
	}
	return storer.NewReferenceSliceIter(refs), nil
}

func (noRefWrites) SetReference(*plumbing.Reference) error { return nil }

func (noRefWrites) CheckAndSetReference(_, _ *plumbing.Reference) error { return nil }

func (noRefWrites) RemoveReference(plumbing.ReferenceName) error { return nil }

// unnotedPacks keeps what is fetched in one piece.
type unnotedPacks struct {
	noRefWrites
	storer.PackfileWriter
}

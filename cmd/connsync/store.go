package main

import (
	"context"
	"errors"
	"strings"

	"connsync/apply/state"
	"connsync/manifest"
	"connsync/manifest/gitfs"
)

// errNoState says that no Git repository is there to keep known state.
var errNoState = errors.New("no repository to keep known state in")

// errOnlyHere says that known state would be lost with this clone.
var errOnlyHere = errors.New("known state is in this clone only, and CI throws its clones away")

// checkShared refuses known state if a CI system would throw it away, unless this was said to be meant: by --local-state, by
// --state, or by  remote: none  in the project file.
func (g *globals) checkShared(w world, s *source, p manifest.StatePolicy) error {
	if g.LocalState || g.State != "" || p.Remote != "" || s.repo == nil || !inCI(w) {
		return nil
	}
	shared, err := sharedBy(s.repo, p.Remote, w.env)
	if err != nil || shared != nil {
		return nil // it is told where it is needed
	}
	return errOnlyHere
}

func inCI(w world) bool {
	ci := strings.ToLower(w.env("CI"))
	return ci != "" && ci != "false" && ci != "0"
}

// store is where a target's known state is kept: the repository of --state, or the one with the manifests,
// and the remote for sharing it.
func (g *globals) store(w world, s *source, p manifest.StatePolicy, target string) (*state.Store, error) {
	repo, remote, err := g.keeper(w, s, p)
	if err != nil {
		return nil, err
	}
	if remote != nil && g.Verbose {
		remote.remote.Tell(func(how string) { g.printer(w).Note("%s: state.remote %s is reached %s", target, remote.name, how) })
	}
	r := state.Repo{Git: repo.Git(), CommonDir: repo.CommonDir(), Partial: repo.Partial(), Waits: w.waitsFor(target), Effect: w.effect}
	if remote != nil {
		r.Remote, r.RemoteName, r.Home = remote, remote.name, remote.remote.Home()
	}
	return state.Open(r, target)
}

// keeper is the repository with known state, and the remote for sharing it; a nil remote for none.
func (g *globals) keeper(w world, s *source, p manifest.StatePolicy) (*gitfs.Repository, *sharedState, error) {
	repo, err := g.stateRepository(w, s)
	if err != nil {
		return nil, nil, &fromFlag{"--state", err}
	}
	if g.State != "" && gitfs.IsRemote(g.State) {
		p.Remote = "origin"
	}
	switch {
	case repo == nil && s.repoErr != nil:
		return nil, nil, errors.Join(errNoState, s.repoErr)
	case repo == nil || repo.CommonDir() == "":
		return nil, nil, errNoState
	}
	remote, err := sharedBy(repo, p.Remote, w.env)
	if err != nil && !(g.LocalState && errors.Is(err, errWhichRemote)) {
		return nil, nil, err
	}
	if remote != nil {
		remote.sight = &s.sight
	}
	return repo, remote, nil
}

// stateRepository keeps known state: the manifests' own repository, unless --state names another one.
func (g *globals) stateRepository(w world, s *source) (*gitfs.Repository, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if g.State == "" || s.state != nil {
		if s.state != nil {
			return s.state, nil
		}
		return s.repo, nil
	}
	open := gitfs.Open
	if gitfs.IsRemote(g.State) {
		open = gitfs.Scratch
	}
	var err error
	if s.state, err = open(g.State); err == nil {
		s.state.Asks(w.asks)
	}
	return s.state, err
}

// errWhichRemote says that any of several remotes may be the one by which other machines share known state.
var errWhichRemote = errors.New("none of the remotes is named origin")

// sharedBy is the remote for sharing known state: the named one, or origin, or the only one; nil for none. Where the repository has several
// by other names the error is an errWhichRemote: with known state of its own a clone would create what others created.
func sharedBy(repo *gitfs.Repository, name string, env func(string) string) (*sharedState, error) {
	if name == "none" {
		return nil, nil
	}
	wanted := name
	if wanted == "" {
		wanted = "origin"
	}
	s, err := repo.Shared(wanted, env)
	if errors.Is(err, gitfs.ErrNoRemote) && name == "" {
		others := repo.Remotes()
		switch len(others) {
		case 0:
			return nil, nil
		case 1:
			return sharedBy(repo, others[0].Name, env)
		}
		err = errWhichRemote
	}
	if err != nil {
		return nil, &remoteError{wanted, err}
	}
	return &sharedState{name: wanted, remote: s}, nil
}

// sharedState is a remote as package state wants it, for one target.
type sharedState struct {
	name   string
	remote *gitfs.Shared
	sight  *sight
	headed bool // Head was asked for
}

// Seen is the commit named by the remote's ref when the command looked first, with its objects.
func (s *sharedState) Seen(ctx context.Context, ref string) (string, error) {
	heads, err := s.sight.look(ctx, s.remote, forever)
	return s.at(ctx, ref, heads, err)
}

// Head looks at the remote's ref. The first time it may be what was seen of it a moment ago, together with those of other targets: what moved since is
// noticed as it would be after a look of its own, when the ref is replaced.
func (s *sharedState) Head(ctx context.Context, ref string) (string, error) {
	if !s.headed && s.sight != nil && len(s.sight.refs) > 1 {
		s.headed = true
		heads, err := s.sight.look(ctx, s.remote, aMoment)
		return s.at(ctx, ref, heads, err)
	}
	hash, err := s.remote.Head(ctx, ref)
	return hash, s.explain(err)
}

// at is what a look saw of a ref.
func (s *sharedState) at(ctx context.Context, ref string, heads map[string]string, err error) (string, error) {
	if err != nil {
		return "", s.explain(err)
	}
	hash, err := s.remote.HeadAt(ctx, ref, heads[ref])
	if errors.Is(err, gitfs.ErrReplaced) { // it moved since
		hash, err = s.remote.Head(ctx, ref)
	}
	return hash, s.explain(err)
}

func (s *sharedState) Keep(ctx context.Context, hash string) error { return s.remote.Keep(ctx, hash) }

func (s *sharedState) Replace(ctx context.Context, ref, old, new string) error {
	return s.explain(s.remote.Replace(ctx, ref, old, new))
}

func (s *sharedState) explain(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, gitfs.ErrReplaced):
		return state.ErrReplaced
	}
	return &remoteError{s.name, err}
}

// remoteError is a remote: known state cannot be fetched from it or pushed to it.
type remoteError struct {
	name string
	err  error
}

func (e *remoteError) Error() string { return "state.remote " + e.name + ": " + e.err.Error() }

func (e *remoteError) Unwrap() error { return e.err }

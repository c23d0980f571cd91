package main

import (
	"context"
	"errors"
	"fmt"
	"sort"

	"connsync/apply"
	"connsync/apply/state"
	"connsync/diff"
	"connsync/manifest"
	"connsync/manifest/gitfs"
)

// wish is one target with everything that Git says of it.
type wish struct {
	manifest.Target
	want []manifest.Connection
}

// checkTargets refuses a --target that the project does not have.
func (g *globals) checkTargets(p manifest.Project) error {
	for _, name := range g.Target {
		if _, ok := p.Targets[name]; !ok {
			return &usageError{fmt.Sprintf("--target %s: no such target in %s", safe(name), p.File)}
		}
	}
	return nil
}

// wishes are the targets that were asked for, in order of name.
func (g *globals) wishes(p manifest.Project, set manifest.Set) []wish {
	var out []wish
	for name, t := range p.Targets {
		if !g.wants(name) {
			continue
		}
		out = append(out, wish{t, set.Target(name)})
	}
	sort.Slice(out, func(i, j int) bool { return out[i].Name < out[j].Name })
	return out
}

func (t wish) place() diff.Place {
	return diff.Place{Region: t.Region, ProjectID: t.ProjectID, WorkspaceID: t.WorkspaceID}
}

// target is a wish in the shape in which package apply takes it.
func (g *globals) target(t wish, s *source, known state.Snapshot, rewrite []string) apply.Target {
	return apply.Target{
		Name: t.Name, Place: t.place(), Want: t.want, Commit: s.commit.Hash,
		Known: known, Rewrite: matcher(rewrite), Only: matcher(g.Only),
	}
}

// errNoState says that there is no Git repository that could keep known state.
var errNoState = errors.New("no repository to keep known state in")

// store is where a target's known state is kept: the repository of --state, or the one that the manifests are in.
func (g *globals) store(s *source, target string) (*state.Store, error) {
	repo := s.repo
	if g.State != "" {
		var err error
		if repo, err = gitfs.Open(g.State); err != nil {
			return nil, &fromFlag{"--state", err}
		}
	}
	switch {
	case repo == nil && s.repoErr != nil:
		return nil, errors.Join(errNoState, s.repoErr)
	case repo == nil || repo.CommonDir() == "":
		return nil, errNoState
	}
	return state.Open(state.Repo{Git: repo.Git(), CommonDir: repo.CommonDir()}, target)
}

// known is known state as it stands, without a lock; nothing where no repository can hold it.
func (g *globals) known(ctx context.Context, s *source, target string) (state.Snapshot, error) {
	store, err := g.store(s, target)
	if err != nil {
		return state.Snapshot{}, err
	}
	return store.Read(ctx)
}

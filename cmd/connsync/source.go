package main

import (
	"context"
	"errors"
	"io/fs"
	"path/filepath"
	"sync"

	"connsync/manifest"
	"connsync/manifest/gitfs"
)

// source is where the manifests are read from: a worktree, a commit, or a remote.
type source struct {
	files    fs.FS
	commit   gitfs.Commit      // zero where there is none
	repo     *gitfs.Repository // nil without a readable one
	repoErr  error             // why there is none
	worktree *gitfs.Worktree   // nil unless the files are a worktree's

	mu      sync.Mutex        // of what follows: it is found for the first target that needs it
	state   *gitfs.Repository // of --state; nil where there is none or it was not needed yet
	history *gitfs.History    // of commit; nil where it was not needed yet
	sight   sight             // of the remote with the shared known state
}

// open finds the manifests. A worktree is read even where its repository cannot be.
func (g *globals) open(ctx context.Context, w world) (*source, error) {
	switch {
	case g.Repo != "":
		repo, err := gitfs.Clone(ctx, g.Repo, gitfs.CloneOptions{Ref: g.Ref, Env: w.env, Asks: w.asks})
		if err != nil {
			return nil, &fromFlag{"--repo", err}
		}
		readsAll(repo)
		return atRef(repo, g.Ref)
	case g.Ref != "":
		repo, err := gitfs.Open(g.Dir)
		if err != nil {
			return nil, err
		}
		readsAll(repo)
		repo.Asks(w.asks)
		g.noteShadows(w, repo, g.Ref)
		return atRef(repo, g.Ref)
	}
	s, err := g.openWorktree()
	if err == nil && s.repo != nil {
		s.repo.Asks(w.asks)
		readsAll(s.repo)
	}
	return s, err
}

// noteShadows says where a revision is a tag and might have been meant as a branch.
func (g *globals) noteShadows(w world, repo *gitfs.Repository, revisions ...string) {
	for _, rev := range revisions {
		if branch := repo.Shadowed(rev); branch != "" {
			g.printer(w).Note("%s is a tag and a branch: the tag is read, as Git does; the branch is %s", rev, branch)
		}
	}
}

// noteShadowsHere does so in the local repository.
func (g *globals) noteShadowsHere(w world, revisions ...string) {
	if repo, err := gitfs.Open(g.Dir); err == nil {
		g.noteShadows(w, repo, revisions...)
		_ = repo.Close()
	}
}

func (g *globals) openWorktree() (*source, error) {
	s := &source{}
	s.repo, s.repoErr = gitfs.Open(g.Dir)
	top, err := gitfs.Top(g.Dir)
	if err != nil {
		top = g.Dir
	}
	if s.repo != nil {
		if s.commit, err = s.repo.Head(); err != nil && !errors.Is(err, gitfs.ErrUnborn) {
			s.close()
			return nil, err
		}
	}
	if s.worktree, err = gitfs.OpenWorktree(top); err != nil {
		s.close()
		return nil, &fromFlag{"-C", err}
	}
	if s.commit.Hash != "" {
		s.worktree.Of(s.repo, s.commit.Hash)
	}
	s.files = s.worktree.FS()
	return s, nil
}

// atRef reads a commit of a repository; a clone in memory has just the requested one.
func atRef(repo *gitfs.Repository, ref string) (*source, error) {
	s := &source{repo: repo}
	if ref == "" || repo.CommonDir() == "" {
		ref = "HEAD"
	}
	var err error
	if s.files, s.commit, err = repo.Tree(ref); err != nil {
		s.close()
		return nil, &fromFlag{"--ref", err}
	}
	return s, nil
}

func (s *source) close() {
	if s.worktree != nil {
		_ = s.worktree.Close()
	}
	for _, r := range []*gitfs.Repository{s.repo, s.state} {
		if r != nil {
			_ = r.Close()
		}
	}
}

// openProject is open for commands that need no manifest.
func (g *globals) openProject(ctx context.Context, w world) (*source, manifest.Project, error) {
	src, err := g.open(ctx, w)
	if err != nil {
		return nil, manifest.Project{}, err
	}
	project, err := g.project(src)
	if err != nil {
		src.close()
	}
	return src, project, err
}

// project reads the project file.
func (g *globals) project(s *source) (manifest.Project, error) {
	project, err := manifest.LoadProject(s.files, filepath.ToSlash(filepath.Clean(g.Config)))
	if err == nil {
		err = g.checkTargets(project)
	}
	return project, err
}

// manifests are all that is wanted.
type manifests struct {
	project manifest.Project
	set     manifest.Set
	wanted  []wanted // the selected targets, but for those with mistakes
	wrong   error    // the mistakes of those; nil for none
}

// apart are mistakes: each stops its own target only.
type apart struct{ manifest.Mistakes }

func (e *apart) Unwrap() error { return e.Mistakes }

// load reads every manifest, but for those that known state vouches for. What is wrong with one target's manifests is no error where another one was
// selected, too.
func (g *globals) load(s *source, project manifest.Project, by *vouchers) (manifests, error) {
	set, found, err := by.survey(s.files, project)
	if noManifests(s.files, project, set, found, err) {
		return manifests{project: project, set: set, wanted: g.selected(project, manifest.Set{})}, &unbegun{project.Manifests}
	}
	if err != nil {
		return manifests{}, err
	}
	found = set.WithRules(found)
	m := manifests{project: project, set: set}
	of, any := set.Apart(found, project)
	var wrong manifest.Mistakes
	for _, t := range g.selected(project, set) {
		if len(of[t.Name]) == 0 {
			t.reread, t.restedAt = by.reread(s.files, project, t, set.Resting), by.states[t.Name].Commit
			m.wanted = append(m.wanted, t)
		}
		wrong = append(wrong, of[t.Name]...)
	}
	if len(any) > 0 {
		return m, found.Fatal()
	}
	if len(wrong) > 0 {
		m.wrong = &apart{wrong.Once()}
	}
	if len(m.wanted) == 0 && len(wrong) > 0 {
		return m, wrong.Once()
	}
	return m, nil
}

// read are the files that a plan was made from.
func read(p manifest.Project, set manifest.Set) []gitfs.Read {
	out := []gitfs.Read{{Name: p.File}}
	for _, f := range set.Files {
		out = append(out, gitfs.Read{Name: f.Path, Blob: f.Blob})
	}
	return out
}

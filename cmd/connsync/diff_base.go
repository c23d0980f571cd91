package main

import (
	"errors"
	"io/fs"
	"path/filepath"

	"connsync/manifest"
	"connsync/manifest/gitfs"
)

// sinceBase plans what a branch changes: from where it parted from --base to --head, or to the worktree. It asks nobody.
func (c diffCmd) sinceBase(g *globals) (view, error) {
	r, done, err := g.reviewSince(c.Base, c.Head)
	if err != nil {
		return view{}, err
	}
	defer done()
	return r.view()
}

// reviewSince reads both sides of a branch: the head is a commit, or the worktree where it is "".
func (g *globals) reviewSince(onto, head string) (*review, func(), error) {
	repo, err := gitfs.Open(g.Dir)
	if err != nil {
		return nil, nil, err
	}
	r, closed := &review{g: g, repo: repo}, func() {}
	done := func() { closed(); _ = repo.Close() }
	files, closeHead, err := r.headFiles(head)
	if err == nil {
		closed = closeHead
		var before fs.FS
		if before, err = r.baseFiles(onto); err == nil {
			err = r.read(before, files)
		}
	}
	if err != nil {
		done()
		return nil, nil, err
	}
	return r, done, nil
}

// headFiles are the files to compare: of a commit, or of the worktree as it is.
func (r *review) headFiles(head string) (files fs.FS, done func(), err error) {
	if head != "" {
		if files, r.head.commit, err = r.repo.Tree(head); err != nil {
			err = &fromFlag{"--head", err}
		}
		return files, func() {}, err
	}
	s, err := r.g.openWorktree()
	if err != nil {
		return nil, nil, err
	}
	if s.commit.Hash == "" {
		s.close()
		return nil, nil, gitfs.ErrUnborn
	}
	r.head.commit = s.commit
	return s.files, s.close, nil
}

// baseFiles are those of the commit where the branch parted.
func (r *review) baseFiles(onto string) (fs.FS, error) {
	tip, err := r.repo.Resolve(onto)
	if err != nil {
		return nil, r.noBase(onto, err)
	}
	base, err := r.repo.MergeBase(tip.Hash, r.head.commit.Hash)
	if err != nil {
		return nil, r.noBase(onto, err)
	}
	r.base.commit = base
	files, _, err := r.repo.Tree(base.Hash)
	return files, err
}

// noBaseError is a base that the clone does not have, or not far enough back.
type noBaseError struct {
	ref     string
	remotes []string // of the clone
	err     error
}

func (r *review) noBase(ref string, err error) error {
	e := &noBaseError{ref: ref, err: err}
	remotes, _ := r.repo.Remotes() // only for the hint
	for _, remote := range remotes {
		e.remotes = append(e.remotes, remote.Name)
	}
	return e
}

func (e *noBaseError) Error() string { return "--base " + e.ref + ": " + e.err.Error() }

func (e *noBaseError) Unwrap() error { return e.err }

// read reads projects and manifests of both sides.
func (r *review) read(before, after fs.FS) error {
	name := filepath.ToSlash(filepath.Clean(r.g.Config))
	var err error
	if r.head.project, err = r.g.project(&source{files: after}); err != nil {
		return err
	}
	was, err := manifest.LoadProject(before, name)
	var mistakes manifest.Mistakes
	var missing *manifest.ReadError
	policy := was.Secrets
	switch {
	case errors.As(err, &mistakes), errors.As(err, &missing) && missing.Missing: // the branch makes or mends it
		r.base.unread = errors.As(err, &mistakes)
		was, policy = r.head.project, r.head.project.Secrets
		r.base.fresh = true
	case err != nil:
		return err
	}
	if err := r.readHead(after, policy); err != nil {
		return err
	}
	return r.readBase(before, was)
}

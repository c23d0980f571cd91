package main

import (
	"errors"
	"io/fs"
	"strings"

	"connsync/cmd/connsync/view"
	"connsync/diff/review"
	"connsync/manifest/gitfs"
)

// sinceBase plans what a branch changes: from where it parted from --base to --head, or to the worktree. It asks no server.
func (c diffCmd) sinceBase(w world, g *globals) (view.Diff, []error, error) {
	r, done, err := g.reviewSince(c.Base, c.Head)
	if err != nil {
		return view.Diff{}, nil, err
	}
	defer done()
	g.noteShadowsHere(w, c.Base, c.Head)
	v, err := g.reviewed(r)
	if err != nil {
		return v, nil, err
	}
	if err := g.namesOf(r).check(g.selections(planning{})); err != nil {
		v.Failed = inFindings([]error{err})
		return v, []error{err}, nil
	}
	return v, nil, nil
}

// namesOf are the connections of both sides, in the targets asked for.
func (g *globals) namesOf(r *review.Review) names {
	all := names{}
	for _, p := range r.Plans() {
		for i := range p.Changes {
			if c := &p.Changes[i]; g.selects(p.Target) {
				all[c.Name] = true
			}
		}
	}
	return all
}

// reviewed is a review as it is shown: of the targets and connections asked for, and with all findings.
func (g *globals) reviewed(r *review.Review) (view.Diff, error) {
	v := view.Diff{Offline: true, All: g.Verbose, Again: g.same, Alarms: view.RuleChanges(r.RuleChanges()), Files: map[string][]view.FileNote{}}
	for _, p := range r.Plans() {
		if !g.selects(p.Target) {
			continue
		}
		if only := matcher(g.Only); only != nil {
			p.Keep(only)
		}
		v.Plans = append(v.Plans, p)
		v.Files[p.Target] = view.FileNotes(r.FileNotes(p.Target))
	}
	found, err := r.Findings(nil)
	v.Findings = view.Findings(found)
	return v, err
}

// proposal is a local branch under review: two commits, and the repository with all between them.
type proposal struct {
	g          *globals
	repo       *gitfs.Repository
	base, head gitfs.Commit
}

// reviewSince reads both sides of a branch: the head is a commit, or the worktree where it is "".
func (g *globals) reviewSince(onto, head string) (*review.Review, func(), error) {
	repo, err := gitfs.Open(g.Dir)
	if err != nil {
		return nil, nil, err
	}
	readsAll(repo)
	b, closed := &proposal{g: g, repo: repo}, func() {}
	done := func() { closed(); _ = repo.Close() }
	r, err := func() (*review.Review, error) {
		after, closeHead, err := b.headFiles(head)
		if err != nil {
			return nil, err
		}
		closed = closeHead
		before, err := b.baseFiles(onto)
		if err != nil {
			return nil, err
		}
		project, err := g.project(&source{files: after})
		if err != nil {
			return nil, err
		}
		return review.Read(review.Version{Commit: b.base.Hash, Files: before}, review.Version{Commit: b.head.Hash, Files: after}, project, b)
	}()
	if err != nil {
		done()
		return nil, nil, err
	}
	return r, done, nil
}

// Since is what review asks of the history.
func (b *proposal) Since(want func(string) bool, each func(review.FileVersion) error) (bool, error) {
	return b.repo.Since(b.base.Hash, b.head.Hash, want, func(v gitfs.Version) error { return each(fileVersion(v)) })
}

// Before is what review asks of the base's history.
func (b *proposal) Before(file string, each func(review.FileVersion) (bool, error)) (bool, error) {
	return b.repo.Before(b.base.Hash, file, func(v gitfs.Version) (bool, error) { return each(fileVersion(v)) })
}

// Holds is what review asks of two commits.
func (b *proposal) Holds(commit, earlier string) bool {
	after, err := b.repo.Resolve(commit)
	before, err2 := b.repo.Resolve(earlier)
	if err != nil || err2 != nil || !strings.HasPrefix(after.Hash, commit) || !strings.HasPrefix(before.Hash, earlier) { // a branch may be named like a hash
		return false
	}
	holds, err := b.repo.IsAncestor(before.Hash, after.Hash)
	return err == nil && holds
}

func fileVersion(v gitfs.Version) review.FileVersion {
	read := func() ([]byte, error) {
		text, err := v.Read()
		var refused *gitfs.RefusedError
		if errors.As(err, &refused) {
			return nil, review.ErrTooLarge
		}
		return text, err
	}
	return review.FileVersion{Commit: v.Commit.Hash, File: v.File, Blob: v.Blob, Outside: v.Outside, Time: v.Commit.Time, Before: v.Before, Cut: v.Cut, Read: read}
}

// headFiles are the files to compare: of a commit, or of the worktree as it is.
func (b *proposal) headFiles(head string) (files fs.FS, done func(), err error) {
	if head != "" {
		if files, b.head, err = b.repo.Tree(head); err != nil {
			err = &fromFlag{"--head", err}
		}
		return files, func() {}, err
	}
	s, err := b.g.openWorktree()
	if err != nil {
		return nil, nil, err
	}
	if s.commit.Hash == "" {
		s.close()
		return nil, nil, gitfs.ErrUnborn
	}
	b.head = s.commit
	return s.files, s.close, nil
}

// baseFiles are those of the commit where the branch parted.
func (b *proposal) baseFiles(onto string) (fs.FS, error) {
	tip, err := b.repo.Resolve(onto)
	if err != nil {
		return nil, b.noBase(onto, err)
	}
	base, err := b.repo.MergeBase(tip.Hash, b.head.Hash)
	if err != nil {
		return nil, b.noBase(onto, err)
	}
	b.base = base
	files, _, err := b.repo.Tree(base.Hash)
	return files, err
}

// noBaseError is a base missing from the clone, or not far enough back in it.
type noBaseError struct {
	ref     string
	remotes []string // of the clone
	err     error
}

func (b *proposal) noBase(ref string, err error) error {
	e := &noBaseError{ref: ref, err: err}
	remotes := b.repo.Remotes() // only for the hint
	for _, remote := range remotes {
		e.remotes = append(e.remotes, remote.Name)
	}
	return e
}

func (e *noBaseError) Error() string { return "--base " + e.ref + ": " + e.err.Error() }

func (e *noBaseError) Unwrap() error { return e.err }

package main

import (
	"errors"
	"fmt"
	"io/fs"
	"sort"
	"strings"

	"connsync/diff"
	"connsync/manifest"
	"connsync/manifest/gitfs"
)

// wishes of one commit: the project and every manifest.
type wished struct {
	project manifest.Project
	set     manifest.Set
	commit  gitfs.Commit
}

// sinceBase plans what a branch changes: from where it parted from --base to --head, or to the worktree. It asks nobody.
func (c diffCmd) sinceBase(w world, g *globals) (view, error) {
	repo, err := gitfs.Open(g.Dir)
	if err != nil {
		return view{}, err
	}
	defer repo.Close()
	files, head, done, err := c.headFiles(g, repo)
	if err != nil {
		return view{}, err
	}
	defer done()
	onto, err := repo.Resolve(c.Base)
	if err != nil {
		return view{}, &fromFlag{"--base", err}
	}
	base, err := repo.MergeBase(onto.Hash, head.Hash)
	if err != nil {
		return view{}, &fromFlag{"--base", err}
	}
	before, _, err := repo.Tree(base.Hash)
	if err != nil {
		return view{}, err
	}
	after, err := g.wished(files, head)
	if err != nil {
		return view{}, err
	}
	was, err := g.wishedBefore(before, base)
	if err != nil {
		return view{}, err
	}
	return view{offline: true, plans: g.between(was, after), alarms: policyChanges(was.project, after.project)}, nil
}

// headFiles are the files to compare: of --head, or of the worktree as it is.
func (c diffCmd) headFiles(g *globals, repo *gitfs.Repository) (fs.FS, gitfs.Commit, func(), error) {
	if c.Head != "" {
		files, commit, err := repo.Tree(c.Head)
		if err != nil {
			err = &fromFlag{"--head", err}
		}
		return files, commit, func() {}, err
	}
	s, err := g.openWorktree()
	if err != nil {
		return nil, gitfs.Commit{}, nil, err
	}
	if s.commit.Hash == "" {
		s.close()
		return nil, gitfs.Commit{}, nil, gitfs.ErrUnborn
	}
	return s.files, s.commit, s.close, nil
}

func (g *globals) wished(files fs.FS, commit gitfs.Commit) (wished, error) {
	project, set, err := g.load(&source{files: files})
	return wished{project, set, commit}, err
}

// wishedBefore is wished at the base, where the project file may not have been there, and other targets may have been.
func (g *globals) wishedBefore(files fs.FS, commit gitfs.Commit) (wished, error) {
	all := *g
	all.Target = nil
	was, err := all.wished(files, commit)
	var missing *manifest.ReadError
	if errors.As(err, &missing) && missing.Missing {
		return wished{commit: commit}, nil
	}
	return was, targetError("the base, "+abbreviated(commit.Hash), err)
}

// between plans each target of either side.
func (g *globals) between(was, after wished) []diff.Plan {
	names := map[string]bool{}
	for _, p := range []manifest.Project{was.project, after.project} {
		for name := range p.Targets {
			names[name] = g.wants(name)
		}
	}
	var out []diff.Plan
	only := matcher(g.Only)
	for _, name := range sortedKeys(names) {
		if !names[name] {
			continue
		}
		t, ok := after.project.Targets[name]
		if !ok {
			t = was.project.Targets[name]
		}
		p := diff.Compare(name, wish{Target: t}.place(), was.set.Target(name), after.set.Target(name))
		p.WantCommit, p.KnownCommit = after.commit.Hash, was.commit.Hash
		if only != nil {
			p.Keep(only)
		}
		out = append(out, p)
	}
	return out
}

// policyChanges are the changes of the project file that decide where secrets go and how they are kept.
func policyChanges(was, now manifest.Project) []string {
	if was.File == "" {
		return nil
	}
	var out []string
	changed := func(what, before, after string) {
		if before != after {
			out = append(out, fmt.Sprintf("%s: %s changes from %s to %s", safe(now.File), what, quoted(before), quoted(after)))
		}
	}
	for name, t := range now.Targets {
		if b, ok := was.Targets[name]; ok {
			changed("the region of "+safe(name), b.Region, t.Region)
			changed("the project of "+safe(name), b.ProjectID, t.ProjectID)
			changed("the workspace of "+safe(name), b.WorkspaceID, t.WorkspaceID)
		}
	}
	changed("secrets.allow", strings.Join(was.Secrets.Allow, " "), strings.Join(now.Secrets.Allow, " "))
	changed("secrets.mac", macOf(was), macOf(now))
	changed("state.remote", was.State.Remote, now.State.Remote)
	sort.Strings(out)
	return out
}

func macOf(p manifest.Project) string {
	if p.Secrets.FullMAC {
		return "full"
	}
	return "any"
}

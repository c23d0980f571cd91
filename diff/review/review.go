// Package review says everything about what a branch changes, from two versions of files: the plan of each target, changed rules,
// files that others can open, and what a sync would refuse. It is pure like package diff: it is handed files and a history, asks
// nobody, and has no words for people.
package review

import (
	"errors"
	"io/fs"
	"sort"

	"connsync/diff"
	"connsync/manifest"
)

// Version is one version of the repository's files.
type Version struct {
	Commit string // its hash; of a worktree that of the commit below it
	Files  fs.FS
}

// Review compares two versions.
type Review struct {
	base, head Side
	fresh      bool // the base has no project: there is nothing to compare the head's with
	unread     bool // the base's project file has mistakes
	history    History
	cache      manifest.Cache
	plans      []diff.Plan
	moves      []Move
}

// Read reads both versions, the head's project file excepted. The head is looked at under the stricter of both projects' policies: a
// branch cannot relax the rules that it is reviewed by. An error is that of reading a file.
func Read(base, head Version, project manifest.Project, history History) (*Review, error) {
	r := &Review{history: history}
	was, err := r.baseProject(base, project)
	if err != nil {
		return nil, err
	}
	if r.head, err = Check(head.Files, project, stricter(project.Secrets, was.Secrets), &r.cache); err != nil {
		return nil, err
	}
	if r.base, err = survey(base.Files, was, &r.cache); err != nil {
		return nil, err
	}
	r.base.Commit, r.head.Commit = base.Commit, head.Commit
	r.compare()
	return r, nil
}

// baseProject reads the base's project file, or takes the head's for it where the branch makes or mends it.
func (r *Review) baseProject(base Version, head manifest.Project) (manifest.Project, error) {
	was, err := manifest.LoadProject(base.Files, head.File)
	var mistakes manifest.Mistakes
	var missing *manifest.ReadError
	r.unread = errors.As(err, &mistakes)
	if r.unread || errors.As(err, &missing) && missing.Missing {
		r.fresh = true
		return head, nil
	}
	return was, err
}

// compare plans every target of either side.
func (r *Review) compare() {
	r.moves = movesOf(r.head.Set, r.base.Set)
	places := map[string]diff.Place{}
	for _, p := range []manifest.Project{r.base.Project, r.head.Project} {
		for name, t := range p.Targets {
			places[name] = diff.PlaceOf(t) // the head's holds
		}
	}
	for name, place := range places {
		plan := compare(name, place, r.base.Set.Target(name), r.head.Set.Target(name))
		plan.WantCommit, plan.KnownCommit = r.head.Commit, r.base.Commit
		markMoves(&plan, r.moves)
		r.plans = append(r.plans, plan)
	}
	sort.Slice(r.plans, func(i, j int) bool { return r.plans[i].Target < r.plans[j].Target })
}

// Plans are the changes of every target of either version, in order of name.
func (r *Review) Plans() []diff.Plan { return r.plans }

// Head is what the head wants.
func (r *Review) Head() Side { return r.head }

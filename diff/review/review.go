// Package review says everything about what a branch changes, from two versions of files: the plan of each target, changed rules,
// files open to other recipients, and what a sync would refuse. It is pure like package diff: it is handed files and a history, makes
// no requests, and has no words for people.
package review

import (
	"cmp"
	"errors"
	"io/fs"
	"slices"
	"sort"

	"connsync/diff"
	"connsync/manifest"
)

// Version is one version of the repository's files.
type Version struct {
	Commit string // its hash; of a worktree: the hash of the commit below it
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
	asked      int // of the history, for answers

	destinations string // secrets.destinations of the stricter side
}

// Read reads both versions, the head's project file excepted. The head is looked at under the stricter of both projects' policies: a
// branch cannot relax the rules of its own review. An error comes from reading a file.
func Read(base, head Version, project manifest.Project, history History) (*Review, error) {
	r := &Review{history: history}
	was, err := r.baseProject(base, project)
	if err != nil {
		return nil, err
	}
	policy := stricter(project.Secrets, was.Secrets)
	if policy.Plugins, _, err = manifest.LoadCatalog(base.Files, was); err != nil {
		return nil, err
	}
	r.destinations = policy.Destinations
	if r.head, err = Check(head.Files, project, policy, &r.cache); err != nil {
		return nil, err
	}
	if r.base, err = survey(base.Files, was, r.head.Set, &r.cache); err != nil {
		return nil, err
	}
	if r.head.Set.Rules, err = manifest.RulesFor(head.Files, slices.Concat(r.head.Set.Files, r.base.Set.Files)); err != nil { // none is gone because its last file is
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
	hidden := r.hidden()
	for name, place := range places {
		want := r.head.Set.Target(name)
		was := slices.DeleteFunc(slices.Clone(r.base.Set.Target(name)), func(c manifest.Connection) bool { return hidden(c.File.Path) && !wants(want, c.Name) })
		plan := compare(name, place, r.destinations, was, want)
		plan.WantCommit, plan.KnownCommit = r.head.Commit, r.base.Commit
		markMoves(&plan, r.moves)
		r.plans = append(r.plans, plan)
	}
	sort.Slice(r.plans, func(i, j int) bool { return r.plans[i].Target < r.plans[j].Target })
}

// hidden tells of a file of the base whether the head may want its connections in an unreadable file (then they are not gone): in the same
// one, or, where it is gone, in any new one.
func (r *Review) hidden() func(file string) bool {
	before, after := filesOf(r.base.Set), filesOf(r.head.Set)
	came := slices.ContainsFunc(r.head.Set.Files, func(f manifest.File) bool { return f.Unread && before[f.Path].Path == "" })
	return func(file string) bool {
		f, there := after[file]
		return f.Unread || !there && came
	}
}

// wants tells whether a connection is among some, given in order of name.
func wants(cs []manifest.Connection, name string) bool {
	_, found := slices.BinarySearchFunc(cs, name, func(c manifest.Connection, name string) int { return cmp.Compare(c.Name, name) })
	return found
}

// Plans are the changes of every target of either version, in order of name.
func (r *Review) Plans() []diff.Plan { return r.plans }

// Head is what the head wants.
func (r *Review) Head() Side { return r.head }

// Fresh tells whether the base has no project: then everything is new.
func (r *Review) Fresh() bool { return r.fresh }

// Changed tells of a file of the head whether it is not what it was at the base.
func (r *Review) Changed() func(manifest.File) bool {
	before := filesOf(r.base.Set)
	return func(f manifest.File) bool { return before[f.Path].Digest != f.Digest }
}

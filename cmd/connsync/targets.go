package main

import (
	"context"
	"fmt"
	"slices"

	"connsync/cmd/connsync/render"
	"connsync/diff"
	"connsync/diff/review"
	"connsync/manifest"
)

// targetsCmd names the targets, for a CI system's matrix: targets never contend.
type targetsCmd struct {
	Format       string `enum:"text,json,gitlab" default:"text" placeholder:"FORMAT" help:"text, json: a list of names, or gitlab: a child pipeline with a job for each (docs/scaling.md)."`
	Shards       int    `default:"0" placeholder:"N" help:"Name parts instead of targets, as --shard takes them: those of N parts that have one of the targets."`
	ChangedSince string `placeholder:"REF" help:"Only targets that a sync may treat otherwise than at the commit where the worktree left REF. Offline."`
}

// mostJobs is how many jobs a pipeline of GitLab may have where its plan sets the lowest limit.
const mostJobs = 500

func (targetsCmd) Help() string {
	return "Prints the names of the project's targets. Offline; needs no key. A CI system can run one job for each, or for each shard (docs/scaling.md).\n\n" +
		examples("connsync targets", "connsync targets --format json", "connsync targets --shard 3/32", "connsync targets --changed-since HEAD^1",
			"connsync targets --shards 256 --format json  # a matrix", "connsync targets --format gitlab >targets.yml")
}

// Run prints the names in order.
func (c targetsCmd) Run(ctx context.Context, w world, g *globals) error {
	names, err := c.names(ctx, w, g)
	if err != nil {
		return err
	}
	variable := "TARGET"
	if c.Shards > 0 {
		names, variable = shardsOf(names, c.Shards), "SHARD"
	}
	switch c.Format {
	case "json":
		return render.JSON(w.stdout, names)
	case "gitlab":
		return pipeline(w, variable, names)
	}
	for _, n := range names {
		g.printer(w).Out.Line("%s", n)
	}
	return nil
}

// pipeline writes a job for each part.
func pipeline(w world, variable string, parts []string) error {
	if len(parts) > mostJobs {
		return &advised{&usageError{fmt.Sprintf("--format gitlab: %d jobs are more than the %d that GitLab may take in a pipeline", len(parts), mostJobs)},
			[]string{fmt.Sprintf("--shards %d makes one for each of so many parts of the targets", mostJobs)}}
	}
	var jobs []render.Job
	for _, p := range parts {
		jobs = append(jobs, render.Job{Variable: variable, Part: p})
	}
	return render.GitLab(w.stdout, jobs)
}

// check refuses flags that cannot be meant.
func (c targetsCmd) check(g *globals) error {
	switch {
	case c.ChangedSince != "" && g.Repo != "":
		return &usageError{"--changed-since is for the local repository: not with --repo"}
	case c.Shards < 0 || c.Shards > mostShards:
		return &usageError{fmt.Sprintf("--shards: from 1 to %d", mostShards)}
	case c.Shards > 0 && g.Shard.of > 0:
		return &usageError{"--shards parts all targets: not with --shard"}
	}
	return nil
}

func (c targetsCmd) names(ctx context.Context, w world, g *globals) ([]string, error) {
	if err := c.check(g); err != nil {
		return nil, err
	}
	src, project, err := g.openProject(ctx, w)
	if err != nil {
		return nil, err
	}
	defer src.close()
	names := []string{}
	for _, t := range g.selected(project, manifest.Set{}) {
		names = append(names, t.Name)
	}
	if c.ChangedSince == "" {
		return names, nil
	}
	touched, err := g.touchedSince(c.ChangedSince)
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(names, func(name string) bool { return !touched(name) }), nil
}

// touchedSince tells which targets a change touches: it changes a file with one of their connections (perhaps only its seal), takes a connection
// away, or changes what holds for them in the project file or in .sops.yaml. What holds for all touches all.
func (g *globals) touchedSince(ref string) (func(target string) bool, error) {
	r, done, err := g.reviewSince(ref, g.Ref)
	if err != nil {
		return nil, err
	}
	defer done()
	all, touched, changed := r.Fresh(), map[string]bool{}, r.Changed()
	for _, c := range r.RuleChanges() {
		if c.Kind != review.DestinationsReviewed { // this is said of each review, changed or not
			all = all || c.Target.Name == ""
			touched[c.Target.Name] = true
		}
	}
	for _, c := range r.Head().Set.Connections {
		touched[c.Target] = touched[c.Target] || changed(c.File)
	}
	for _, p := range r.Plans() {
		if slices.ContainsFunc(p.Changes, func(c diff.Change) bool { return c.Action != diff.Unchanged }) {
			touched[p.Target] = true
		}
	}
	return func(target string) bool { return all || touched[target] }, nil
}

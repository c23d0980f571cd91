package main

import (
	"bytes"
	"context"
	"errors"
	"sync"

	"golang.org/x/sync/errgroup"

	"connsync/apply"
	"connsync/apply/secmaster"
	"connsync/apply/state"
	"connsync/diff"
	"connsync/manifest"
	"connsync/secrets"
)

// targetsOnce is how many targets are looked at side by side. Nearly all of a look is waiting for a server, and each holds a workspace in memory.
const targetsOnce = 4

// targetLook is a look at one target, while others are under way: what it finds is its own.
type targetLook struct {
	*preview
	git  *sync.Mutex // the repository and the vouchers are for one at a time
	plan diff.Plan
	err  error // why there is no plan

	blind, refused, unjudged, stale []error
}

// planAll plans targets, some at a time, until the command is interrupted. What is said of them has their order. With --verbose it is one after the
// other, so that a target's requests stand together.
func (v *preview) planAll(ctx context.Context, all []wanted) {
	var g errgroup.Group
	g.SetLimit(targetsOnce)
	if v.g.Verbose {
		g.SetLimit(1)
	}
	looks, git := make([]*targetLook, len(all)), new(sync.Mutex)
	for i, t := range all {
		v.names.add(t.want, v.states[t.Name].known)
		l := &targetLook{preview: v, git: git}
		looks[i] = l
		g.Go(func() error {
			l.err = secrets.Contained(func() (err error) { l.plan, err = l.look(ctx, t); return err })()
			return nil
		})
	}
	_ = g.Wait() // each error is its target's
	for i, l := range looks {
		v.blind, v.refused, v.unjudged, v.stale = append(v.blind, l.blind...), append(v.refused, l.refused...), append(v.unjudged, l.unjudged...), append(v.stale, l.stale...)
		if l.err == nil {
			v.plans = append(v.plans, l.plan)
			continue
		}
		v.failed = append(v.failed, targetError(all[i].Name, l.err))
		if ctx.Err() != nil {
			return
		}
	}
}

// look plans the target.
func (l *targetLook) look(ctx context.Context, t wanted) (diff.Plan, error) {
	read := l.states[t.Name]
	if read.err != nil {
		return diff.Plan{}, read.err
	}
	known := read.known
	if l.none != nil && (len(known.Known) > 0 || len(l.preview.blind) > 0) { // misspelt folders would look like removed connections
		return diff.Plan{}, l.none
	}
	options, err := l.g.client(ctx, l.w, t.Target, need{job: secmaster.JobDiff, uses: l.how.uses || l.how.prune})
	if err != nil {
		return diff.Plan{}, err
	}
	reader, err := secmaster.NewReader(options)
	if err != nil {
		return diff.Plan{}, err
	}
	defer reader.Close()
	target := l.target(ctx, t, known)
	plan, err := apply.Preview(ctx, reader, target)
	if err == nil && !l.how.dryRun {
		l.compareCatalog(ctx, reader, t.Name)
	}
	if place := (*state.PlaceError)(nil); l.how.dryRun && errors.As(err, &place) {
		l.refuse(targetError(t.Name, err))
		target.Retarget = true
		plan, err = apply.Preview(ctx, reader, target)
	}
	return plan, l.judged(t.Name, err)
}

// target is the one to plan. While it is planned, its questions to the repository wait for those of others.
func (l *targetLook) target(ctx context.Context, t wanted, known state.Snapshot) apply.Target {
	l.git.Lock()
	defer l.git.Unlock()
	out := l.g.target(t, l.src, known, l.how, l.src.contains(ctx, l.policy, l.w.env))
	if contains := out.Contains; contains != nil {
		out.Contains = func(commit, file, blob string) (bool, error) {
			l.git.Lock()
			defer l.git.Unlock()
			return contains(commit, file, blob)
		}
	}
	if reread := out.Reread; reread != nil {
		out.Reread = func(files []string) (want, rest []manifest.Connection, err error) {
			l.git.Lock()
			defer l.git.Unlock()
			return reread(files)
		}
	}
	return out
}

// judged notes what a sync would refuse, and what cannot be told; the plan is shown all the same. Another error is given back.
func (l *targetLook) judged(target string, err error) error {
	switch first := (*apply.FirstSyncError)(nil); {
	case errors.As(err, &first):
		l.refuse(targetError(target, err))
	case errors.Is(err, apply.ErrHistory):
		l.unjudged = append(l.unjudged, targetError(target, err))
	default:
		return err
	}
	return nil
}

func (l *targetLook) refuse(err error) { l.refused = append(l.refused, &foreseen{err}) }

// compareCatalog looks whether the saved plugins of a target are still those of its workspace. Without saved ones it asks no server.
func (l *targetLook) compareCatalog(ctx context.Context, r *secmaster.Reader, target string) {
	if len(l.saved.Of(target)) == 0 {
		return
	}
	components, err := r.Components(ctx)
	if err != nil { // a plan does not need it, and a check of everything does
		l.blind = append(l.blind, targetError(target, &unseen{"the plugins of the workspace could not be compared with " + manifest.PluginsFile, err}))
		return
	}
	now := l.saved.Saved(map[string][]manifest.Plugin{target: pluginsOf(components)})
	if !bytes.Equal(now.Text(), l.saved.Text()) {
		l.stale = append(l.stale, targetError(target, &refusal{message: "the workspace has other plugins or settings than " + manifest.PluginsFile + ": renew it with  connsync plugins --save"}))
	}
}

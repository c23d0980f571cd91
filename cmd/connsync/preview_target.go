package main

import (
	"bytes"
	"context"
	"errors"

	"connsync/apply"
	"connsync/apply/secmaster"
	"connsync/apply/state"
	"connsync/diff"
	"connsync/manifest"
	"connsync/secrets"
)

// targetLook is a look at one target, while others are under way: what it finds is its own.
type targetLook struct {
	*preview
	plan diff.Plan
	err  error // why there is no plan

	blind, refused, unjudged, stale []error
}

// planAll plans targets, some at a time, until the command is interrupted. What is said of them has their order.
func (v *preview) planAll(ctx context.Context, all []wanted) {
	looks := make([]*targetLook, len(all))
	for i, t := range all {
		v.names.add(t.want, v.states[t.Name].known)
		looks[i] = &targetLook{preview: v}
	}
	sideBySide(len(all), v.g.targetsOnce(), func(i int) {
		l := looks[i]
		l.err = secrets.Contained(func() (err error) { l.plan, err = l.look(ctx, all[i]); return err })()
	}, func(int) {})
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
	reader, list, err := l.lister(ctx, t)
	if err != nil {
		return diff.Plan{}, err
	}
	defer reader.Close()
	target := l.g.target(t, l.src, known, l.how, l.src.contains(ctx, l.policy, l.w.env))
	plan, err := apply.Preview(ctx, list, target)
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

package main

import (
	"context"
	"errors"

	"connsync/apply/state"
	"connsync/diff"
	"connsync/manifest"
	"connsync/secrets"
)

// preview is what can be told of every selected target without any means to write. What fails for one hides no other's plan.
type preview struct {
	g      *globals
	w      world
	how    planning
	src    *source
	policy manifest.StatePolicy
	saved  manifest.Catalog
	names  names
	states map[string]stateRead  // of the selected targets
	early  map[string]*earlyLook // at the first of them
	none   *unbegun              // nil where there are manifests
	next   []string              // what comes next for those who begin

	plans    []diff.Plan
	failed   []error // targets without a plan, and patterns without a match
	dirty    error   // manifests in no commit: of a dry run, as it is for them, too
	blind    []error // targets planned without the shared state
	refused  []error // what a sync would refuse
	unjudged []error // plans with no way to tell whether they go back
	beside   []error // running syncs
	stale    []error // catalogs of plugins unlike those of their workspaces
}

// preview plans every requested target. Its error is what kept all of them from being planned.
func (g *globals) preview(ctx context.Context, w world, how planning) (*preview, error) {
	keepsAll()
	v := &preview{g: g, w: w, how: how, names: names{}}
	src, err := g.open(ctx, w)
	if err != nil {
		return v, err
	}
	defer src.close()
	project, err := g.project(src)
	if err != nil {
		return v, err
	}
	if err := g.checkRetarget(how.retarget, project); err != nil {
		return v, err
	}
	v.src, v.policy = src, project.State
	early, cancel := context.WithCancel(ctx)
	targets := g.selected(project, manifest.Set{})
	known := v.readEarly(early, targets)
	defer func() { cancel(); known(); v.stopEarly() }()
	all, err := g.load(src, project, &vouchers{read: func() map[string]state.Snapshot { known(); return v.vouching() }})
	if errors.As(err, &v.none) && !how.dryRun { // a sync refuses it
		err = nil
	}
	if err != nil {
		return v, err
	}
	g.noteShard(w, all)
	v.look(ctx, all)
	return v, nil
}

// look plans what is wanted, and notes what is to be said beside the plans.
func (v *preview) look(ctx context.Context, all manifests) {
	v.saved = all.set.Plugins
	if v.how.dryRun {
		_, v.dirty = v.how.checkClean(v.src, all.project, all.set)
	}
	if err := v.g.checkShared(v.w, v.src, v.policy); err != nil {
		v.blind = append(v.blind, err)
	}
	if all.wrong != nil {
		v.failed = append(v.failed, all.wrong)
	}
	v.planAll(ctx, all.wanted)
	v.next = v.onward(all.set)
	if len(v.failed) == 0 { // what a target without a plan knows may be what was meant
		if err := v.names.check(v.g.selections(v.how)); err != nil {
			v.failed = append(v.failed, err)
		}
	}
}

// onward is what comes after a look, where there are no manifests yet, or those just imported.
func (v *preview) onward(set manifest.Set) []string {
	switch {
	case v.none != nil:
		return []string{v.g.again("connsync import --dry-run")}
	case v.src.uncommitted(set):
		return []string{v.g.again("git add -A && git commit -m 'connections under connsync'"), v.g.same("connsync sync --dry-run")}
	}
	return nil
}

// stateRead is known state as it was read, or why it could not be.
type stateRead struct {
	known state.Snapshot
	err   error
}

// readEarly reads known state while manifests are looked for. Nothing of v is to be used by others until it was awaited.
func (v *preview) readEarly(ctx context.Context, targets []wanted) (await func()) {
	ended := secrets.Begun(func() error { v.readKnown(ctx, targets); return nil })
	return func() {
		wrong := ended()
		for _, t := range targets { // of those that a fault kept from being read
			if _, ok := v.states[t.Name]; !ok && wrong != nil {
				v.states[t.Name] = stateRead{err: wrong}
			}
		}
	}
}

// readKnown reads the known state of every selected target.
func (v *preview) readKnown(ctx context.Context, targets []wanted) {
	v.states = map[string]stateRead{}
	v.src.sight.refs = refsOf(targets)
	v.early = map[string]*earlyLook{}
	for _, t := range targets {
		known, err := v.known(ctx, t)
		v.states[t.Name] = stateRead{known, err}
		if err == nil {
			v.promised(ctx, t, len(known.Known))
		}
	}
}

// vouching are the states that may vouch for files. Where every connection is shown, or may be deleted, every file is read.
func (v *preview) vouching() map[string]state.Snapshot {
	out := map[string]state.Snapshot{}
	for target, read := range v.states {
		if read.err == nil && !v.how.prune && !v.g.Verbose {
			out[target] = read.known
		}
	}
	return out
}

func (v *preview) refuse(err error) {
	if err != nil {
		v.refused = append(v.refused, &foreseen{err})
	}
}

// known is known state as it stands, without a lock. Where the shared state cannot be read, it is what is known here: enough
// to look at, and not enough to call anything up to date.
func (v *preview) known(ctx context.Context, t wanted) (state.Snapshot, error) {
	store, err := v.g.store(v.w, v.src, v.policy, t.Name)
	var snap state.Snapshot
	if err == nil {
		v.promised(ctx, t, store.Estimate())
		snap, err = store.ReadShared(ctx)
	}
	if err == nil {
		v.apart(t, store, snap)
		v.foreign(t, store, snap)
		v.running(t, store, snap)
	}
	var remote *remoteError
	switch {
	case err == nil || ctx.Err() != nil:
		return snap, err
	case errors.Is(err, errNoState):
		v.blind = append(v.blind, targetError(t.Name, &unseen{"planned without known state", err}))
		return state.Snapshot{}, nil
	case !errors.As(err, &remote):
		return snap, err
	}
	v.blind = append(v.blind, targetError(t.Name, &unseen{"planned with what is known here", err}))
	store, err = v.g.store(v.w, v.src, manifest.StatePolicy{Remote: "none"}, t.Name)
	if err != nil {
		return snap, err
	}
	return store.Read(ctx)
}

// apart tells of state and shared state gone different ways: a sync refuses both.
func (v *preview) apart(t wanted, store *state.Store, snap state.Snapshot) {
	switch err := store.Apart(snap); {
	case err == nil:
	case v.how.dryRun:
		v.refuse(targetError(t.Name, err))
	default:
		v.blind = append(v.blind, targetError(t.Name, &unseen{"planned with what is known here", err}))
	}
}

// running tells of a sync at work meanwhile: what it writes may not be in the plan.
func (v *preview) running(t wanted, store *state.Store, snap state.Snapshot) {
	if err := store.Busy(snap); err != nil {
		v.beside = append(v.beside, targetError(t.Name, &unseen{"a sync is running, and this may be out of date", err}))
	}
}

// foreign tells of state shared in another repository: a sync refuses it, and what it knows is what another one does.
func (v *preview) foreign(t wanted, store *state.Store, snap state.Snapshot) {
	err := v.how.accept(store)
	if err == nil {
		err = store.AtHome(snap)
	}
	switch {
	case err == nil:
	case v.how.dryRun:
		v.refuse(targetError(t.Name, err))
	default:
		v.blind = append(v.blind, targetError(t.Name, &unseen{"planned with the state of another repository", err}))
	}
}

// unseen is unreadable known state, and what was done instead.
type unseen struct {
	instead string
	err     error
}

func (e *unseen) Error() string { return e.instead + ": " + e.err.Error() }

func (e *unseen) Unwrap() error { return e.err }

// foreseen is what a sync would refuse, told by a dry run.
type foreseen struct{ err error }

func (e *foreseen) Error() string { return "a sync would refuse: " + e.err.Error() }

func (e *foreseen) Unwrap() error { return e.err }

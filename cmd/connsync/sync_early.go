package main

import (
	"context"

	"connsync/apply"
	"connsync/apply/secmaster"
	"connsync/apply/state"
	"connsync/manifest"
	"connsync/manifest/gitfs"
	"connsync/secrets"
)

// earlyHold is the only target of a sync, with the lock on its known state, and a list asked for under it, while manifests are read. It is for known state that stays
// on this machine: the lock of its kernel then keeps all others from writing, as it does for a list that is asked for later.
type earlyHold struct {
	store   *state.Store
	session *state.Session
	begun   func() error       // waits until the list is asked for
	client  *secmaster.Client  // nil where it cannot be made: that is told where it is needed
	listed  *apply.AheadReader // nil with it
}

// holdEarly takes the lock of a target, if no one has it and a long list or many manifests are to be expected; nil otherwise, and then the lock is taken, and waited for,
// once manifests are read. Wrong manifests stop a sync all the same: only a list was asked for.
func (r *syncRun) holdEarly(ctx context.Context, p manifest.Project, ts []wanted) *earlyHold {
	if len(ts) != 1 || r.cmd.AcceptHome != nil || r.g.checkShared(r.w, r.src, p.State) != nil {
		return nil
	}
	store, err := r.g.store(r.w, r.src, p.State, ts[0].Name)
	if err != nil || store.Shared() {
		return nil
	}
	likely := store.Estimate()
	if secmaster.PagesOf(likely) == 1 && !hasMany(r.src.repo) {
		return nil
	}
	session, err := store.Hold(ctx, 0)
	if err != nil {
		return nil
	}
	e := &earlyHold{store: store, session: session}
	e.begun = secrets.Begun(func() error { // credentials may have to be asked for
		client, err := r.g.writer(ctx, r.w, ts[0], r.cmd.need())
		if err == nil {
			e.client, e.listed = client, apply.ListAhead(ctx, client, likely, apply.Clock{})
		}
		return err
	})
	return e
}

// close breaks off what no one needs any more.
func (e *earlyHold) close() {
	if e == nil {
		return
	}
	if e.begun() == nil {
		e.listed.Stop()
		e.client.Close()
	}
	_ = e.session.Close()
}

// vouchers are the states that may vouch for files, as this clone has them: what is known once the lock is held decides. Where connections may be deleted,
// every file is read, and where every one is shown.
func (r *syncRun) vouchers(ctx context.Context, p manifest.Project) *vouchers {
	r.hints.states = map[string]state.Snapshot{}
	if r.how.prune || r.g.Verbose || gitfs.IsRemote(r.g.State) {
		return &r.hints
	}
	states := r.hints.states
	ended := secrets.Begun(func() error { r.readKept(ctx, p, states); return nil })
	r.hints.read = func() map[string]state.Snapshot {
		_ = ended() // what is not read vouches for nothing
		return states
	}
	return &r.hints
}

// readKept reads known state as this clone has it, while manifests are looked for.
func (r *syncRun) readKept(ctx context.Context, p manifest.Project, into map[string]state.Snapshot) {
	ts := r.g.selected(p, manifest.Set{})
	if r.early = r.holdEarly(ctx, p, ts); r.early != nil {
		if snap, err := r.early.store.Read(ctx); err == nil {
			into[ts[0].Name] = snap
		}
		return
	}
	for _, t := range ts {
		store, err := r.g.store(r.w, r.src, manifest.StatePolicy{Remote: "none"}, t.Name)
		if err != nil {
			continue // it is told where it is needed
		}
		if snap, err := store.Read(ctx); err == nil {
			into[t.Name] = snap
		}
	}
}

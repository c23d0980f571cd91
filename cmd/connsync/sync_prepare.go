package main

import (
	"context"
	"time"

	"connsync/apply"
	"connsync/apply/secmaster"
	"connsync/apply/state"
	"connsync/secrets"
)

// sharedFiles are the files with connections of more than one target.
func sharedFiles(ts []wanted) map[string]bool {
	first, out := map[string]string{}, map[string]bool{}
	for _, t := range ts {
		for _, c := range t.want {
			if of, seen := first[c.File.Path]; seen && of != t.Name {
				out[c.File.Path] = true
			}
			first[c.File.Path] = t.Name
		}
	}
	return out
}

// prepareAll plans the targets, some at a time. All their locks are taken first, one after the other in the order of the targets: of two syncs of the same
// targets one waits for the other, and neither holds what the other one waits for.
func (r *syncRun) prepareAll(ctx context.Context, ts []wanted) {
	r.bars = r.w.waits
	now, all := time.Now(), make([]*targetRun, len(ts))
	hold := func(i int) {
		all[i] = &targetRun{wanted: ts[i]}
		all[i].err = secrets.Contained(func() error { return r.hold(ctx, all[i]) })()
	}
	plan := func(i int) {
		if all[i].err == nil {
			all[i].err = secrets.Contained(func() error { return r.plan(ctx, all[i], now) })()
			r.bars.End(ts[i].Name)
		}
	}
	if r.g.targetsOnce() == 1 {
		sideBySide(len(ts), 1, hold, plan)
	} else {
		sideBySide(len(ts), 1, hold, func(int) {})
		sideBySide(len(ts), r.g.targetsOnce(), plan, func(int) {})
	}
	for _, u := range all {
		if u.err != nil {
			r.failed = append(r.failed, targetError(u.wanted.Name, u.err))
			continue
		}
		r.names.add(u.wanted.want, u.session.Snapshot())
		r.prepared = append(r.prepared, u)
	}
}

// hold takes the lock on one target's known state.
func (r *syncRun) hold(ctx context.Context, u *targetRun) error {
	if e := r.early; e != nil {
		e.store.Remember(r.hints.states[u.wanted.Name])
		_ = e.begun() // what cannot be asked for now is asked for later, and told then
		u.session, u.client, u.listed = e.session, e.client, e.listed
		return nil
	}
	store, err := r.g.store(r.w, r.src, r.policy, u.wanted.Name)
	if err != nil {
		return err
	}
	if err := r.how.accept(store); err != nil {
		return err
	}
	store.Remember(r.hints.states[u.wanted.Name])
	if u.session, err = store.Hold(ctx, r.cmd.LockTimeout); err != nil {
		return err
	}
	r.sessions = append(r.sessions, u.session)
	return nil
}

// plan reads one target's known state under its lock, and plans it.
func (r *syncRun) plan(ctx context.Context, u *targetRun, now time.Time) error {
	if err := u.session.Read(ctx, r.cmd.LockTimeout); err != nil {
		return err
	}
	known := u.session.Snapshot()
	client, err := r.writer(ctx, u)
	if err != nil {
		return err
	}
	target := r.g.target(u.wanted, r.src, known, r.how, r.src.contains(ctx, r.policy, r.w.env))
	target.Dirty = r.dirty
	run := r.identity(now)
	p, err := apply.Prepare(ctx, apply.Sync{
		Target: target, Client: client, Listed: u.listed, State: u.session, Files: r.src.files, Open: openWith(r.opener, r.shared), Versions: r.src.versions(r.paths),
		Run: run, Parallelism: r.cmd.Parallelism, Settle: r.cmd.Settle,
		Message: state.Message{Trailers: trailers(run, r.src.commit.Author)}, Progress: r.bars.Show,
	})
	if err != nil {
		return err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	u.planned = p
	return nil
}

// writer is the client of a target.
func (r *syncRun) writer(ctx context.Context, u *targetRun) (*secmaster.Client, error) {
	if u.client != nil {
		return u.client, nil
	}
	client, err := r.g.writer(ctx, r.w, u.wanted, r.cmd.need())
	if err == nil {
		u.client = client
	}
	return client, err
}

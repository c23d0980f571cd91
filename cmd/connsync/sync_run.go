package main

import (
	"context"
	"errors"
	"sync"
	"time"

	"connsync/apply"
	"connsync/apply/secmaster"
	"connsync/apply/state"
	"connsync/cmd/connsync/render"
	"connsync/cmd/connsync/view"
	"connsync/diff"
	"connsync/manifest"
	"connsync/secrets"
	"connsync/secrets/sops"
)

// syncRun is one sync over all its targets: all are planned and shown before the first is written.
type syncRun struct {
	cmd    *syncCmd
	how    planning
	g      *globals
	w      world
	p      *render.Printer
	src    *source
	opener *sops.Opener
	shared map[string]bool // files with connections of several targets: each is decrypted once for all of them
	causes map[string]bool // said already
	policy manifest.StatePolicy
	paths  manifest.Project
	dirty  bool // the worktree has changes beside the commit
	names  names
	hints  vouchers // known state as this clone has it, before the lock
	early  *earlyHold

	sessions  []*state.Session
	previewed []diff.Plan // of a dry run
	mu        sync.Mutex  // of the plans, while they are carried out: an overtaken one is replaced
	prepared  []*targetRun
	failed    []error // what kept a target, or all of them, from being planned
	reports   []apply.Report
	bars      *render.Progress
}

// targetRun is one target's sync: what is wanted, the lock on its known state, and the plan. It is for one goroutine at a time.
type targetRun struct {
	wanted  wanted
	session *state.Session
	client  *secmaster.Client  // planned again, it is the same one, with its memory of who uses what
	listed  *apply.AheadReader // a list asked for under the lock; nil for none
	planned *apply.Prepared
	err     error // why it is not planned
}

func (r *syncRun) close() {
	r.hints.await() // it reads what is closed here
	r.early.close()
	for _, s := range r.sessions {
		_ = s.Close()
	}
	if r.src != nil {
		r.src.close()
	}
}

// planAll reads what is wanted, and plans every target.
func (r *syncRun) planAll(ctx context.Context) error {
	var err error
	if r.src, err = r.g.open(ctx, r.w); err != nil {
		return err
	}
	project, err := r.g.project(r.src)
	if err != nil {
		return err
	}
	all, err := r.g.load(r.src, project, r.vouchers(ctx, project))
	if err != nil {
		return err
	}
	r.g.noteShard(r.w, all)
	if err := r.g.checkRetarget(r.cmd.Retarget, project); err != nil {
		return err
	}
	if err := r.g.checkShared(r.w, r.src, project.State); err != nil {
		return err
	}
	if r.dirty, err = r.how.checkClean(r.src, project, all.set); err != nil {
		return err
	}
	if all.wrong != nil {
		r.failed = append(r.failed, all.wrong)
	}
	r.opener = sops.New(sops.Options{Allow: project.Secrets.Allow, FullMAC: project.Secrets.FullMAC, Lend: r.w.lend})
	r.shared = sharedFiles(all.wanted)
	r.policy, r.paths = project.State, project
	if r.g.targetsOnce() > 1 {
		r.src.sight.refs = refsOf(all.wanted)
	}
	r.prepareAll(ctx, all.wanted)
	return nil
}

// sync plans, and carries out. Its error is what kept it from doing so; what became of each target is in r.
func (r *syncRun) sync(ctx context.Context) error {
	if err := r.planAll(ctx); err != nil {
		return err
	}
	plans := r.plans()
	if len(plans) > 0 {
		if err := r.p.Diff(r.shown(plans)); err != nil {
			return err
		}
	}
	r.first(plans)
	if len(r.failed) == 0 { // what a failed target knows may be what was meant
		if err := r.names.check(r.g.selections(r.how)); err != nil {
			return err
		}
	}
	if err := r.cmd.expected(plans); err != nil {
		return err
	}
	if err := r.cmd.checkDeletes(plans); err != nil {
		return err
	}
	if err := r.confirm(ctx, plans); err != nil {
		return err
	}
	r.carryOut(ctx)
	return nil
}

// first says what taking over does, before it is done for many.
func (r *syncRun) first(plans []diff.Plan) {
	n, name := 0, ""
	for _, p := range plans {
		for _, c := range p.Changes {
			if c.Action == diff.Adopt && c.Write {
				n, name = n+1, c.Name
			}
		}
	}
	if n > 1 && len(r.g.Only) == 0 {
		r.p.Note("%d connections are taken over. One that SecMaster shows to be equal, secrets too, is only recorded; every other one is written once, as Git has it", n)
		r.p.Note("%s", "to begin with one:  "+r.g.again("connsync sync --only "+manifest.ShellWord(manifest.PatternOf(name))))
	}
}

// shown are plans as a diff of what there is.
func (r *syncRun) shown(plans []diff.Plan) view.Diff {
	return view.Diff{All: r.g.Verbose, Plans: plans}
}

func (r *syncRun) plans() []diff.Plan {
	plans := append([]diff.Plan(nil), r.previewed...)
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, u := range r.prepared {
		plans = append(plans, u.planned.Plan)
	}
	return plans
}

// carryOut carries out the plans, some at a time, and reports each in the order of the targets.
func (r *syncRun) carryOut(ctx context.Context) {
	reports := make([]apply.Report, len(r.prepared))
	sideBySide(len(r.prepared), r.g.targetsOnce(), func(i int) {
		u := r.prepared[i]
		defer u.client.Close()
		defer r.bars.End(u.wanted.Name)
		if secrets.Contained(func() error { reports[i] = r.carryOutOne(ctx, u); return nil })() != nil {
			reports[i] = u.planned.Lost()
		}
	}, func(i int) {
		defer r.bars.Aside()()
		r.reports = append(r.reports, reports[i])
		r.p.Report(view.OfReport(inWords(reports[i])).Once(r.causes))
	})
}

// carryOutOne carries out one target's plan. Where a sync of another machine announced its writes first, nothing was sent: it is
// waited for, and the target is planned again.
func (r *syncRun) carryOutOne(ctx context.Context, u *targetRun) apply.Report {
	deadline := time.Now().Add(r.cmd.LockTimeout)
	for {
		now := time.Now().UTC()
		u.planned.Start(now, now.Add(r.cmd.Timeout))
		report := u.planned.Run(ctx)
		if report.Err == nil {
			report.Err = u.session.KeepHome(ctx, state.Message{Subject: u.wanted.Name + ": shared here, too", Trailers: trailers(r.identity(now), "")})
		}
		if !errors.Is(report.Err, apply.ErrNotAnnounced) || !errors.Is(report.Err, state.ErrReplaced) || now.After(deadline) || ctx.Err() != nil {
			return report
		}
		if err := r.planAgain(ctx, u); err != nil {
			report.Err = err
			return report
		}
	}
}

// planAgain replaces an overtaken plan, under the same lock. A different one is shown, and confirmed like the first; of several targets one after the other.
func (r *syncRun) planAgain(ctx context.Context, u *targetRun) error {
	r.note("%s: another sync was first; waiting for it, and planning again", u.wanted.Name)
	before := diff.Hash(u.planned.Plan)
	err := r.plan(ctx, u, time.Now())
	r.bars.End(u.wanted.Name)
	if err != nil {
		return err
	}
	plan := u.planned.Plan
	if diff.Hash(plan) == before {
		return nil
	}
	defer r.bars.Aside()()
	err = ctx.Err() // another one may have been asked something meanwhile
	if err == nil {
		err = r.p.Diff(r.shown([]diff.Plan{plan}))
	}
	if err != nil {
		return err
	}
	if err := errors.Join(r.cmd.expected(r.plans()), r.cmd.checkDeletes([]diff.Plan{plan})); err != nil {
		return err
	}
	return r.confirm(ctx, []diff.Plan{plan})
}

func (r *syncRun) note(format string, args ...any) {
	defer r.bars.Aside()()
	r.p.Note(format, args...)
}

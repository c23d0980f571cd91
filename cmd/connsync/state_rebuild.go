package main

import (
	"context"
	"errors"
	"strings"
	"time"

	"connsync/apply/state"
	"connsync/cmd/connsync/render"
	"connsync/cmd/connsync/view"
	"connsync/diff"
)

type stateRebuild struct {
	answerFormat

	AdoptByName bool `help:"Take over what has a wanted name and plugin, although SecMaster does not show all of it. Nothing is written, and none of it is ever deleted."`
	Yes         bool `short:"y" help:"Do not ask. Without a terminal nothing is asked, and in CI it is needed."`
}

// Run replaces unreadable state, and takes over what is there if asked to.
func (c stateRebuild) Run(ctx context.Context, w world, g *globals) error {
	done := rebuiltStates{Answer: render.NewAnswer(), Targets: []rebuiltState{}}
	err := c.rebuild(ctx, w, g, &done)
	w.giveIf(err == nil || len(done.Targets) > 0, &done)
	if err != nil || !c.AdoptByName {
		return err
	}
	err = c.adopt(ctx, w, g)
	if w.answers != nil {
		done.Sync = w.gave()
		w.give(&done)
	}
	return err
}

// adopt takes over what is there under wanted names.
func (c stateRebuild) adopt(ctx context.Context, w world, g *globals) error {
	w.gave()
	if err := c.meant(w, "no connection is taken over by its name"); err != nil {
		return err
	}
	cmd := &syncCmd{Parallelism: 8, Timeout: 15 * time.Minute, Settle: time.Minute, LockTimeout: 2 * time.Minute, Yes: c.Yes}
	r := &syncRun{cmd: cmd, how: planning{byName: true}, g: g, w: w, p: g.printer(w), names: names{}, causes: map[string]bool{}}
	defer r.close()
	return r.conclude(ctx, r.takeOver(ctx))
}

// rebuild replaces unreadable state. It leaves readable state alone.
func (c stateRebuild) rebuild(ctx context.Context, w world, g *globals, all *rebuiltStates) error {
	said := func(target, outcome, from, commit string) {
		all.Targets = append(all.Targets, rebuiltState{target, outcome, from, commit})
	}
	return g.states(ctx, w, func(target string, s *state.Store) error {
		_, err := s.ReadShared(ctx)
		var corrupt *state.CorruptError
		var missing *state.MissingError
		switch {
		case err == nil:
			said(target, "kept", "", "")
			g.printer(w).Out.Line("%s: nothing to repair", target)
			return nil
		case !errors.As(err, &corrupt) && !errors.As(err, &missing):
			return err
		}
		done, err := s.Rebuild(ctx, 2*time.Minute, func(lost state.Loss) error { return c.agree(ctx, w, g, target, lost) })
		switch {
		case err != nil:
			return err
		case strings.HasPrefix(done.From, "refs/remotes/"):
			said(target, "followed", done.From, done.Commit)
			g.printer(w).Out.Line("%s: not begun anew: %s, as it was fetched, can be read, and this clone follows it again at %s", target, done.From, view.CutHash(done.Commit))
		case done.From != "":
			said(target, "followed", done.From, done.Commit)
			g.printer(w).Out.Line("%s: not begun anew: the remote's state can be read, and this clone follows it again at %s", target, view.CutHash(done.Commit))
		default:
			said(target, "begun", "", done.Commit)
			g.printer(w).Out.Line("%s: begun anew at %s; a sync adopts what is there, and --rewrite '*' writes its secrets once more", target, view.CutHash(done.Commit))
		}
		return nil
	})
}

// agree says what would be dropped, and asks.
func (c stateRebuild) agree(ctx context.Context, w world, g *globals, target string, lost state.Loss) error {
	p := g.printer(w)
	p.Out.Line("%s: its known state cannot be read: %s. To begin it anew drops:", render.Bold(target), lost.Problem)
	if lost.Shared != "" {
		p.Out.Line("  %s on the remote, at %s, which all machines share", lost.Ref, view.CutHash(lost.Shared))
	}
	switch {
	case lost.Local != "":
		p.Out.Line("  %s in this clone, at %s; its name is kept in .git/connsync", lost.Ref, view.CutHash(lost.Local))
	case lost.Shared == "":
		p.Out.Line("  %s in this clone; its file is kept in .git/connsync", lost.Ref)
	}
	if lost.LastRead == "" {
		p.Out.Line("  which connections it knew cannot be told")
	} else {
		p.Out.Line("  what is known since %s, the last commit that can be read: %s   %s", view.CutHash(lost.LastRead), view.Count(len(lost.Known), "connection"), few(lost.Known))
	}
	if err := c.meant(w, "known state is not begun anew"); err != nil {
		return err
	}
	if !g.agreed(ctx, w, c.Yes, "Begin the known state of %s anew?", target) {
		return &refusal{"not confirmed; nothing was changed", nil}
	}
	return nil
}

// meant refuses in CI what only a person should decide, unless a person wrote --yes.
func (c stateRebuild) meant(w world, not string) error {
	if c.Yes || !inCI(w) {
		return nil
	}
	return &refusal{"CI is set, so " + not + " without --yes", []string{"look at it from a clone of your own; --yes, for one run, if it is meant"}}
}

// takeOver records the connections with wanted names, after showing them. It sends nothing.
func (r *syncRun) takeOver(ctx context.Context) error {
	if err := r.planAll(ctx); err != nil {
		return err
	}
	taken := 0
	for _, u := range r.prepared {
		left := u.planned.Plan.Count(diff.Conflict)
		u.planned.OnlyRecord()
		r.p.Out.Line("%s  %s by name, and not seen whole:", render.Bold(u.wanted.Name), view.Count(len(u.planned.Plan.Changes), "connection"))
		for _, c := range u.planned.Plan.Changes {
			r.p.Out.Line("  %s   %s", render.Bold(c.Name), c.ID)
			taken++
		}
		if left > 0 {
			r.p.Note("%s: %s left as it is:  connsync diff  shows why", u.wanted.Name, view.Count(left, "conflict"))
		}
	}
	if taken == 0 {
		return nil
	}
	if !r.g.agreed(ctx, r.w, r.cmd.Yes, "Record %s as the wanted ones?", view.Count(taken, "connection")) {
		return &refusal{"not confirmed; nothing was recorded", nil}
	}
	r.carryOut(ctx)
	return nil
}

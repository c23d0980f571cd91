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
	AdoptByName bool `help:"Take over what has a wanted name and plugin, although SecMaster does not show all of it. Nothing is written, and none of it is ever deleted."`
	Yes         bool `short:"y" help:"Do not ask. Without a terminal nothing is ever asked."`
}

// Run replaces state that cannot be read, and takes over what is there where that is asked for.
func (c stateRebuild) Run(ctx context.Context, w world, g *globals) error {
	if err := c.rebuild(ctx, w, g); err != nil || !c.AdoptByName {
		return err
	}
	cmd := &syncCmd{Parallelism: 8, Timeout: 15 * time.Minute, Settle: time.Minute, LockTimeout: 2 * time.Minute, Yes: c.Yes}
	r := &syncRun{cmd: cmd, how: planning{byName: true}, g: g, w: w, p: g.printer(w), names: names{}, causes: map[string]bool{}}
	defer r.close()
	return r.conclude(ctx, r.takeOver(ctx))
}

// rebuild replaces state that cannot be read. State that can be read is left alone.
func (stateRebuild) rebuild(ctx context.Context, w world, g *globals) error {
	return g.states(ctx, w, func(target string, s *state.Store) error {
		_, err := s.ReadShared(ctx)
		var corrupt *state.CorruptError
		var missing *state.MissingError
		switch {
		case err == nil:
			g.printer(w).Out.Line("%s: nothing to repair", target)
			return nil
		case !errors.As(err, &corrupt) && !errors.As(err, &missing):
			return err
		}
		done, err := s.Rebuild(ctx, 2*time.Minute)
		switch {
		case err != nil:
			return err
		case done.Restored:
			g.printer(w).Out.Line("%s: not begun anew: the remote's state can be read, and this clone follows it again at %s", target, view.CutHash(done.Commit))
		default:
			g.printer(w).Out.Line("%s: begun anew at %s; a sync adopts what is there, and --rewrite '*' writes its secrets once more", target, view.CutHash(done.Commit))
		}
		return nil
	})
}

// takeOver records the connections that have wanted names, after it has shown which they are. It sends nothing.
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
	if !r.cmd.Yes && render.IsTerminal(r.w.stdin) && render.IsTerminal(r.w.stderr) {
		r.p.Err.Ask("\nRecord %s as the wanted ones? Only %s is taken for a yes: ", view.Count(taken, "connection"), render.Bold("yes"))
		if strings.TrimSpace(line(ctx, r.w.stdin)) != "yes" {
			return &refusal{"not confirmed; nothing was recorded", nil}
		}
	}
	r.carryOut(ctx)
	return nil
}

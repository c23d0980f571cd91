package main

import (
	"bufio"
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"connsync/apply"
	"connsync/apply/state"
	"connsync/diff"
	"connsync/secrets/sops"
)

// syncRun is one sync over all its targets: all are planned and shown before the first is written.
type syncRun struct {
	cmd    *syncCmd
	g      *globals
	w      world
	p      *printer
	src    *source
	opener *sops.Opener

	sessions  []*state.Session
	previewed []diff.Plan // of a dry run
	prepared  []*apply.Prepared
	failed    []error // what kept a target, or all of them, from being planned
	reports   []apply.Report
	bars      *progress
}

func (r *syncRun) close() {
	for _, s := range r.sessions {
		_ = s.Close()
	}
	if r.src != nil {
		r.src.close()
	}
}

// sync reads, plans and carries out. Its error is what kept it from doing so; what became of each target is in r.
func (r *syncRun) sync(ctx context.Context) error {
	var err error
	if r.src, err = r.g.open(ctx, r.w); err != nil {
		return err
	}
	project, set, err := r.g.load(r.src)
	if err != nil {
		return err
	}
	if err := r.cmd.checkClean(r.src, project, set); err != nil {
		return err
	}
	r.opener = sops.New(sops.Options{Allow: project.Secrets.Allow, FullMAC: project.Secrets.FullMAC})
	r.prepareAll(ctx, r.g.wishes(project, set))
	plans := r.plans()
	if len(plans) > 0 {
		if err := r.p.plans(plans, "text"); err != nil {
			return err
		}
	}
	if err := r.cmd.expected(plans); err != nil {
		return err
	}
	if err := r.confirm(plans); err != nil {
		return err
	}
	r.carryOut(ctx)
	return nil
}

func (r *syncRun) prepareAll(ctx context.Context, wishes []wish) {
	r.bars = r.p.progress()
	now := time.Now()
	for _, t := range wishes {
		p, err := r.prepare(ctx, t, now)
		r.bars.end()
		if err != nil {
			r.failed = append(r.failed, targetError(t.Name, err))
			continue
		}
		r.prepared = append(r.prepared, p)
	}
}

func (r *syncRun) plans() []diff.Plan {
	plans := append([]diff.Plan(nil), r.previewed...)
	for _, p := range r.prepared {
		plans = append(plans, p.Plan)
	}
	return plans
}

// prepare locks and plans one target.
func (r *syncRun) prepare(ctx context.Context, t wish, now time.Time) (*apply.Prepared, error) {
	store, err := r.g.store(r.src, t.Name)
	if err != nil {
		return nil, err
	}
	session, err := store.Lock(ctx, lockWait)
	if err != nil {
		return nil, err
	}
	r.sessions = append(r.sessions, session)
	known := session.Snapshot()
	if err := r.cmd.checkAge(r.src, known); err != nil {
		return nil, err
	}
	client, err := r.g.writer(ctx, r.w, t, r.cmd.Parallelism)
	if err != nil {
		return nil, err
	}
	target := r.g.target(t, r.src, known, r.cmd.Rewrite)
	target.Retarget = r.cmd.retargets(t.Name)
	run := r.identity(now)
	return apply.Prepare(ctx, apply.Sync{
		Target: target, Client: client, State: session, Files: r.src.files, Open: openWith(r.opener),
		Run: run, Parallelism: r.cmd.Parallelism, Settle: r.cmd.Settle,
		Message: state.Message{Trailers: trailers(run)}, Progress: r.bars.show,
	})
}

// identity says who writes: for the state's log, and for whoever finds an unfinished run.
func (r *syncRun) identity(now time.Time) state.Run {
	var id [8]byte
	_, _ = rand.Read(id[:])
	host, _ := os.Hostname()
	return state.Run{
		ID: hex.EncodeToString(id[:]), Host: host, Commit: r.src.commit.Hash,
		Actor:   firstOf(r.w.env, "GITHUB_ACTOR", "GITLAB_USER_LOGIN", "BUILD_USER_ID", "USER", "USERNAME"),
		Job:     firstOf(r.w.env, "CONNSYNC_JOB", "CI_JOB_URL", "BUILD_URL", "GITHUB_RUN_ID"),
		Started: now.UTC(), Expires: now.Add(r.cmd.Timeout).UTC(),
	}
}

func firstOf(env func(string) string, names ...string) string {
	for _, n := range names {
		if v := env(n); v != "" {
			return v
		}
	}
	return ""
}

func trailers(run state.Run) [][2]string {
	out := [][2]string{{"Run", run.ID}, {"Host", run.Host}}
	for _, t := range [][2]string{{"Actor", run.Actor}, {"Job", run.Job}, {"Commit", run.Commit}} {
		if t[1] != "" {
			out = append(out, t)
		}
	}
	return out
}

// confirm asks a person; a pipe is never asked.
func (r *syncRun) confirm(plans []diff.Plan) error {
	writes := 0
	for _, p := range plans {
		writes += p.Writes()
	}
	if r.cmd.Yes || writes == 0 || !isTerminal(r.w.stdin) || !isTerminal(r.w.stderr) {
		return nil
	}
	fmt.Fprintf(r.w.stderr, "\nWrite %s to SecMaster? Only %s is taken for a yes: ", count(writes, "connection"), r.p.errTint.bold("yes"))
	answer, _ := bufio.NewReader(r.w.stdin).ReadString('\n')
	if strings.TrimSpace(answer) == "yes" {
		return nil
	}
	return &refusal{"not confirmed; nothing was sent", nil}
}

func (r *syncRun) carryOut(ctx context.Context) {
	now := time.Now().UTC()
	for _, p := range r.prepared {
		p.Start(now, now.Add(r.cmd.Timeout))
		report := p.Run(ctx)
		r.bars.end()
		r.reports = append(r.reports, report)
		r.p.report(report)
	}
}

// conclude says what is to be said at the end, writes the report, and gives the exit code.
func (r *syncRun) conclude(ctx context.Context, refused error) error {
	code := exitDone
	var silent exitWith
	if errors.As(refused, &silent) {
		code = int(silent)
	} else if refused != nil {
		r.failed = append(r.failed, refused)
	}
	for _, err := range r.failed {
		code = heavier(code, r.p.fail(err))
	}
	did := 0
	for _, report := range r.reports {
		c, n := verdict(report)
		code, did = heavier(code, c), did+n
	}
	if code == exitFailed && did > 0 {
		code = exitPartly
	}
	if ctx.Err() != nil {
		code = exitInterrupted
	}
	if len(r.reports) > 0 && unfinished(r.reports) {
		fmt.Fprintf(r.p.err, "%s connsync sync   (safe to repeat)\n", r.p.errTint.cyan("next:"))
	}
	if r.cmd.Report != "" {
		if err := writeReport(r.cmd.Report, reportsJSON(r.plans(), r.reports, r.failed, code)); err != nil {
			code = heavier(code, r.p.fail(err))
		}
	}
	if code == exitDone {
		return nil
	}
	return exitWith(code)
}

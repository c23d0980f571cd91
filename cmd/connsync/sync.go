package main

import (
	"context"
	"errors"
	"strings"
	"time"

	"connsync/apply"
	"connsync/apply/secmaster"
	"connsync/cmd/connsync/view"
	"connsync/diff"
	"connsync/lazy"
	"connsync/manifest"
	"connsync/manifest/gitfs"
	"connsync/secrets"
	"connsync/secrets/sops"
)

// syncCmd makes SecMaster what Git wants.
type syncCmd struct {
	answerFormat

	DryRun         bool          `help:"Only show the plan. Nothing is sent or recorded."`
	Prune          bool          `help:"Delete what connsync wrote and Git no longer wants, unless it is protected, in use, or more than --max-deletes."`
	MaxDeletes     string        `default:"10%" placeholder:"N|N%" help:"The most connections of a target that --prune may delete. The default, 10%, is never more than 10."`
	PruneProtected []string      `completes:"pattern" type:"pattern" placeholder:"PATTERN" help:"Let --prune delete connections whose name matches although they were protected when last applied (repeatable)."`
	AllowEmpty     bool          `help:"Let --prune delete although Git wants no connection of the target at all."`
	Rewrite        []string      `completes:"pattern" type:"pattern" placeholder:"PATTERN" help:"Write connections whose name matches once more, whatever the fingerprints say: 'edr_*', or '*' for all (repeatable)."`
	Parallelism    int           `default:"8" placeholder:"N" help:"Writes at a time to one target (default ${default}); four targets are written to at a time."`
	Timeout        time.Duration `default:"15m" placeholder:"TIME" help:"Send nothing after this time (default ${default})."`
	Settle         time.Duration `default:"60s" placeholder:"TIME" help:"How long a create that was not confirmed may take to appear, also one of an earlier run (default ${default})."`
	LockTimeout    time.Duration `default:"2m" placeholder:"TIME" help:"How long to wait for another sync of the target (default ${default})."`
	Yes            bool          `short:"y" help:"Do not ask. Without a terminal nothing is ever asked."`
	Report         []string      `completes:"files" sep:"none" placeholder:"FILE" help:"Write what was done to this file: a page for people where its name ends in .html, JSON otherwise (repeatable; docs/json.md)."`
	ExpectPlan     string        `placeholder:"SHA256" help:"Only go on if the plan has this hash, of which 12 characters are enough."`
	Dirty          bool          `help:"Apply manifests that are not committed."`
	FirstSync      bool          `help:"In CI: begin known state although SecMaster has connections of wanted names."`
	AllowOlder     bool          `help:"Undo what was applied from commits that this one does not contain."`
	NewDestination []string      `completes:"pattern" type:"pattern" placeholder:"PATTERN" help:"Send the secrets of connections whose name matches to the destinations that changed without a seal, in this run (repeatable)."`
	Retarget       []string      `completes:"target" placeholder:"TARGET" help:"Accept that this target is another workspace now (repeatable)."`
	AcceptHome     *string       `placeholder:"HOST/PATH" help:"Accept once that known state is shared in this repository, too: it was moved, or is a fork that syncs on purpose. Known state remembers it."`
}

func (syncCmd) Help() string {
	return "Takes the lock on known state, plans, shows the plan, and carries it out: each create is sent once, and what cannot be " +
		"opened or written stops only its own connection. It asks on a terminal, and nowhere else. A repetition is safe.\n\n" +
		examples("connsync sync --dry-run", "connsync sync", "connsync sync --target prod --only 'edr_*'",
			"connsync sync --prune --dry-run", "connsync sync --rewrite '*'          # write every secret once more", "connsync sync --expect-plan 7c1e5a90d2f4     # exactly what was reviewed")
}

func (c *syncCmd) planning(w world) planning {
	return planning{
		careful: inCI(w) && !c.FirstSync, reviewed: c.ExpectPlan != "",
		prune: c.Prune, limit: c.limit(), rewrite: c.Rewrite, unguard: c.PruneProtected, accepted: c.NewDestination, retarget: c.Retarget,
		dirty: c.Dirty, allowOlder: c.AllowOlder, dryRun: c.DryRun, home: c.AcceptHome,
	}
}

// check refuses flags that cannot be meant.
func (c *syncCmd) check() error {
	switch {
	case c.AcceptHome != nil && *c.AcceptHome == "":
		return &usageError{"--accept-home: name the repository, as the message of the refused sync does"}
	case c.Parallelism < 1 || c.Parallelism > 64:
		return &usageError{"--parallelism: from 1 to 64"}
	case c.Timeout < time.Second:
		return &usageError{"--timeout: at least 1s"}
	case c.Settle < 0:
		return &usageError{"--settle: not negative"}
	case !validLimit.MatchString(c.MaxDeletes):
		return &usageError{"--max-deletes: a number, or a percentage such as 20%"}
	case c.ExpectPlan != "" && !validHash.MatchString(c.ExpectPlan):
		return &usageError{"--expect-plan: give the last line of a plan: its hash, or at least 12 characters of it"}
	}
	return nil
}

// Run plans every target, shows the plans, and carries them out. Whatever happens, the report is written.
func (c *syncCmd) Run(ctx context.Context, w world, g *globals) error {
	if err := c.check(); err != nil {
		return err
	}
	r := &syncRun{cmd: c, how: c.planning(w), g: g, w: w, p: g.printer(w), names: names{}, causes: map[string]bool{}}
	defer r.close()
	if c.DryRun {
		return r.conclude(ctx, r.dryRun(ctx))
	}
	return r.conclude(ctx, r.sync(ctx))
}

// dryRun is diff with the refusals and the exit codes of a sync. Whatever a sync would refuse, the plan is shown.
func (r *syncRun) dryRun(ctx context.Context) error {
	seen, err := r.g.preview(ctx, r.w, r.how)
	if err != nil {
		return err
	}
	r.previewed = seen.plans
	if len(seen.plans) > 0 {
		if err := r.p.Diff(r.shown(seen.plans)); err != nil {
			return err
		}
	}
	r.p.Out.Line("Dry run: nothing was sent, nothing was recorded.")
	if seen.dirty != nil {
		notes(r.p, []error{&foreseen{seen.dirty}})
	}
	notes(r.p, seen.beside)
	for _, err := range seen.unjudged {
		seen.refuse(err)
	}
	seen.refuse(r.cmd.expected(seen.plans))
	seen.refuse(r.cmd.checkDeletes(seen.plans))
	r.failed = append(append(append(r.failed, seen.failed...), seen.blind...), seen.refused...)
	if conflicts(seen.plans) > 0 {
		return exitWith(exitRefused)
	}
	return nil
}

// checkClean refuses manifests in no commit: what is applied must be what can be found again. With --dirty it tells whether there
// are any, so the record says so.
func (how planning) checkClean(s *source, p manifest.Project, set manifest.Set) (dirty bool, err error) {
	switch {
	case s.worktree == nil:
		return false, nil
	case s.repo == nil && !how.dirty:
		why := ""
		if unreadable := (*gitfs.UnreadableError)(nil); errors.As(s.repoErr, &unreadable) {
			why = ": " + unreadable.Error()
		}
		return false, &refusal{"the manifests are not in a Git repository that can be read, so it cannot be told which commit they are" + why, []string{"--dirty applies them as they are"}}
	case s.repo == nil:
		return true, nil
	case s.commit.Hash == "" && !how.dirty:
		return false, &refusal{"the repository has no commit yet", []string{"commit the manifests, or use --dirty"}}
	}
	changed, err := s.repo.Dirty(s.files, read(p, set), p.Reads)
	if how.dirty {
		return err != nil || len(changed) > 0, nil
	}
	if err != nil || len(changed) == 0 {
		return false, err
	}
	return true, uncommitted(changed)
}

func uncommitted(dirty []string) error {
	return &refusal{"not committed: " + few(dirty), []string{"commit first; --dry-run shows the plan of what is there; --dirty applies it"}}
}

// few are the first of some names.
func few(names []string) string {
	const most = 5
	if len(names) <= most {
		return view.List(names)
	}
	return view.List(names[:most]) + ", …"
}

// expected compares the plans with --expect-plan. This may be the beginning of a hash.
func (c *syncCmd) expected(plans []diff.Plan) error {
	if c.ExpectPlan == "" || strings.HasPrefix(diff.Hash(plans...), strings.ToLower(c.ExpectPlan)) {
		return nil
	}
	return &refusal{"expected " + c.ExpectPlan + ", the plan is " + diff.Hash(plans...)[:12], []string{"review the plan above; if it is right, give its hash to --expect-plan"}}
}

// validHash is a plan's hash, or enough of it that no one finds another plan with the same.
var validHash = lazy.New(`^[0-9a-fA-F]{12,64}$`)

func conflicts(plans []diff.Plan) int {
	n := 0
	for _, p := range plans {
		n += p.Count(diff.Conflict)
	}
	return n
}

// openWith is how package apply decrypts.
func openWith(o *sops.Opener, kept map[string]bool) apply.Open {
	return func(ctx context.Context, name string, data []byte) (map[secrets.Path]secrets.Value, string, error) {
		open := o.OpenOnce
		if kept[name] {
			open = o.Open
		}
		opened, err := open(ctx, name, data)
		return opened.Secrets, opened.LastModified, err
	}
}

// need is what a sync wants of each workspace.
func (c *syncCmd) need() need {
	n := need{job: secmaster.JobSync, covers: c.Timeout, parallelism: c.Parallelism}
	if c.Prune {
		n.job, n.uses = secmaster.JobPrune, true
	}
	return n
}

// writer is a client that may write.
func (g *globals) writer(ctx context.Context, w world, t wanted, n need) (*secmaster.Client, error) {
	options, err := g.client(ctx, w, t.Target, n)
	if err != nil {
		return nil, err
	}
	return secmaster.NewClient(options)
}

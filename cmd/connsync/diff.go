package main

import (
	"bytes"
	"context"
	"errors"

	"connsync/apply"
	"connsync/apply/secmaster"
	"connsync/cmd/connsync/render"
	"connsync/cmd/connsync/view"
	"connsync/diff"
	"connsync/manifest"
)

// diffCmd plans every target and shows the plans.
type diffCmd struct {
	Format   string `enum:"${formats}" default:"text" placeholder:"FORMAT" help:"${formats_help}"`
	Out      string `placeholder:"FILE" help:"Write the format to this file; the terminal shows the text."`
	Base     string `placeholder:"REF" help:"Compare what Git wants with what it wanted where this branch or commit and the head part: offline, without key, credentials or state."`
	Head     string `placeholder:"REF" help:"With --base: compare this instead of the worktree."`
	ExitCode bool   `help:"Exit with 2 where changes are pending."`
}

func (diffCmd) Help() string {
	return "Lists what SecMaster has, compares it with what Git wants and with what connsync last wrote, and shows what a sync would do. " +
		"It holds no client that could write, and needs no decryption key: a secret is compared by its ciphertext.\n\n" +
		examples("connsync diff", "connsync diff --base origin/main      # in a pull request, also from a fork", "connsync diff --target prod --only 'edr_*'", "connsync diff --exit-code --format json >plan.json")
}

// Run ends with the plans' exit code.
func (c diffCmd) Run(ctx context.Context, w world, g *globals) error {
	v, err := c.look(ctx, w, g)
	if err != nil {
		return err
	}
	if err := c.show(w, g.printer(w), v); err != nil {
		return err
	}
	switch {
	case v.Refused():
		return exitWith(exitFailed)
	case c.ExitCode && v.Pending():
		return exitWith(exitPending)
	}
	return nil
}

func (c diffCmd) look(ctx context.Context, w world, g *globals) (view.Diff, error) {
	switch {
	case c.Head != "" && c.Base == "":
		return view.Diff{}, &usageError{"--head is for --base"}
	case c.Base != "" && (g.Repo != "" || g.Ref != ""):
		return view.Diff{}, &usageError{"--base is for the local repository: not with --repo or --ref"}
	case c.Base != "":
		return c.sinceBase(g)
	}
	plans, err := g.preview(ctx, w, nil)
	return view.Diff{All: g.Verbose, Plans: plans}, err
}

// preview plans every target that was asked for, with nothing that could write.
func (g *globals) preview(ctx context.Context, w world, s *syncCmd) ([]diff.Plan, error) {
	src, err := g.open(ctx, w)
	if err != nil {
		return nil, err
	}
	defer src.close()
	project, set, err := g.load(src)
	if err != nil {
		return nil, err
	}
	var plans []diff.Plan
	for _, t := range g.wishes(project, set) {
		p, err := g.previewTarget(ctx, w, src, project.State, t, s)
		if err != nil {
			return plans, targetError(t.Name, err)
		}
		plans = append(plans, p)
	}
	return plans, nil
}

// previewTarget plans one target. s is the sync that a dry run stands for; nil for diff.
func (g *globals) previewTarget(ctx context.Context, w world, src *source, policy manifest.StatePolicy, t wish, s *syncCmd) (diff.Plan, error) {
	known, err := g.known(ctx, w, src, policy, t.Name)
	switch {
	case errors.Is(err, errNoState):
		message, _ := explain(err)
		g.printer(w).Note("%s: planned without known state: %s", t.Name, message)
	case err != nil:
		return diff.Plan{}, err
	}
	options, err := g.client(ctx, w, t.Target, 0)
	if err != nil {
		return diff.Plan{}, err
	}
	reader, err := secmaster.NewReader(options)
	if err != nil {
		return diff.Plan{}, err
	}
	defer reader.Close()
	target := g.target(t, src, known, nil)
	if s != nil {
		target = g.target(t, src, known, s.Rewrite)
		target.Retarget, target.Prune, target.Unguard = s.retargets(t.Name), s.Prune, matcher(s.PruneProtected)
		if err := s.checkAge(src, known); err != nil {
			return diff.Plan{}, err
		}
	}
	return apply.Preview(ctx, reader, target)
}

// show shows a diff in the format: on stdout, or in a file, and then stdout has the text.
func (c diffCmd) show(w world, p *render.Printer, v view.Diff) error {
	if c.Out == "" && c.Format != "text" {
		return render.Diff(w.stdout, c.Format, v)
	}
	if err := p.Diff(v); err != nil || c.Out == "" {
		return err
	}
	var b bytes.Buffer
	if err := render.Diff(&b, c.Format, v); err != nil {
		return err
	}
	return writeFile("--out", c.Out, b.Bytes())
}

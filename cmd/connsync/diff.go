package main

import (
	"bytes"
	"context"
	"errors"

	"connsync/cmd/connsync/render"
	"connsync/cmd/connsync/view"
)

// diffCmd plans every target and shows the plans.
type diffCmd struct {
	Format    string `enum:"${formats}" default:"text" placeholder:"FORMAT" help:"${formats_help}"`
	Out       string `completes:"files" placeholder:"FILE" help:"Write the format to this file; the terminal shows the text."`
	Base      string `placeholder:"REF" help:"Compare what Git wants with what it wanted where this branch or commit and the head part: offline, without key, credentials or state."`
	Head      string `placeholder:"REF" help:"With --base: compare this instead of the worktree."`
	Unmanaged bool   `help:"Also name the connections of SecMaster that neither Git nor known state names."`
	Uses      bool   `help:"Also tell which workflows and emergency policies use the connections that change. It takes up to 200 more requests."`
	ExitCode  bool   `help:"Exit with 2 where changes are pending."`
}

func (diffCmd) Help() string {
	return "Lists what SecMaster has, compares it with what Git wants and with what connsync last wrote, and shows what a sync would do. " +
		"It holds no client that could write, and needs no decryption key: a secret is compared by its ciphertext.\n\n" +
		examples("connsync diff", "connsync diff --base origin/main      # in a pull request, also from a fork", "connsync diff --target prod --only 'edr_*'", "connsync diff --uses                   # which workflows a change may reach", "connsync diff --exit-code --format json >plan.json")
}

// Run shows the plan of every target with one, then says what failed, and ends with the code of both.
func (c diffCmd) Run(ctx context.Context, w world, g *globals) error {
	p := g.printer(w)
	v, failed, next, err := c.look(ctx, w, g, p)
	if err != nil {
		return err
	}
	if len(v.Plans) > 0 || len(failed) == 0 || c.Format != "text" || c.Out != "" {
		if err := c.show(w, p, v); err != nil {
			return err
		}
	}
	if len(failed) == 0 && !v.Refused() && len(next) > 0 && (c.Format == "text" || c.Out != "") {
		p.Next(next)
	}
	code := exitDone
	for _, err := range failed {
		said := fail(p, err)
		if errors.Is(err, errOnlyHere) { // a sync refuses it, and a look cannot judge by it
			said = exitFailed
		}
		code = heavier(code, said)
	}
	switch {
	case v.Refused():
		code = heavier(code, exitFailed)
	case c.ExitCode && v.Pending():
		code = heavier(code, exitPending)
	}
	return ended(code)
}

// look gives what is to be shown, what failed beside it, and the commands to go on with.
func (c diffCmd) look(ctx context.Context, w world, g *globals, p *render.Printer) (v view.Diff, failed []error, next []string, err error) {
	switch {
	case c.Head != "" && c.Base == "":
		return v, nil, nil, &usageError{"--head is for --base"}
	case c.Base != "" && c.Unmanaged:
		return v, nil, nil, &usageError{"--unmanaged asks SecMaster: not with --base"}
	case c.Base != "" && c.Uses:
		return v, nil, nil, &usageError{"--uses asks SecMaster: not with --base"}
	case c.Base != "" && (g.Repo != "" || g.Ref != ""):
		return v, nil, nil, &usageError{"--base is for the local repository: not with --repo or --ref"}
	case c.Base != "":
		v, failed, err = c.sinceBase(w, g)
		return v, failed, nil, err
	}
	seen, err := g.preview(ctx, w, planning{uses: c.Uses})
	if err != nil {
		return v, nil, nil, err
	}
	failed = seen.failed
	if c.ExitCode && !g.LocalState { // nothing is called up to date without a look at it
		failed = append(failed, seen.blind...)
	} else {
		notes(p, seen.blind)
	}
	notes(p, append(seen.unjudged, seen.beside...))
	notes(p, seen.stale)
	if seen.none != nil && len(failed) == 0 {
		notes(p, []error{seen.none})
	}
	return view.Diff{All: g.Verbose, Others: c.Unmanaged, Again: g.same, Plans: seen.plans, Failed: inFindings(failed)}, failed, seen.next, nil
}

// show shows a diff in the format: on stdout, or in a file, and then stdout has the text.
func (c diffCmd) show(w world, p *render.Printer, v view.Diff) error {
	if c.Out == "" && c.Format != "text" {
		return render.Diff(w.stdout, c.Format, v)
	}
	onTerminal := v
	onTerminal.Failed = nil // it has them on stderr
	if err := p.Diff(onTerminal); err != nil || c.Out == "" {
		return err
	}
	var b bytes.Buffer
	if err := render.Diff(&b, c.Format, v); err != nil {
		return err
	}
	return writeFile("--out", c.Out, b.Bytes())
}

package main

import (
	"context"
	"errors"

	"connsync/cmd/connsync/render"
	"connsync/cmd/connsync/view"
	"connsync/diff/review"
	"connsync/manifest"
)

// validateCmd checks every manifest: offline, and without a key.
type validateCmd struct {
	Format string `enum:"text,json,github" default:"text" placeholder:"FORMAT" help:"text, json (docs/json.md), or github: annotations of a workflow."`
	Base   string `placeholder:"REF" help:"Also check what was done since this branch parted from REF: edits without sops, moved ciphertexts, secrets that a commit held in the clear."`

	Decrypt bool `help:"Open every encrypted file with the keys at hand, in memory: say which do not open, and, with --base, find each secret of them in the clear in any text of the branch."`
}

func (validateCmd) Help() string {
	return "Reads every manifest and says every mistake of every file in one run, and what sops could not open. It opens no connection and needs no key.\n\n" +
		"--decrypt uses the keys that a sync would use. It is the only check that a file opens, as after a merge by hand, and it knows the secrets that others guess at. None is shown or written.\n\n" +
		examples("connsync validate", "connsync validate --base origin/main --format github", "connsync validate --base origin/main --decrypt", "connsync validate --format json")
}

// Run ends with the mistakes, if there are any.
func (c validateCmd) Run(ctx context.Context, w world, g *globals) error {
	check := c.worktree
	switch {
	case c.Base != "" && (g.Repo != "" || g.Ref != ""):
		return &usageError{"--base is for the local repository: not with --repo or --ref"}
	case c.Base != "":
		check = c.sinceBase
	}
	found, next, err := check(ctx, w, g)
	var ms manifest.Mistakes
	switch {
	case errors.As(err, &ms): // of the project file: nothing else can be read
		found.Wrong = ms
	case err != nil:
		return err
	}
	p := g.printer(w)
	err = c.show(w, p, found)
	if err == nil && next != "" && c.Format == "text" {
		p.Next([]string{next})
	}
	return err
}

// worktree checks what is there, without asking what was there before. next is what comes after that for those who begin.
func (c validateCmd) worktree(ctx context.Context, w world, g *globals) (found view.Checked, next string, err error) {
	src, err := g.open(ctx, w)
	if err != nil {
		return found, "", err
	}
	defer src.close()
	project, err := g.project(src)
	if err != nil {
		return found, "", err
	}
	side, err := review.Check(src.files, project, project.Secrets, nil)
	if err != nil {
		return found, "", err
	}
	o, err := c.open(ctx, w, side)
	if err != nil {
		return found, "", err
	}
	if src.uncommitted(side.Set) {
		next = g.again("connsync diff")
	}
	return checked(side, side.Findings(), o, func(manifest.File) bool { return true }), next, nil
}

// open opens the files of a side where asked to; nil where not.
func (c validateCmd) open(ctx context.Context, w world, side review.Side) (*opening, error) {
	if !c.Decrypt {
		return nil, nil
	}
	return openAll(ctx, w, side)
}

// sinceBase checks the worktree as the head of a branch.
func (c validateCmd) sinceBase(ctx context.Context, w world, g *globals) (view.Checked, string, error) {
	r, done, err := g.reviewSince(c.Base, "")
	if err != nil {
		return view.Checked{}, "", err
	}
	defer done()
	g.noteShadowsHere(w, c.Base)
	o, err := c.open(ctx, w, r.Head())
	if err != nil {
		return view.Checked{}, "", err
	}
	found, err := r.Findings(o.secrets())
	return checked(r.Head(), found, o, r.Changed()), "", err
}

// checked is how much was checked, and what was found.
func checked(side review.Side, found []review.Finding, o *opening, changed func(manifest.File) bool) view.Checked {
	out := view.Checked{Connections: len(side.Set.Connections), Files: len(side.Set.Files), Targets: len(side.Project.Targets), Opened: o.count()}
	for _, f := range side.Set.Files {
		if f.Sops != nil {
			out.Encrypted++
		}
	}
	for _, m := range o.mistakes(changed) {
		if m.Warning {
			out.Warnings = append(out.Warnings, m)
			continue
		}
		out.Wrong = append(out.Wrong, m)
	}
	for _, f := range view.Findings(found) {
		if f.Fatal {
			out.Wrong = append(out.Wrong, f.Mistake)
			continue
		}
		out.Warnings = append(out.Warnings, f.Mistake)
	}
	if o != nil {
		out.Wrong, out.Warnings = manifest.Sorted(out.Wrong), manifest.Sorted(out.Warnings)
	}
	return out
}

// show ends with the mistakes, or with what there is.
func (c validateCmd) show(w world, p *render.Printer, found view.Checked) error {
	var err error
	switch c.Format {
	case "json":
		err = render.CheckedJSON(w.stdout, found)
	case "github":
		err = render.CheckedAnnotations(w.stdout, found)
	default:
		if p.Checked(found); len(found.Wrong) > 0 {
			return found.Wrong
		}
	}
	if err == nil && len(found.Wrong) > 0 {
		return exitWith(exitFailed)
	}
	return err
}

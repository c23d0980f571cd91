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
}

func (validateCmd) Help() string {
	return "Reads every manifest and says every mistake of every file in one run, and what sops could not open. It opens no connection and needs no key.\n\n" +
		examples("connsync validate", "connsync validate --base origin/main --format github", "connsync validate --format json")
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
	found, err := check(ctx, w, g)
	var ms manifest.Mistakes
	switch {
	case errors.As(err, &ms): // of the project file: nothing else can be read
		found.Wrong = ms
	case err != nil:
		return err
	}
	return c.show(w, g.printer(w), found)
}

// worktree checks what is there, without asking what was there before.
func (validateCmd) worktree(ctx context.Context, w world, g *globals) (view.Checked, error) {
	src, err := g.open(ctx, w)
	if err != nil {
		return view.Checked{}, err
	}
	defer src.close()
	project, err := g.project(src)
	if err != nil {
		return view.Checked{}, err
	}
	side, err := review.Check(src.files, project, project.Secrets, nil)
	if err != nil {
		return view.Checked{}, err
	}
	return checked(project, side.Set, side.Findings()), nil
}

// sinceBase checks the worktree as the head of a branch.
func (c validateCmd) sinceBase(_ context.Context, _ world, g *globals) (view.Checked, error) {
	r, done, err := g.reviewSince(c.Base, "")
	if err != nil {
		return view.Checked{}, err
	}
	defer done()
	found, err := r.Findings()
	return checked(r.Head().Project, r.Head().Set, found), err
}

// checked is how much was checked, and what was found.
func checked(p manifest.Project, set manifest.Set, found []review.Finding) view.Checked {
	out := view.Checked{Connections: len(set.Connections), Files: len(set.Files), Targets: len(p.Targets)}
	for _, f := range set.Files {
		if f.Sops != nil {
			out.Encrypted++
		}
	}
	for _, f := range view.Findings(found) {
		if f.Fatal {
			out.Wrong = append(out.Wrong, f.Mistake)
			continue
		}
		out.Warnings = append(out.Warnings, f.Mistake)
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

package main

import (
	"context"
	"errors"
	"fmt"

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

// checked is what validate found.
type checked struct {
	project  manifest.Project
	set      manifest.Set
	findings []finding
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
		for _, m := range ms {
			found.findings = append(found.findings, finding{m, true})
		}
	case err != nil:
		return err
	}
	return g.printer(w).validated(found, c.Format)
}

// worktree checks what is there, without asking what was there before.
func (validateCmd) worktree(ctx context.Context, w world, g *globals) (checked, error) {
	src, err := g.open(ctx, w)
	if err != nil {
		return checked{}, err
	}
	defer src.close()
	project, err := g.project(src)
	if err != nil {
		return checked{project: project}, err
	}
	side, err := review.Check(src.files, project, project.Secrets, nil)
	if err != nil {
		return checked{}, err
	}
	return checked{project, side.Set, findings(side.Findings())}, nil
}

// sinceBase checks the worktree as the head of a branch.
func (c validateCmd) sinceBase(_ context.Context, _ world, g *globals) (checked, error) {
	r, done, err := g.reviewSince(c.Base, "")
	if err != nil {
		return checked{}, err
	}
	defer done()
	found, err := r.Findings()
	return checked{r.Head().Project, r.Head().Set, findings(found)}, err
}

// split separates what is wrong from what is only worth a look.
func (c checked) split() (wrong, warnings manifest.Mistakes) {
	for _, f := range c.findings {
		if f.fatal {
			wrong = append(wrong, f.Mistake)
			continue
		}
		warnings = append(warnings, f.Mistake)
	}
	return wrong, warnings
}

// validated ends validate: with the mistakes, or with what there is.
func (p *printer) validated(c checked, format string) error {
	wrong, warnings := c.split()
	switch format {
	case "json":
		return p.validatedJSON(c, wrong, warnings)
	case "github":
		last := count(len(wrong), "mistake")
		if len(wrong) == 0 {
			last = "valid: " + c.words()
		}
		if err := writeAnnotations(p.out, mistaken(wrong, warnings), last); err != nil {
			return err
		}
	default:
		p.warned(warnings)
		if len(wrong) > 0 {
			return wrong
		}
		fmt.Fprintf(p.out, "%s %s\n", p.outTint.green("valid:"), c.words())
	}
	if len(wrong) > 0 {
		return exitWith(exitFailed)
	}
	return nil
}

// words say how much was checked.
func (c checked) words() string {
	encrypted := 0
	for _, f := range c.set.Files {
		if f.Sops != nil {
			encrypted++
		}
	}
	return fmt.Sprintf("%s in %s (%d encrypted), %s",
		count(len(c.set.Connections), "connection"), count(len(c.set.Files), "file"), encrypted, count(len(c.project.Targets), "target"))
}

func (p *printer) warned(ms manifest.Mistakes) {
	for _, m := range ms {
		fmt.Fprintf(p.err, "%s %s %s\n", p.errTint.bold(safe(place(m.Pos))+":"), p.errTint.yellow("warning:"), safe(m.Message))
		p.hints("  ", safeAll(m.Hints))
	}
}

func (p *printer) validatedJSON(c checked, wrong, warnings manifest.Mistakes) error {
	out := jsonValidation{
		Schema: jsonSchema, Valid: len(wrong) == 0, Connections: len(c.set.Connections), Files: len(c.set.Files),
		Targets: len(c.project.Targets), Mistakes: []jsonMistake{},
	}
	for _, m := range wrong {
		out.Mistakes = append(out.Mistakes, mistakeJSON(m))
	}
	for _, m := range warnings {
		out.Warnings = append(out.Warnings, mistakeJSON(m))
	}
	if err := writeJSON(p.out, out); err != nil {
		return err
	}
	if len(wrong) > 0 {
		return exitWith(exitFailed)
	}
	return nil
}

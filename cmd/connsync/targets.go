package main

import (
	"context"

	"connsync/cmd/connsync/render"
	"connsync/manifest"
)

// targetsCmd names the targets, for a CI system's matrix: targets never contend.
type targetsCmd struct {
	Format string `enum:"text,json" default:"text" placeholder:"FORMAT" help:"text, or json: a list of names."`
}

func (targetsCmd) Help() string {
	return "Prints the names of the project's targets. Offline; needs no key. A CI system can run one job for each (docs/scaling.md).\n\n" +
		examples("connsync targets", "connsync targets --format json")
}

// Run prints the names in order.
func (c targetsCmd) Run(ctx context.Context, w world, g *globals) error {
	src, project, err := g.openProject(ctx, w)
	if err != nil {
		return err
	}
	defer src.close()
	names := []string{}
	for _, t := range g.selected(project, manifest.Set{}) {
		names = append(names, t.Name)
	}
	if c.Format == "json" {
		return render.JSON(w.stdout, names)
	}
	for _, n := range names {
		g.printer(w).Out.Line("%s", n)
	}
	return nil
}

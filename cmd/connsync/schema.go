package main

import (
	"context"

	"connsync/cmd/connsync/render"
	"connsync/manifest"
	"connsync/manifest/schema"
)

// schemaCmd tells editors what the files may hold.
type schemaCmd struct {
	answerFormat

	File string `arg:"" optional:"" enum:"manifest,project" default:"manifest" help:"manifest, or project: connsync.yaml."`
}

func (schemaCmd) Help() string {
	return "Prints JSON Schema for editors: keys are completed, descriptions shown, and mistakes marked while you type. Where  plugins --save  kept the workspace's plugins, their settings are known, too. " +
		"Offline; needs no key. A manifest names the schema in its first line (docs/editing.md).\n\n" +
		examples("connsync schema >connsync.schema.json", "connsync schema project >connsync.project.schema.json")
}

// Run prints the schema. Mistakes in manifests are no reason not to: an editor is where they are mended.
func (c schemaCmd) Run(ctx context.Context, w world, g *globals) error {
	if c.File == "project" {
		return render.JSON(w.stdout, schema.Project())
	}
	src, project, err := g.openProject(ctx, w)
	if err != nil {
		return err
	}
	defer src.close()
	catalog, wrong, err := manifest.LoadCatalog(src.files, project)
	switch {
	case err != nil:
		return err
	case len(wrong) > 0:
		return wrong
	}
	return render.JSON(w.stdout, schema.Manifest(project, catalog))
}

package main

import (
	"context"
)

// validateCmd checks every manifest: offline, and without a key.
type validateCmd struct {
	Format string `enum:"text,json" default:"text" placeholder:"FORMAT" help:"text or json (docs/json.md)."`
}

func (validateCmd) Help() string {
	return "Reads every manifest and says every mistake of every file in one run. It opens no connection and needs no key.\n\n" +
		examples("connsync validate", "connsync validate --format json")
}

// Run ends with the mistakes, if there are any.
func (c validateCmd) Run(ctx context.Context, w world, g *globals) error {
	src, err := g.open(ctx, w)
	if err != nil {
		return err
	}
	defer src.close()
	project, set, err := g.load(src)
	return g.printer(w).validated(project, set, err, c.Format)
}

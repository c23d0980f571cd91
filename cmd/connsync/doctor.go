package main

import (
	"context"
	"time"

	"connsync/apply/secmaster/doctor"
	"connsync/cmd/connsync/render"
	"connsync/cmd/connsync/view"
)

// doctorCmd looks at everything a sync needs, by reads only.
type doctorCmd struct {
	Format  string        `enum:"text,json" default:"text" placeholder:"FORMAT" help:"text, or json (docs/json.md)."`
	Record  string        `completes:"files" placeholder:"FILE" help:"Also write what this SecMaster does, as a transcript of forms without any value (docs/doctor.md). For one target."`
	Timeout time.Duration `default:"5m" placeholder:"TIME" help:"Give up after this time (default ${default})."`
}

func (doctorCmd) Help() string {
	return "Looks, line by line, at the project file, the manifests, the keys, the Git remote, the credentials, the network and each call of SecMaster, and says what would keep a sync from working. " +
		"It says which variant of what the vendor's documents leave open this SecMaster shows. It only reads, sends no secret, and prints none.\n\n" +
		"A check that fails stops no other that does not need it. It ends with 0 where a sync could work.\n\n" +
		examples("connsync doctor", "connsync doctor --target prod --record secmaster.json", "connsync doctor --format json")
}

// Run looks, and shows what it saw.
func (c doctorCmd) Run(ctx context.Context, w world, g *globals) error {
	if c.Timeout < time.Second {
		return &usageError{"--timeout: at least 1s"}
	}
	within, cancel := context.WithTimeout(ctx, c.Timeout)
	defer cancel()
	x := &checkup{ctx: within, w: w, g: g}
	defer x.close()
	x.project()
	if c.Record != "" && len(x.targets) != 1 && x.readable {
		return &usageError{"--record is for one target: name it by --target"}
	}
	x.manifests()
	x.remote()
	for _, t := range x.targets {
		x.target(t)
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	p := g.printer(w)
	if err := c.show(w, p, x.found); err != nil {
		return err
	}
	if err := c.record(p, x.report); err != nil {
		return err
	}
	return ended(x.code)
}

func (c doctorCmd) show(w world, p *render.Printer, found view.Doctor) error {
	if c.Format == "json" {
		return render.DoctorJSON(w.stdout, found)
	}
	return p.Doctor(found)
}

// record writes the transcript of a target. Without an answer there is nothing to write.
func (c doctorCmd) record(p *render.Printer, r *doctor.Report) error {
	switch {
	case c.Record == "":
		return nil
	case r == nil || !r.Answered():
		return &refusal{"--record " + c.Record + ": SecMaster did not answer, so there is nothing to write", nil}
	}
	if err := writeFile("--record", c.Record, r.Transcript().Text()); err != nil {
		return err
	}
	p.Note("wrote %s: forms only, and no value, name, id, length or time of this workspace; read it before you send it", c.Record)
	return nil
}

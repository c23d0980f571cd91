package main

import (
	"bytes"
	"context"
	"errors"

	"connsync/cmd/connsync/render"
	"connsync/manifest"
)

// conclude says what is to be said at the end, writes the report, and gives the exit code.
func (r *syncRun) conclude(ctx context.Context, refused error) error {
	code := exitDone
	var silent exitWith
	if errors.As(refused, &silent) {
		code = int(silent)
	} else if refused != nil {
		r.failed = append(r.failed, refused)
	}
	for _, err := range r.failed {
		code = heavier(code, fail(r.p, err))
	}
	did := 0
	for _, report := range r.reports {
		c, n := exitOf(report)
		code, did = heavier(code, c), did+n
	}
	if err := r.w.unwritten(); err != nil {
		code = heavier(code, fail(r.p, err))
	}
	if ctx.Err() != nil {
		code = exitInterrupted
	}
	code = afterChanges(code, did)
	if len(r.reports) > 0 && unfinished(r.reports) {
		r.p.Err.Line("%s %s", render.Cyan("next:"), "connsync sync   (safe to repeat)")
	}
	if r.cmd.Report != "" {
		if err := r.writeReport(code); err != nil {
			code = afterChanges(heavier(code, fail(r.p, err)), did)
		}
	}
	r.w.give(r.run(code).Value())
	return ended(code)
}

// writeReport replaces the report's file in one step.
func (r *syncRun) writeReport(code int) error {
	var b bytes.Buffer
	if err := render.RunJSON(&b, r.run(code)); err != nil {
		return err
	}
	return writeFile("--report", r.cmd.Report, b.Bytes())
}

// run is what was done, for a report.
func (r *syncRun) run(code int) render.Run {
	run := render.Run{Plans: r.plans(), ExitCode: code}
	for _, report := range r.reports {
		run.Reports = append(run.Reports, inWords(report))
	}
	for _, err := range r.failed {
		run.Errors = append(run.Errors, reported(err)...)
	}
	return run
}

// reported is an error for the report: each mistake of the manifests on its own.
func reported(err error) []string {
	var ms manifest.Mistakes
	if !errors.As(err, &ms) {
		message, _ := explain(err)
		return []string{message}
	}
	var out []string
	for _, m := range ms {
		out = append(out, m.Error())
	}
	return out
}

package main

import (
	"bytes"
	"context"
	"errors"

	"connsync/cmd/connsync/render"
	"connsync/cmd/connsync/view"
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
	next := ""
	if len(r.reports) > 0 && unfinished(r.reports) {
		next = r.g.same("connsync sync")
		r.p.Err.Line("%s %s", render.Cyan("next:"), next+"   (safe to repeat)")
	}
	for _, file := range r.cmd.Report {
		if err := r.writeReport(file, r.run(code, next)); err != nil {
			code = afterChanges(heavier(code, fail(r.p, err)), did)
		}
	}
	if r.w.answers != nil { // it takes as long as all lines of the report
		r.w.give(render.RunValue(r.run(code, next)))
	}
	return ended(code)
}

// writeReport replaces a report's file in one step.
func (r *syncRun) writeReport(file string, run view.Run) error {
	var b bytes.Buffer
	if err := render.Run(&b, file, run); err != nil {
		return err
	}
	return writeFile("--report", file, b.Bytes())
}

// run is what was done, for a report.
func (r *syncRun) run(code int, next string) view.Run {
	run := view.Run{DryRun: r.cmd.DryRun, Plans: r.plans(), ExitCode: code, Next: next}
	for _, report := range r.reports {
		run.Reports = append(run.Reports, inWords(report))
	}
	for _, err := range r.failed {
		run.Errors = append(run.Errors, reported(err)...)
	}
	return run
}

// reported is an error for the report: each mistake of the manifests on its own.
func reported(err error) []view.Said {
	var ms manifest.Mistakes
	if !errors.As(err, &ms) {
		message, hints := explain(err)
		return []view.Said{{Message: message, Hints: hints}}
	}
	var out []view.Said
	for _, m := range ms {
		out = append(out, view.Said{Message: m.Error(), Hints: m.Hints})
	}
	return out
}

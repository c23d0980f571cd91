package main

import (
	"context"
	"io"
	"os"
	"syscall"

	"connsync/cmd/connsync/render"
	"connsync/cmd/connsync/view"
)

// reportCmd does something with what  sync --report  wrote.
type reportCmd struct {
	Merge reportMerge `cmd:"" alone:"" help:"Make one status of the reports of many workers."`
}

func (reportCmd) Help() string {
	return "A report is what  sync --report FILE  wrote, or what  sync --format json  wrote to stdout (docs/json.md).\n\n" +
		examples("connsync report merge reports/*.json")
}

// reportMerge makes one status of the reports of many syncs.
type reportMerge struct {
	Format string   `enum:"text,json,markdown" default:"text" placeholder:"FORMAT" help:"text, json (docs/json.md), or markdown, for the summary of a job."`
	Files  []string `completes:"files" arg:"" name:"file" help:"Reports."`
}

func (reportMerge) Help() string {
	return "Says of each target what was done and what failed, and ends with the worst of the exit codes. Offline: it reads the files, and nothing else. " +
		"A file that is missing or no report is an error, beside the status of the others.\n\n" +
		examples("connsync report merge reports/*.json", "connsync report merge --format markdown reports/*.json >>\"$GITHUB_STEP_SUMMARY\"")
}

// mostReport is how long a report may be: one of 100,000 connections, all with changes.
const mostReport = 512 << 20

// Run reads the reports, shows the status, and ends with its code.
func (c reportMerge) Run(_ context.Context, w world, g *globals) error {
	var workers []view.Worker
	var failed []error
	for _, file := range c.Files {
		worker, err := readReport(file)
		if err != nil {
			failed = append(failed, err)
			continue
		}
		workers = append(workers, worker)
	}
	status, p := view.Merge(workers, heavier), g.printer(w)
	if len(workers) > 0 {
		if err := c.show(w, p, status); err != nil {
			return err
		}
	}
	code := status.ExitCode
	for _, err := range failed {
		code = heavier(code, fail(p, err))
	}
	w.giveIf(len(workers) > 0, render.NewMergedJSON(status, code))
	return ended(code)
}

func (c reportMerge) show(w world, p *render.Printer, m view.Merged) error {
	switch c.Format {
	case "text":
		return p.Merged(m)
	case "markdown":
		return render.MergedMarkdown(w.stdout, m)
	}
	return nil // a value is given at the end
}

// readReport reads one report.
func readReport(name string) (view.Worker, error) {
	text, err := readWithin(name, mostReport)
	if err != nil {
		return view.Worker{}, &fileError{"report merge", name, err}
	}
	return render.ReadReport(name, text, func(code int) bool { _, ok := weight[code]; return ok })
}

// readWithin reads a file, if it is no longer than it may be.
func readWithin(name string, most int64) ([]byte, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return allWithin(f, most)
}

// allWithin reads all there is, if it is no longer than it may be; syscall.EFBIG where it is.
func allWithin(in io.Reader, most int64) ([]byte, error) {
	text, err := io.ReadAll(io.LimitReader(in, most+1))
	if err == nil && int64(len(text)) > most {
		err = syscall.EFBIG
	}
	return text, err
}

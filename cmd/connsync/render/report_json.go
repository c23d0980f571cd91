package render

import (
	"io"
	"path/filepath"
	"strings"
	"time"

	"connsync/apply"
	"connsync/cmd/connsync/view"
	"connsync/diff"
)

type jsonReports struct {
	Schema   int          `json:"schema"`
	ExitCode int          `json:"exit_code"`
	Hash     string       `json:"plan"`
	Errors   []sentence   `json:"errors,omitempty"` // of targets that could not be planned
	Targets  []jsonReport `json:"targets"`
}

type jsonReport struct {
	Target       string                `json:"target"`
	Run          string                `json:"run"`
	Started      string                `json:"started"`
	Milliseconds int64                 `json:"milliseconds"`
	StateCommit  string                `json:"state_commit,omitempty"`
	Recorded     bool                  `json:"recorded"`
	Interrupted  bool                  `json:"interrupted,omitempty"`
	Error        sentence              `json:"error,omitempty"`
	Counts       map[apply.Outcome]int `json:"counts"`
	Plan         jsonPlan              `json:"plan"`
	Results      []jsonResult          `json:"results"` // without the unchanged ones
}

type jsonResult struct {
	Name       string        `json:"name"`
	ID         string        `json:"id,omitempty"`
	Action     string        `json:"action"`
	Outcome    string        `json:"outcome"`
	Error      sentence      `json:"error,omitempty"`
	Hints      []sentence    `json:"hints,omitempty"`
	RequestIDs []string      `json:"request_ids,omitempty"`
	Duplicates []string      `json:"duplicates,omitempty"`
	Warnings   []jsonWarning `json:"warnings,omitempty"`
	Silent     bool          `json:"unconfirmed,omitempty"`
}

// Run writes what --report writes, whatever happened, also where nothing could be planned: a page for people where the file's name ends
// in .html, and JSON otherwise.
func Run(w io.Writer, file string, r view.Run) error {
	if ext := strings.ToLower(filepath.Ext(file)); ext == ".html" || ext == ".htm" {
		return runHTML(w, r.Page())
	}
	return JSON(w, RunValue(r))
}

// RunValue is a run as it is written in JSON.
func RunValue(r view.Run) any {
	out := jsonReports{Schema: Schema, ExitCode: r.ExitCode, Hash: diff.Hash(r.Plans...), Targets: []jsonReport{}}
	for _, e := range r.Errors {
		out.Errors = append(out.Errors, sentence(e.Message))
	}
	done := map[string]bool{}
	for _, report := range r.Reports {
		done[report.Target] = true
		out.Targets = append(out.Targets, reportJSON(report))
	}
	for _, p := range r.Plans {
		if !done[p.Target] {
			out.Targets = append(out.Targets, jsonReport{Target: p.Target, Plan: planJSON(p), Results: []jsonResult{}})
		}
	}
	return out
}

func reportJSON(r apply.Report) jsonReport {
	out := jsonReport{
		Target: r.Target, Run: r.Run, Started: r.Started.UTC().Format(time.RFC3339), Milliseconds: r.Took.Milliseconds(),
		StateCommit: r.StateCommit, Recorded: r.Recorded, Interrupted: r.Interrupted,
		Counts: map[apply.Outcome]int{}, Plan: planJSON(r.Plan), Results: []jsonResult{},
	}
	if said := view.SaidOf(r.Err); said != nil {
		out.Error = sentence(said.Message)
	}
	for _, res := range r.Results {
		out.Counts[res.Outcome]++
		if res.Outcome == apply.Unchanged {
			continue
		}
		j := jsonResult{
			Name: res.Name, ID: res.ID, Action: string(res.Action), Outcome: string(res.Outcome),
			RequestIDs: res.RequestIDs, Duplicates: res.Duplicates, Warnings: warningsJSON(res.Warnings), Silent: res.Unconfirmed,
		}
		if said := view.SaidOf(res.Err); said != nil {
			j.Error, j.Hints = sentence(said.Message), sentences(said.Hints)
		}
		out.Results = append(out.Results, j)
	}
	return out
}

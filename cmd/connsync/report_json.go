package main

import (
	"bytes"
	"errors"
	"time"

	"connsync/apply"
	"connsync/diff"
	"connsync/manifest"
)

type jsonReports struct {
	Schema   int          `json:"schema"`
	ExitCode int          `json:"exit_code"`
	Hash     string       `json:"plan"`
	Errors   []string     `json:"errors,omitempty"` // of targets that could not be planned
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
	Error        string                `json:"error,omitempty"`
	Counts       map[apply.Outcome]int `json:"counts"`
	Plan         jsonPlan              `json:"plan"`
	Results      []jsonResult          `json:"results"` // without the unchanged ones
}

type jsonResult struct {
	Name       string   `json:"name"`
	ID         string   `json:"id,omitempty"`
	Action     string   `json:"action"`
	Outcome    string   `json:"outcome"`
	Error      string   `json:"error,omitempty"`
	Hints      []string `json:"hints,omitempty"`
	RequestIDs []string `json:"request_ids,omitempty"`
	Duplicates []string `json:"duplicates,omitempty"`
}

// reportsJSON is what --report writes, whatever happened: also where nothing could be planned.
func reportsJSON(plans []diff.Plan, rs []apply.Report, failed []error, code int) jsonReports {
	out := jsonReports{Schema: jsonSchema, ExitCode: code, Hash: diff.Hash(plans...), Targets: []jsonReport{}}
	for _, err := range failed {
		out.Errors = append(out.Errors, reported(err)...)
	}
	done := map[string]bool{}
	for _, r := range rs {
		done[r.Target] = true
		out.Targets = append(out.Targets, reportJSON(r))
	}
	for _, p := range plans {
		if !done[p.Target] {
			out.Targets = append(out.Targets, jsonReport{Target: p.Target, Plan: planJSON(p), Results: []jsonResult{}})
		}
	}
	return out
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

func reportJSON(r apply.Report) jsonReport {
	out := jsonReport{
		Target: r.Target, Run: r.Run, Started: r.Started.UTC().Format(time.RFC3339), Milliseconds: r.Took.Milliseconds(),
		StateCommit: r.StateCommit, Recorded: r.Recorded, Interrupted: r.Interrupted,
		Counts: map[apply.Outcome]int{}, Plan: planJSON(r.Plan), Results: []jsonResult{},
	}
	if r.Err != nil {
		out.Error, _ = explain(r.Err)
	}
	for _, res := range r.Results {
		out.Counts[res.Outcome]++
		if res.Outcome == apply.Unchanged {
			continue
		}
		j := jsonResult{
			Name: res.Name, ID: res.ID, Action: string(res.Action), Outcome: string(res.Outcome),
			RequestIDs: res.RequestIDs, Duplicates: res.Duplicates,
		}
		if res.Err != nil {
			j.Error, j.Hints = explain(res.Err)
		}
		out.Results = append(out.Results, j)
	}
	return out
}

// writeReport replaces the report's file in one step.
func writeReport(name string, report jsonReports) error {
	var b bytes.Buffer
	if err := writeJSON(&b, report); err != nil {
		return err
	}
	return writeFile("--report", name, b.Bytes())
}

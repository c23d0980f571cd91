package render

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"unicode/utf8"

	"connsync/apply"
	"connsync/cmd/connsync/view"
	"connsync/manifest"
)

// readReport is a report as it is read again, as far as a status needs it. What may be missing is a pointer.
type readReport struct {
	Schema   *int            `json:"schema"`
	ExitCode *int            `json:"exit_code"`
	Targets  *[]readTarget   `json:"targets"`
	Error    *readFailure    `json:"error"` // of a command without a value
	Errors   json.RawMessage `json:"errors"`
}

type readTarget struct {
	Target      *string               `json:"target"`
	Run         string                `json:"run"`
	Recorded    bool                  `json:"recorded"`
	Interrupted bool                  `json:"interrupted"`
	Error       string                `json:"error"`
	Counts      map[apply.Outcome]int `json:"counts"`
	Results     []readResult          `json:"results"`
}

type readResult struct {
	Name    string        `json:"name"`
	ID      string        `json:"id"`
	Outcome apply.Outcome `json:"outcome"`
	Error   string        `json:"error"`
	Hints   []string      `json:"hints"`
}

type readFailure struct {
	Message  string `json:"message"`
	Mistakes []struct {
		File    string `json:"file"`
		Line    int    `json:"line"`
		Message string `json:"message"`
	} `json:"mistakes"`
}

// ReportError is a file other than a report of a sync, with the place where this was seen. It quotes nothing of it.
type ReportError struct{ Mistake manifest.Mistake }

func (e *ReportError) Error() string { return e.Mistake.Error() }

// ReadReport reads what --report or --format json of a sync wrote. What is wrong with it is a *ReportError.
func ReadReport(file string, text []byte, isCode func(int) bool) (view.Worker, error) {
	wrong := func(offset int64, format string, args ...any) error {
		return &ReportError{manifest.Mistake{Pos: placeOf(file, text, offset), Message: fmt.Sprintf(format, args...)}}
	}
	var r readReport
	d := json.NewDecoder(bytes.NewReader(text))
	if err := d.Decode(&r); err != nil {
		return view.Worker{}, wrong(offsetOf(err, len(text)), "%s", reasonOf(err))
	}
	end := d.InputOffset()
	switch {
	case len(bytes.TrimSpace(text[end:])) > 0:
		return view.Worker{}, wrong(end+1, "more than one JSON value")
	case r.Schema == nil || r.ExitCode == nil || r.Targets == nil && r.Error == nil:
		return view.Worker{}, wrong(0, "not the report of a sync: schema, exit_code or targets is missing")
	case *r.Schema != Schema:
		return view.Worker{}, wrong(0, "schema %d: this connsync reads schema %d", *r.Schema, Schema)
	case !isCode(*r.ExitCode):
		return view.Worker{}, wrong(0, "exit_code %d is none of connsync's", *r.ExitCode)
	}
	w := view.Worker{File: file, ExitCode: *r.ExitCode}
	var err error
	if w.Errors, err = r.errors(); err != nil {
		return view.Worker{}, wrong(0, "errors is no list of texts")
	}
	if r.Targets == nil {
		return w, nil
	}
	for _, t := range *r.Targets {
		if t.Target == nil || *t.Target == "" {
			return view.Worker{}, wrong(0, "a target has no name")
		}
		worked, unknown := t.worked(file)
		if unknown != "" {
			return view.Worker{}, wrong(0, "target %s: %s", *t.Target, unknown)
		}
		w.Targets = append(w.Targets, worked)
	}
	return w, nil
}

// errors are what kept targets from being planned, or the command from doing anything.
func (r readReport) errors() (out []string, err error) {
	if r.Error == nil {
		if len(r.Errors) > 0 {
			err = json.Unmarshal(r.Errors, &out)
		}
		return out, err
	}
	all := []readFailure{*r.Error}
	if len(r.Errors) > 0 {
		if err := json.Unmarshal(r.Errors, &all); err != nil {
			return nil, err
		}
	}
	for _, f := range all {
		out = append(out, f.Message)
		for _, m := range f.Mistakes {
			out = append(out, manifest.Mistake{Pos: manifest.Position{File: m.File, Line: m.Line}, Message: m.Message}.Error())
		}
	}
	return out, nil
}

// worked is what became of a target; what is unknown of it is said instead.
func (t readTarget) worked(file string) (out view.Worked, unknown string) {
	out = view.Worked{
		File: file, Target: *t.Target, Run: t.Run, Recorded: t.Recorded, Interrupted: t.Interrupted, Error: t.Error, Counts: t.Counts,
	}
	for o, n := range t.Counts {
		if !slices.Contains(apply.Outcomes, o) || n < 0 {
			return out, "counts has an outcome that connsync does not know"
		}
	}
	for _, res := range t.Results {
		switch u := (view.Undone{Outcome: res.Outcome, Name: res.Name, ID: res.ID, Error: res.Error, Hints: res.Hints}); {
		case !slices.Contains(apply.Outcomes, res.Outcome):
			return out, "a result has an outcome that connsync does not know"
		case u.Failed():
			out.Failed = append(out.Failed, u)
		}
	}
	return out, ""
}

// offsetOf is where an error of package json is, from 1; the end where it does not say.
func offsetOf(err error, end int) int64 {
	var syntax *json.SyntaxError
	var kind *json.UnmarshalTypeError
	switch {
	case errors.As(err, &syntax):
		return syntax.Offset
	case errors.As(err, &kind):
		return kind.Offset
	}
	return int64(end)
}

// reasonOf is an error of package json in our words: its own may quote what it read.
func reasonOf(err error) string {
	var kind *json.UnmarshalTypeError
	switch {
	case errors.As(err, &kind) && kind.Field != "":
		return "not the report of a sync: a value has another type than it should"
	case errors.As(err, &kind):
		return "not the report of a sync: no JSON object"
	}
	return "not JSON, or cut off"
}

// placeOf is the place of the byte at an offset; the file as a whole for 0.
func placeOf(file string, text []byte, offset int64) manifest.Position {
	if offset <= 0 {
		return manifest.Position{File: file}
	}
	before := text[:min(int(offset), len(text))]
	line := bytes.LastIndexByte(before[:max(len(before)-1, 0)], '\n') + 1
	return manifest.Position{File: file, Line: bytes.Count(before[:line], []byte("\n")) + 1, Column: max(utf8.RuneCount(before[line:]), 1)}
}

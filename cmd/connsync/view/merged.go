package view

import (
	"cmp"
	"fmt"
	"maps"
	"slices"

	"connsync/apply"
)

// Worker is what the report of one sync says, as it was read.
type Worker struct {
	File     string
	ExitCode int
	Errors   []string // what kept targets from being planned, or the worker from doing anything
	Targets  []Worked
}

// Worked is what became of one target, by one report.
type Worked struct {
	File, Target, Run     string
	Recorded, Interrupted bool
	Error                 string // what ended its run early
	Counts                map[apply.Outcome]int
	Failed                []Undone
}

// Undone is a connection that is not as the plan wanted it.
type Undone struct {
	Outcome         apply.Outcome
	Name, ID, Error string
	Hints           []string
}

// undone are the outcomes of what is not as the plan wanted it.
var undone = apply.Outcomes[slices.Index(apply.Outcomes, apply.Orphaned)+1:]

// Failed tells whether a connection is not as the plan wanted it.
func (u Undone) Failed() bool { return slices.Contains(undone, u.Outcome) }

// Unplanned is what a worker says of no target of its own.
type Unplanned struct{ File, Message string }

// Twice is a target of several reports.
type Twice struct {
	Target string
	Files  []string
}

// Merged is one status of many workers.
type Merged struct {
	ExitCode  int
	Reports   int
	Counts    map[apply.Outcome]int
	Targets   []Worked // in order of target, then of report
	Unplanned []Unplanned
	Twice     []Twice
}

// Done tells whether nothing of a target failed, and all that was done is recorded. What was planned only has no run.
func (w Worked) Done() bool {
	return w.Error == "" && !w.Interrupted && len(w.Failed) == 0 && (w.Recorded || w.Run == "")
}

// Word is its state in a word.
func (w Worked) Word() string {
	switch {
	case w.Interrupted:
		return "interrupted"
	case !w.Done():
		return "failed"
	case w.Run == "":
		return "planned"
	}
	return "done"
}

// Said are what failed, a line each: first what ended the run, then each connection.
func (w Worked) Said() (out []string) {
	if w.Error != "" {
		out = append(out, w.Error)
	}
	if !w.Recorded && w.Run != "" && (w.Error == "" || w.wrote()) {
		out = append(out, "what was done is not recorded")
	}
	for _, u := range w.Failed {
		line := string(u.Outcome) + " " + u.Name
		if u.Error != "" {
			line += ": " + u.Error
		}
		out = append(out, line)
	}
	return out
}

// wrote tells whether SecMaster was changed, as far as the report says.
func (w Worked) wrote() bool {
	return slices.ContainsFunc([]apply.Outcome{apply.Created, apply.Updated, apply.Adopted, apply.Deleted}, func(o apply.Outcome) bool { return w.Counts[o] > 0 })
}

// Tally says what was done, in counts.
func (w Worked) Tally() string { return tally(w.Counts) }

// Merge puts the reports of many workers into one status; heavier is the worse of two exit codes.
func Merge(ws []Worker, heavier func(a, b int) int) Merged {
	m := Merged{Reports: len(ws), Counts: map[apply.Outcome]int{}}
	files := map[string][]string{}
	for _, w := range ws {
		m.ExitCode = heavier(m.ExitCode, w.ExitCode)
		for _, e := range w.Errors {
			m.Unplanned = append(m.Unplanned, Unplanned{w.File, e})
		}
		for _, t := range w.Targets {
			m.Targets = append(m.Targets, t)
			files[t.Target] = append(files[t.Target], t.File)
			for o, n := range t.Counts {
				m.Counts[o] += n
			}
		}
	}
	slices.SortStableFunc(m.Targets, func(a, b Worked) int { return cmp.Compare(a.Target, b.Target) })
	for _, target := range slices.Sorted(maps.Keys(files)) {
		if len(files[target]) > 1 {
			m.Twice = append(m.Twice, Twice{target, files[target]})
		}
	}
	return m
}

// Broken are the targets of which something failed.
func (m Merged) Broken() (out []Worked) {
	for _, t := range m.Targets {
		if !t.Done() {
			out = append(out, t)
		}
	}
	return out
}

// Headline says all in a sentence.
func (m Merged) Headline() string {
	files := map[string]bool{}
	for _, t := range m.Targets {
		files[t.Target] = true
	}
	return fmt.Sprintf("exit code %d: %s of %s, %d with failures", m.ExitCode, Count(m.Reports, "report"), Count(len(files), "target"), len(m.Broken()))
}

// Tally says what was done in all, in counts.
func (m Merged) Tally() string { return tally(m.Counts) }

// Says says of a target that several reports have it.
func (t Twice) Says() string {
	return fmt.Sprintf("%s is in %s: %s; all of them are counted", t.Target, Count(len(t.Files), "report"), List(t.Files))
}

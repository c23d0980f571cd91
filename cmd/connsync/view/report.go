package view

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"connsync/apply"
	"connsync/manifest"
)

// Said is an error in words for people, with what to do about it. The errors of an apply.Report are put into words before
// it is shown: this package has none for them.
type Said struct {
	Message string
	Hints   []string
	Cause   string // what it has in common with others, whose hints are said once in a run; "" for what stands alone
}

// Once drops what was said of a cause already. seen are the causes of a run so far.
func (r Report) Once(seen map[string]bool) Report {
	for i, res := range r.Results {
		if res.Said == nil || res.Said.Cause == "" {
			continue
		}
		if seen[res.Said.Cause] {
			r.Results[i].Said = &Said{Message: res.Said.Message, Hints: []string{"the first such error says why each of your keys cannot"}}
		}
		seen[res.Said.Cause] = true
	}
	return r
}

func (s *Said) Error() string { return s.Message }

// SaidOf is an error's words; nil where there is no error. Of an error not put into words, nothing is shown.
func SaidOf(err error) *Said {
	var s *Said
	if err != nil && !errors.As(err, &s) {
		return &Said{Message: "something failed"}
	}
	return s
}

// Report is what a sync of one target did.
type Report struct {
	Target  string
	Results []Result // of which the plan has not said all there is to say
	Notes   []string // what is to be known of what was done
	Failure *Said    // what ended the run early; nil where nothing did
	Lost    []Result // sent, and could not be recorded
	Ended   string   // how an interruption left it; "" where there was none
	Tally   string
	State   string // the known state's commit, in short
}

// Result is what became of one change.
type Result struct {
	Outcome    apply.Outcome
	Name, ID   string
	Duplicates []string
	Warnings   []string
	Said       *Said
	Unproven   bool     // answered as done, and nothing shows it
	Requests   []string // ids of the requests that wrote it
}

// carriedOut are the outcomes of changes that are made as planned.
var carriedOut = apply.Outcomes[:5]

// Done tells whether a result is what the plan was to do.
func (r Result) Done() bool { return slices.Contains(carriedOut, r.Outcome) }

// OfReport puts a report into words.
func OfReport(r apply.Report) Report {
	out := Report{Target: r.Target, Failure: SaidOf(r.Err), State: CutHash(r.StateCommit)}
	counts, unconfirmed := map[apply.Outcome]int{}, 0
	for _, res := range r.Results {
		counts[res.Outcome]++
		if res.Unconfirmed {
			unconfirmed++
		}
		shown := resultOf(res)
		if !quiet(res) {
			out.Results = append(out.Results, shown)
		}
		if !r.Recorded && !r.Kept && res.Sent && res.Outcome != apply.Failed {
			out.Lost = append(out.Lost, shown)
		}
	}
	out.Tally = tally(counts)
	if unconfirmed > 0 {
		out.Notes = append(out.Notes, unproven(unconfirmed))
	}
	if r.Kept {
		out.Notes = append(out.Notes, "what was done is kept in this clone only, under connsync-state/"+r.Target+"; a sync here pushes it")
	}
	switch {
	case r.Interrupted && (r.Recorded || r.Kept):
		out.Ended = "interrupted; what was done is recorded"
	case r.Interrupted:
		out.Ended = "interrupted"
	}
	return out
}

func resultOf(r apply.Result) Result {
	return Result{r.Outcome, r.Name, r.ID, r.Duplicates, warnings(r.Warnings), SaidOf(r.Err), r.Unconfirmed, r.RequestIDs}
}

// LostHint is what to do with what was sent and could not be recorded.
const LostHint = "all of it was announced before, so the next sync finds it; keep these lines until one has succeeded"

// quiet tells whether the plan, or the count of what was skipped, says all there is to say.
func quiet(r apply.Result) bool {
	switch r.Outcome {
	case apply.Unchanged, apply.Orphaned, apply.Conflicted, apply.Skipped:
		return len(r.Duplicates) == 0
	}
	return false
}

func tally(counts map[apply.Outcome]int) string {
	var parts []string
	for _, o := range apply.Outcomes {
		if counts[o] > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", counts[o], o))
		}
	}
	if len(parts) == 0 {
		return "nothing to do"
	}
	return strings.Join(parts, ", ")
}

// Checked is what a validation found.
type Checked struct {
	Connections, Files, Encrypted, Targets int
	Opened                                 int // of the encrypted files, with a key at hand
	Wrong, Warnings                        manifest.Mistakes
}

// Words say how much was checked.
func (c Checked) Words() string {
	encrypted := fmt.Sprintf("%d encrypted", c.Encrypted)
	if c.Opened > 0 {
		encrypted += fmt.Sprintf(", %d opened", c.Opened)
	}
	return fmt.Sprintf("%s in %s (%s), %s", Count(c.Connections, "connection"), Count(c.Files, "file"), encrypted, Count(c.Targets, "target"))
}

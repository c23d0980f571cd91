package main

import (
	"fmt"
	"strings"

	"connsync/apply"
)

// report says what a sync of one target did.
func (p *printer) report(r apply.Report) {
	counts := map[apply.Outcome]int{}
	shown := false
	for i := range r.Results {
		res := &r.Results[i]
		counts[res.Outcome]++
		if quietly(res.Outcome) && len(res.Duplicates) == 0 {
			continue
		}
		if !shown {
			fmt.Fprintln(p.out)
			shown = true
		}
		p.result(res)
	}
	if r.Kept {
		p.note("%s: what was done is kept in this clone only, under connsync-state/%s; a sync here pushes it", safe(r.Target), safe(r.Target))
	}
	if r.Err != nil {
		message, hints := explain(r.Err)
		fmt.Fprintf(p.err, "%s %s: %s\n", p.errTint.red("connsync: error:"), safe(r.Target), message)
		p.hints("  ", hints)
	}
	p.unrecorded(r)
	if r.Interrupted {
		p.interrupted(r.Recorded || r.Kept)
	}
	fmt.Fprintf(p.out, "%s %s: %s.", p.outTint.bold("Done"), safe(r.Target), tally(counts))
	if r.StateCommit != "" {
		fmt.Fprintf(p.out, "   state %s", abbreviated(r.StateCommit))
	}
	fmt.Fprintln(p.out)
}

// unrecorded hands over what was sent and could not be recorded, with whole ids: nobody else keeps them.
func (p *printer) unrecorded(r apply.Report) {
	if r.Recorded || r.Kept {
		return
	}
	var lost []apply.Result
	for _, res := range r.Results {
		if res.Sent && res.Outcome != apply.Failed && res.Outcome != apply.Refused {
			lost = append(lost, res)
		}
	}
	if len(lost) == 0 {
		return
	}
	fmt.Fprintf(p.err, "%s %s: this was sent, and could not be recorded:\n", p.errTint.red("connsync: error:"), safe(r.Target))
	for _, res := range lost {
		fmt.Fprintf(p.err, "  %-9s  %s   %s\n", res.Outcome, safe(res.Name), safe(res.ID))
	}
	p.hints("  ", []string{"all of it was announced before, so the next sync finds it; keep these lines until one has succeeded"})
}

func (p *printer) interrupted(recorded bool) {
	what := "interrupted; what was done is recorded"
	if !recorded {
		what = "interrupted"
	}
	fmt.Fprintf(p.err, "%s %s\n", p.errTint.yellow("connsync:"), what)
}

// quietly tells that the plan, or the count of what was skipped, says all there is to say.
func quietly(o apply.Outcome) bool {
	return o == apply.Unchanged || o == apply.Orphaned || o == apply.Conflicted || o == apply.Skipped
}

func (p *printer) result(r *apply.Result) {
	word := fmt.Sprintf("%-9s", r.Outcome)
	switch r.Outcome {
	case apply.Created, apply.Updated, apply.Adopted, apply.Deleted, apply.Forgotten:
		word = p.outTint.green(word)
	default:
		word = p.outTint.red(word)
	}
	fmt.Fprintf(p.out, "  %s  %s", word, p.outTint.bold(safe(r.Name)))
	if r.ID != "" {
		fmt.Fprintf(p.out, "   %s", p.outTint.dim(short(r.ID, 8)))
	}
	fmt.Fprintln(p.out)
	if len(r.Duplicates) > 0 {
		fmt.Fprintf(p.out, planIndent+"%s SecMaster shows more of this name: %s\n", p.outTint.yellow("warning:"), list(r.Duplicates))
	}
	if r.Err == nil {
		return
	}
	message, hints := explain(r.Err)
	fmt.Fprintf(p.out, planIndent+"%s\n", message)
	for _, h := range hints {
		fmt.Fprintf(p.out, planIndent+"%s %s\n", p.outTint.cyan("hint:"), h)
	}
}

var outcomes = []apply.Outcome{
	apply.Created, apply.Updated, apply.Adopted, apply.Deleted, apply.Forgotten, apply.Unchanged, apply.Orphaned,
	apply.Conflicted, apply.Refused, apply.Failed, apply.Unknown, apply.Skipped,
}

func tally(counts map[apply.Outcome]int) string {
	var parts []string
	for _, o := range outcomes {
		if counts[o] > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", counts[o], o))
		}
	}
	if len(parts) == 0 {
		return "nothing to do"
	}
	return strings.Join(parts, ", ")
}

// verdict is the exit code of one report, and how many connections it wrote.
func verdict(r apply.Report) (code, wrote int) {
	for _, res := range r.Results {
		switch res.Outcome {
		case apply.Created, apply.Updated, apply.Deleted:
			wrote++
		case apply.Adopted:
			if res.Sent {
				wrote++
			}
		case apply.Conflicted:
			code = heavier(code, exitRefused)
		case apply.Refused, apply.Failed, apply.Skipped:
			code = heavier(code, exitFailed)
		case apply.Unknown:
			code = heavier(code, exitUnknown)
		}
	}
	switch {
	case !r.Recorded && wrote > 0: // others do not know it
		code = heavier(code, exitUnknown)
	case r.Err != nil && wrote == 0:
		code = heavier(code, codeOf(r.Err))
	case r.Err != nil || !r.Recorded:
		code = heavier(code, exitFailed)
	}
	if failedToo(r) && wrote > 0 {
		code = heavier(code, exitPartly)
	}
	if r.Interrupted {
		code = exitInterrupted
	}
	return code, wrote
}

// failedToo tells whether something that was tried did not work. A conflict was not tried.
func failedToo(r apply.Report) bool {
	for _, res := range r.Results {
		if res.Outcome == apply.Refused || res.Outcome == apply.Failed || res.Outcome == apply.Skipped {
			return true
		}
	}
	return r.Err != nil || !r.Recorded
}

// unfinished tells whether another sync has something to do.
func unfinished(rs []apply.Report) bool {
	for _, r := range rs {
		for _, res := range r.Results {
			if res.Outcome == apply.Failed || res.Outcome == apply.Unknown || res.Outcome == apply.Skipped || res.Outcome == apply.Refused {
				return true
			}
		}
		if r.Err != nil || r.Interrupted {
			return true
		}
	}
	return false
}

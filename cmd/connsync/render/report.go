package render

import (
	"fmt"

	"connsync/cmd/connsync/view"
)

// Report says what a sync of one target did.
func (p *Printer) Report(r view.Report) {
	for i, res := range r.Results {
		if i == 0 {
			p.Out.Line("")
		}
		p.Out.result(res)
	}
	for _, note := range r.Notes {
		p.Note("%s: %s", r.Target, note)
	}
	if r.Failure != nil {
		p.Fail(r.Target+": "+r.Failure.Message, r.Failure.Hints)
	}
	p.unrecorded(r)
	if r.Ended != "" {
		p.Err.Line("%s %s", Yellow("connsync:"), r.Ended)
	}
	var state Row
	if r.State != "" {
		state = Row{"   state ", r.State}
	}
	p.Out.Line("%s %s: %s.%s", Bold("Done"), r.Target, r.Tally, state)
}

// unrecorded hands over what was sent and could not be recorded, with whole ids: nothing else keeps them.
func (p *Printer) unrecorded(r view.Report) {
	if len(r.Lost) == 0 {
		return
	}
	p.Err.Line("%s %s: this was sent, and could not be recorded:", Red("connsync: error:"), r.Target)
	for _, res := range r.Lost {
		p.Err.Line("  %-9s  %s   %s", res.Outcome, res.Name, res.ID)
	}
	p.hints([]string{view.LostHint})
}

func (s *Stream) result(r view.Result) {
	style, id := Red, Row{}
	if r.Done() {
		style = Green
	}
	if r.ID != "" {
		id = Row{"   ", Dim(view.Cut(r.ID, 8))}
	}
	s.Line("  %s  %s%s", style(fmt.Sprintf("%-9s", r.Outcome)), Bold(r.Name), id)
	if len(r.Duplicates) > 0 {
		s.Line(planIndent+"%s SecMaster shows more of this name: %s", Yellow("warning:"), view.List(r.Duplicates))
	}
	for _, w := range r.Warnings {
		s.Line(planIndent+"%s %s", Yellow("warning:"), w)
	}
	if r.Said == nil {
		return
	}
	s.words(planIndent, Plain, r.Said.Message)
	for _, h := range r.Said.Hints {
		s.labelled(planIndent, Cyan("hint:"), h)
	}
}

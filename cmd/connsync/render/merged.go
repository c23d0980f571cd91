package render

import (
	"bytes"
	"fmt"
	"io"

	"connsync/apply"
	"connsync/cmd/connsync/view"
)

// mostSaid is how many lines text and Markdown have for what failed of one target; JSON has all.
const mostSaid = 20

// Merged shows the status of many workers as text: what failed comes last.
func (p *Printer) Merged(m view.Merged) error {
	var b bytes.Buffer
	s := &Stream{w: &b, colour: p.Out.colour, width: p.Out.width}
	for _, t := range m.Targets {
		if t.Done() {
			s.Line("%s  %s   %s   %s", Green(fmt.Sprintf("%-11s", t.Word())), Bold(t.Target), t.Tally(), Dim(t.File))
		}
	}
	for _, t := range m.Broken() {
		s.Line("%s  %s   %s   %s", Red(fmt.Sprintf("%-11s", t.Word())), Bold(t.Target), t.Tally(), Dim(t.File))
		said, more := first(t.Said())
		for _, line := range said {
			s.words(planIndent, Plain, line)
		}
		if more > 0 {
			s.Line(planIndent+"and %d more", more)
		}
	}
	for _, u := range m.Unplanned {
		s.Line("%s  %s: %s", Red(fmt.Sprintf("%-11s", "not planned")), u.File, u.Message)
	}
	for _, t := range m.Twice {
		s.labelled("", Cyan("note:"), t.Says())
	}
	s.labelled("", Bold("All:"), m.Headline()+"; "+m.Tally()+".")
	_, err := b.WriteTo(p.Out.w)
	return err
}

// first are the first of some lines, and how many more there are.
func first(lines []string) ([]string, int) {
	n := min(len(lines), mostSaid)
	return lines[:n], len(lines) - n
}

// MergedJSON is the status of many workers for machines: what a command gives, with the errors said beside it.
type MergedJSON struct {
	Answer
	ExitCode  int                   `json:"exit_code"`
	Reports   int                   `json:"reports"`
	Counts    map[apply.Outcome]int `json:"counts"`
	Targets   []jsonWorked          `json:"targets"`
	Unplanned []jsonUnplanned       `json:"unplanned,omitempty"`
	Twice     []jsonTwice           `json:"twice,omitempty"`
}

type jsonWorked struct {
	Target      string                `json:"target"`
	File        string                `json:"file"`
	State       string                `json:"state"`
	Run         string                `json:"run,omitempty"`
	Recorded    bool                  `json:"recorded"`
	Interrupted bool                  `json:"interrupted,omitempty"`
	Error       sentence              `json:"error,omitempty"`
	Counts      map[apply.Outcome]int `json:"counts"`
	Failed      []jsonUndone          `json:"failed,omitempty"`
}

type jsonUndone struct {
	Name    string     `json:"name"`
	ID      string     `json:"id,omitempty"`
	Outcome string     `json:"outcome"`
	Error   sentence   `json:"error,omitempty"`
	Hints   []sentence `json:"hints,omitempty"`
}

type jsonUnplanned struct {
	File    string   `json:"file"`
	Message sentence `json:"message"`
}

type jsonTwice struct {
	Target string   `json:"target"`
	Files  []string `json:"files"`
}

// NewMergedJSON is a status as a value; code is the exit code of the command that gives it.
func NewMergedJSON(m view.Merged, code int) *MergedJSON {
	out := &MergedJSON{Answer: NewAnswer(), ExitCode: code, Reports: m.Reports, Counts: m.Counts, Targets: []jsonWorked{}}
	for _, t := range m.Targets {
		j := jsonWorked{
			Target: t.Target, File: t.File, State: t.Word(), Run: t.Run, Recorded: t.Recorded, Interrupted: t.Interrupted,
			Error: sentence(t.Error), Counts: map[apply.Outcome]int{},
		}
		for o, n := range t.Counts {
			j.Counts[o] = n
		}
		for _, u := range t.Failed {
			j.Failed = append(j.Failed, jsonUndone{u.Name, u.ID, string(u.Outcome), sentence(u.Error), sentences(u.Hints)})
		}
		out.Targets = append(out.Targets, j)
	}
	for _, u := range m.Unplanned {
		out.Unplanned = append(out.Unplanned, jsonUnplanned{u.File, sentence(u.Message)})
	}
	for _, t := range m.Twice {
		out.Twice = append(out.Twice, jsonTwice(t))
	}
	return out
}

// MergedMarkdown lays the status of many workers out for a job's summary: what failed comes first, and what does not fit is counted.
func MergedMarkdown(w io.Writer, m view.Merged) error {
	head := "### connsync: " + mdText(m.Headline()) + "\n\n" + mdText(m.Tally()) + "\n"
	room, out, left := maxMarkdown-mdEnough-len(head), md(""), 0
	add := func(piece md) {
		if len(piece) > room {
			left++
			return
		}
		room -= len(piece)
		out += piece
	}
	for _, u := range m.Unplanned {
		add("\n- not planned: " + mdCode(u.File) + ": " + mdText(u.Message) + "\n")
	}
	for _, t := range m.Broken() {
		add(mdBroken(t))
	}
	for _, t := range m.Twice {
		add("\n- " + mdText(t.Says()) + "\n")
	}
	rows := md("\n| target | | what was done |\n|---|---|---|\n")
	for _, t := range m.Targets {
		if t.Done() {
			add(rows + "| " + mdCell(mdCode(t.Target)) + " | " + md(t.Word()) + " | " + mdText(t.Tally()) + " |\n")
			rows = ""
		}
	}
	if left > 0 {
		out += "\nand " + md(fmt.Sprint(left)) + " more that do not fit\n"
	}
	_, err := io.WriteString(w, string(head+out))
	return err
}

// mdBroken is a target with what failed.
func mdBroken(t view.Worked) md {
	out := "\n- **" + md(t.Word()) + "** " + mdCode(t.Target) + " (" + mdCode(t.File) + "): " + mdText(t.Tally()) + "\n"
	said, more := first(t.Said())
	for _, line := range said {
		out += "  - " + mdText(line) + "\n"
	}
	if more > 0 {
		out += "  - and " + md(fmt.Sprint(more)) + " more\n"
	}
	return out
}

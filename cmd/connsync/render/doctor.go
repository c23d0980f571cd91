package render

import (
	"bytes"
	"fmt"
	"strings"

	"connsync/cmd/connsync/view"
)

// Doctor shows what was looked at, line by line: the width and the colours are the terminal's.
func (p *Printer) Doctor(d view.Doctor) error {
	var b bytes.Buffer
	out := &Stream{w: &b, colour: p.Out.colour, width: p.Out.width}
	out.checks(d.Checks)
	for _, t := range d.Targets {
		out.Line("\n%s   %s, workspace %s\n", Bold(t.Name), t.Region, t.Workspace)
		out.checks(t.Checks)
		out.habits(t)
	}
	out.Line("")
	out.words("", Bold, d.Headline()+".")
	_, err := b.WriteTo(p.Out.w)
	return err
}

// styleOf is the colour of a verdict.
func styleOf(v view.Verdict) func(any) Styled {
	switch v {
	case view.Fine:
		return Green
	case view.Doubtful:
		return Yellow
	case view.Broken:
		return Red
	}
	return Dim
}

// checks writes a line for each check, and its hints under it.
func (s *Stream) checks(checks []view.Check) {
	for _, c := range checks {
		s.labelled("  ", styleOf(c.Verdict)(fmt.Sprintf("%-13s", c.Verdict)), c.Name+": "+c.Text)
		for _, h := range c.Hints {
			s.labelled(strings.Repeat(" ", 16), Cyan("hint:"), h)
		}
	}
}

// habits writes what a SecMaster does.
func (s *Stream) habits(t view.Examined) {
	if t.Habits == nil {
		return
	}
	s.Line("\n  What this SecMaster does where the vendor's documents leave it open:\n")
	unseen, whys := map[string][]string{}, []string{}
	for _, h := range t.Habits {
		if len(h.Seen) == 0 {
			if unseen[h.Text] == nil {
				whys = append(whys, h.Text)
			}
			unseen[h.Text] = append(unseen[h.Text], h.Question)
			continue
		}
		s.labelled("  ", Plain(fmt.Sprintf("%-12s", h.Question)), h.Text)
		if h.Means != "" {
			s.labelled(strings.Repeat(" ", 15), Yellow("so:"), h.Means)
		}
	}
	for _, why := range whys {
		s.labelled("  ", Dim("unseen      "), strings.Join(unseen[why], ", ")+": "+why)
	}
	s.labelled("  ", Dim("unasked     "), "only writes show these: "+strings.Join(t.Unasked, ", "))
}

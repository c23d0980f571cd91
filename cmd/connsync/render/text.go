package render

import (
	"bytes"
	"fmt"
	"io"
	"unicode/utf8"

	"connsync/cmd/connsync/view"
	"connsync/diff"
)

const planIndent = "              "

// Diff shows a diff as text: the width and the colours are the terminal's.
func (p *Printer) Diff(d view.Diff) error { return p.Out.diff(d) }

// asText lays a diff out as the terminal shows it, for a file.
func asText(w io.Writer, d view.Diff) error { return (&Stream{w: w}).diff(d) }

// diff writes a diff in one piece.
func (s *Stream) diff(d view.Diff) error {
	var b bytes.Buffer
	page := d.Page(d.All)
	(&Stream{w: &b, colour: s.colour, width: s.width, sums: s.width > 0 && !d.All && page.Long()}).page(page)
	_, err := b.WriteTo(s.w)
	return err
}

// page shows alarms first: a change of the rules changes what everything below is worth.
func (s *Stream) page(p view.Page) {
	for _, a := range p.Alarms {
		s.words("", Red, "high risk: "+a.Text)
	}
	if len(p.Alarms) > 0 {
		s.Line("")
	}
	for _, t := range p.Targets {
		s.target(t)
	}
	s.totals(p)
	s.findings(p.Findings)
}

// target shows its place first, then what changes, then what is to be known.
func (s *Stream) target(t view.Target) {
	var commits Row
	for _, c := range t.Commits {
		commits = append(commits, "   ", c.Label, " ", c.Hash)
	}
	s.Line("%s  %s%s\n", Bold(t.Name), t.Place, commits)
	cards := t.Cards
	if s.sums {
		cards = s.summed(t)
	}
	for _, c := range cards {
		s.card(c)
	}
	if len(t.Cards) == 0 {
		s.Line("  nothing to do")
	}
	s.Line("")
	for _, f := range t.Files {
		label := Cyan("file:")
		if f.Risky {
			label = Red("high risk:")
		}
		s.labelled("  ", label, f.Path+": "+f.Said())
	}
	for _, n := range t.Notes {
		s.labelled("  ", Cyan("note:"), n)
	}
	if len(t.Notes)+len(t.Files) > 0 {
		s.Line("")
	}
}

// summed writes many changes in few lines, and gives the changes shown one by one.
func (s *Stream) summed(t view.Target) []view.Card {
	sums, cards := t.Sums()
	for _, sum := range sums {
		names := view.List(sum.First)
		if sum.N > len(sum.First) {
			names += ", …"
		}
		s.Line("  %s %s of %s", style(sum.Action)(fmt.Sprintf("%s %-9s", view.Mark(sum.Action), sum.Action)), Bold(view.Count(sum.N, "connection")), sum.Of)
		s.words(planIndent, Plain, names)
	}
	s.labelled("  ", Cyan("note:"), fmt.Sprintf("%d of %d changes are summed up; -v shows each", len(t.Cards)-len(cards), len(t.Cards)))
	if len(cards) > 0 {
		s.Line("")
	}
	return cards
}

// style is an action's colour.
func style(a diff.Action) func(any) Styled {
	switch a {
	case diff.Create, diff.Adopt:
		return Green
	case diff.Update, diff.Rename:
		return Yellow
	case diff.Delete, diff.Remove, diff.Conflict:
		return Red
	case diff.Incomplete:
		return Yellow
	case diff.Orphaned, diff.Forget:
		return Dim
	}
	return Plain
}

func (s *Stream) card(c view.Card) {
	var from, place Row
	if c.From != "" {
		from = Row{c.From, " -> "}
	}
	if c.File != "" {
		place = Row{"   ", Dim(c.Place())}
	}
	s.Line("  %s %s%s%s", style(c.Action)(fmt.Sprintf("%s %-9s", view.Mark(c.Action), c.Action)), from, Bold(c.Name), place)
	for _, w := range c.Why {
		s.words(planIndent, Plain, w)
	}
	if c.Plugin != "" {
		s.Line(planIndent+"plugin     %s", c.Plugin)
	}
	for _, f := range c.Fields {
		s.field(f)
	}
	s.secrets(c.Secrets)
	if len(c.Extra) > 0 {
		s.words(planIndent, Plain, "also there "+view.List(c.Extra)+" (only in SecMaster)")
	}
	for _, r := range c.Risks {
		s.labelled(planIndent, Red("high risk:"), r.Text)
	}
	for _, w := range c.Warnings {
		s.labelled(planIndent, Yellow("warning:"), w)
	}
	if c.Conflict != "" {
		s.words(planIndent, Plain, c.Conflict)
	}
	for _, h := range c.Hints {
		s.labelled(planIndent, Cyan("hint:"), h)
	}
}

// field shows a changed setting in the clear. A value of several lines is shown as the difference of its lines.
func (s *Stream) field(f view.Field) {
	switch {
	case f.Lines != nil:
		s.Line(planIndent+"%s  %s", f.Path, Dim(f.Cause))
		for _, l := range f.Lines {
			s.lineOf(l)
		}
	case f.Old == "" && f.Cause == "":
		s.Line(planIndent+"%s  %s", f.Path, f.New)
	case f.Old == "":
		s.Line(planIndent+"%s  %s  %s", f.Path, f.New, Dim(f.Cause))
	case utf8.RuneCountInString(planIndent+Harmless(f.Path)+f.Old+f.New)+14 > s.columns(): // 14: what stands around them
		s.Line(planIndent+"%s  %s", f.Path, f.Old)
		s.Line(planIndent+"  -> %s  %s", f.New, Dim(f.Cause))
	default:
		s.Line(planIndent+"%s  %s -> %s  %s", f.Path, f.Old, f.New, Dim(f.Cause))
	}
}

// lineOf shows a line of a value. It begins with a bar, so it cannot be a workflow command.
func (s *Stream) lineOf(l view.Line) {
	text := Row{l.Mark, " ", l.Text}
	switch l.Mark {
	case "-":
		s.Line(planIndent+"  | %s", Red(text))
	case "+":
		s.Line(planIndent+"  | %s", Green(text))
	default:
		s.Line(planIndent+"  |   %s", Dim(l.Text))
	}
}

// secrets says what happens to each secret.
func (s *Stream) secrets(secrets []view.Secret) {
	row, width, label := Row{}, 0, "secrets    "
	for i, secret := range secrets {
		text := Harmless(secret.Path + " " + secret.Said())
		if i < len(secrets)-1 {
			text += ","
		}
		n := utf8.RuneCountInString(text)
		if width > 0 && len(planIndent+label)+width+n >= s.columns() {
			s.Line(planIndent+"%s%s", label, row)
			row, width, label = Row{}, 0, "           "
		}
		if width > 0 {
			row, width = append(row, " "), width+1
		}
		row, width = append(row, secretStyle(secret.Word)(text)), width+n
	}
	if width > 0 {
		s.Line(planIndent+"%s%s", label, row)
	}
}

func secretStyle(w diff.Word) func(any) Styled {
	if w == diff.Same || w == diff.Unverified || w == diff.Set {
		return Plain
	}
	return Yellow
}

// totals is the last line of a plan: what it comes to, and its hash.
func (s *Stream) totals(p view.Page) {
	s.labelled("", Bold("Plan:"), view.List(p.TotalWords())+".")
	last := "plan " + p.Hash
	if p.Offline {
		last = "between two commits; what a sync does: " + p.Next
	}
	s.Line("%s", Dim(last))
}

// findings come last, where they cannot be overlooked: the plan above is what would be done if it could be.
func (s *Stream) findings(fs []view.Finding) {
	for _, f := range fs {
		word := Yellow("warning:")
		if f.Fatal {
			word = Red("will fail:")
		}
		s.Line("\n%s %s", word, Bold(f.Place()))
		s.words("  ", Plain, f.Message)
		for _, h := range f.Hints {
			s.labelled("  ", Cyan("hint:"), h)
		}
	}
}

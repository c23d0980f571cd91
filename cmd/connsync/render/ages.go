package render

import (
	"bytes"
	"fmt"
	"io"

	"connsync/cmd/connsync/view"
)

// agesFormats are the formats of secrets and their ages.
var agesFormats = map[string]func(io.Writer, view.Ages) error{
	"text":     func(w io.Writer, a view.Ages) error { return (&Stream{w: w}).ages(a) },
	"json":     agesJSON,
	"markdown": agesMarkdown,
	"html":     agesHTML,
}

// Ages lays secrets and their ages out in a format, for a file or a pipe. Nothing is written for a format without a layout for them.
func Ages(w io.Writer, name string, a view.Ages) error {
	if layOut := agesFormats[name]; layOut != nil {
		return layOut(w, a)
	}
	return nil
}

// Ages shows secrets and their ages as text: the width and the colours are the terminal's.
func (p *Printer) Ages(a view.Ages) error { return p.Out.ages(a) }

// ages writes all in one piece.
func (s *Stream) ages(a view.Ages) error {
	var b bytes.Buffer
	out := &Stream{w: &b, colour: s.colour, width: s.width}
	for _, t := range a.Targets {
		out.ageTarget(a, t)
	}
	for _, w := range a.Warnings {
		out.labelled("", Yellow("warning:"), w.Text)
		for _, h := range w.Hints {
			out.Line("  %s %s", Cyan("hint:"), h)
		}
	}
	out.Line("%s", Bold(a.Headline()+"."))
	for i, step := range a.Steps {
		out.Line("")
		out.labelled("", Plain(fmt.Sprintf("%d.", i+1)), step.Says+":")
		out.Line("")
		for _, c := range step.Commands {
			out.Line("  %s", c)
		}
	}
	_, err := b.WriteTo(s.w)
	return err
}

// ageTarget writes the secrets of a target, those of a connection together.
func (s *Stream) ageTarget(a view.Ages, t view.AgeTarget) {
	limit := ""
	if t.Max > 0 {
		limit = "   at most " + view.Count(t.Max, "day")
	}
	s.Line("%s%s\n", Bold(t.Name), limit)
	for i, x := range t.Secrets {
		if i == 0 || t.Secrets[i-1].Name != x.Name {
			s.Line("  %s   %s", Bold(x.Name), x.File)
			s.labelled("    ", Dim("recipients:"), view.ReaderWords(x.Recipients))
		}
		s.age(a, x)
	}
	s.Line("")
}

// age writes one secret.
func (s *Stream) age(a view.Ages, x view.SecretAge) {
	said := x.Age()
	if a.Reader != "" {
		said = x.How()
	}
	var verdict Row
	if v := x.Verdict(); v != "" && a.Reader == "" {
		verdict = Row{"   ", Red(v)}
	}
	s.Line("    %s   %s%s", Bold(x.Short()), said, verdict)
	if a.Reader != "" {
		return
	}
	for _, n := range x.Notes() {
		s.words("      ", Yellow, n)
	}
}

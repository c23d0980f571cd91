package render

import (
	"fmt"
	"strings"

	"connsync/cmd/connsync/view"
	"connsync/manifest"
)

// Mistakes shows what is wrong in the manifests: the place, the line where it can hold no secret, and what to do. Where they are of some
// targets only, apart is true: the others go on.
func (p *Printer) Mistakes(ms manifest.Mistakes, apart bool) {
	for _, m := range ms {
		p.Err.placed(Row{Bold(view.At(m.Pos) + ":")}, m.Message)
		if m.Source != "" {
			p.source(m)
		}
		p.hints(m.Hints)
	}
	files := map[string]bool{}
	for _, m := range ms {
		files[m.Pos.File] = true
	}
	end := "nothing was sent"
	if apart {
		end = "nothing was sent for the targets that they name"
	}
	message := view.Count(len(ms), "mistake") + " in " + view.Count(len(files), "file") + "; " + end
	p.Err.Line("\n%s %s", Red("connsync: error:"), message)
	p.hear(Failure{Message: message, Mistakes: ms})
}

// source shows the line with a caret under the place.
func (p *Printer) source(m manifest.Mistake) {
	number := fmt.Sprintf("%5d", m.Pos.Line)
	line, at := []rune(m.Source), max(m.Pos.Column-1, 0)
	at = min(at, len(line))
	before := Harmless(strings.ReplaceAll(string(line[:at]), "\t", " "))
	after := Harmless(strings.ReplaceAll(string(line[at:]), "\t", " "))
	p.Err.Line("%s %s%s", Dim(number+" |"), before, after)
	p.Err.Line("%s %s%s", Dim("      |"), strings.Repeat(" ", len([]rune(before))), Red("^"))
}

// Checked ends a validation in text: with what is only worth a look, and with how much was checked where nothing is wrong.
func (p *Printer) Checked(c view.Checked) {
	for _, m := range c.Warnings {
		p.Err.placed(Row{Bold(view.At(m.Pos) + ":"), " ", Yellow("warning:")}, m.Message)
		p.hints(m.Hints)
	}
	if len(c.Wrong) == 0 {
		p.Out.Line("%s %s", Green("valid:"), c.Words())
	}
}

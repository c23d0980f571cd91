package render

import (
	"fmt"
	"io"

	"connsync/cmd/connsync/view"
	"connsync/diff"
)

// asMarkdown lays a diff out for the comment of a pull request and for a job's summary. All data is code (markdown_text.go),
// and no line begins with any, since hosts and bots take some beginnings for commands.
func asMarkdown(w io.Writer, d view.Diff) error { return writeMarkdown(w, d.Page(false)) }

func writeMarkdown(w io.Writer, p view.Page) error {
	_, err := io.WriteString(w, string(mdFit(mdDocument(p))))
	return err
}

// mdPage is a document in pieces, so that it can be made to fit.
type mdPage struct {
	summary         md
	risks, findings []md
	notes           []md
	rows            []md
	details         []md
	important       []bool // of details: those of high risk, which are kept first
	next            md
}

func mdDocument(v view.Page) mdPage {
	p := mdPage{summary: mdSummary(v)}
	for _, r := range v.Risks() {
		p.risks = append(p.risks, mdRisk(r))
	}
	for _, f := range v.FatalFirst() {
		p.findings = append(p.findings, mdFinding(f))
	}
	for _, t := range v.Targets {
		p.notes = append(p.notes, mdTarget(t)...)
		for _, c := range t.Cards {
			p.rows = append(p.rows, mdRow(t, c))
			if d := mdDetails(t, c); d != "" {
				p.details, p.important = append(p.details, d), append(p.important, len(c.Risks) > 0)
			}
		}
	}
	if len(p.rows) > 0 && v.Next != "" { // there is something to go on with
		p.next = "\n" + mdText(v.NextSays()) + ":\n\n" + mdBlock("sh", []md{mdLine(v.Next)})
	}
	return p
}

// mdSummary is the one line that says it all.
func mdSummary(p view.Page) md {
	line := "### connsync: " + mdText(view.List(p.TotalWords()))
	if n := len(p.Risks()); n > 0 {
		line += " · **" + mdCount(n, "high risk") + "**"
	}
	if n := p.Fatal(); n > 0 {
		line += md(fmt.Sprintf(" · **will fail at merge: %d**", n))
	}
	return line + "\n"
}

func mdRisk(r view.Risk) md {
	text := mdText(r.Text) + "\n"
	switch {
	case r.Name != "":
		return "> - " + mdCode(r.Target) + " / " + mdCode(r.Name) + mdAt(r.File, r.Line) + ": " + text
	case r.File != "":
		return "> - " + mdCode(r.File) + ": " + text
	}
	return "> - " + text
}

// mdAt is a place behind what stands there.
func mdAt(file string, line int) md {
	if file == "" || line == 0 {
		return ""
	}
	return " at " + mdCode(fmt.Sprintf("%s:%d", file, line))
}

func mdFinding(f view.Finding) md {
	word := md("warning")
	if f.Fatal {
		word = "will fail"
	}
	out := "> - **" + word + "** " + mdCode(f.Place()) + ": " + mdText(f.Message) + "\n"
	for _, h := range f.Hints {
		out += ">   - hint: " + mdText(h) + "\n"
	}
	return out
}

// mdTarget says where a target is and what is to be known of it.
func mdTarget(t view.Target) []md {
	line := "- " + mdCode(t.Name) + " is " + mdCode(t.Place)
	for _, c := range t.Commits {
		line += ", " + mdText(c.Label) + " " + mdCode(c.Hash)
	}
	if len(t.Cards) == 0 {
		line += ": nothing to do"
	}
	out := []md{line + "\n"}
	for _, f := range t.Files {
		if !f.Risky { // the others stand with the high risks
			out = append(out, "  - "+mdCode(f.Path)+": "+mdText(f.Said())+"\n")
		}
	}
	for _, n := range t.Notes {
		out = append(out, "  - "+mdText(n)+"\n")
	}
	return out
}

// mdRow is a change in a row of the table.
func mdRow(t view.Target, c view.Card) md {
	name, place := mdCode(c.Name), md("")
	if c.From != "" {
		name = mdCode(c.From) + " → " + name
	}
	if c.Place() != "" {
		place = mdCode(c.Place())
	}
	return "| " + mdText(string(c.Action)) + " | " + mdCell(mdCode(t.Name)+" / "+name) + " | " + mdCell(place) + " | " + mdCell(mdWhat(c)) + " |\n"
}

// maxNamed is how many settings a row names.
const maxNamed = 8

// mdWhat says in short what changes: names and words, no values.
func mdWhat(c view.Card) md {
	var parts []md
	if n := len(c.Risks); n > 0 {
		parts = append(parts, "**"+mdCount(n, "high risk")+"**")
	}
	if c.Conflict != "" {
		parts = append(parts, mdText(c.Conflict))
	}
	if c.Plugin != "" {
		parts = append(parts, mdCode(c.Plugin))
	}
	parts = append(parts, mdNamed(c)...)
	for _, why := range c.Why {
		parts = append(parts, mdText(why))
	}
	if n := len(c.Warnings); n > 0 {
		parts = append(parts, mdCount(n, "warning"))
	}
	return mdJoin(parts, ", ")
}

// mdNamed are the settings and secrets that change, as many as a row names, and how many secrets do not.
func mdNamed(c view.Card) (named []md) {
	for _, f := range c.Fields {
		if c.Action != diff.Create { // of which all is new: its details say it
			named = append(named, mdCode(f.Short()))
		}
	}
	kept := 0
	for _, s := range c.Secrets {
		if s.Word == diff.Same {
			kept++
			continue
		}
		named = append(named, mdSecret(s))
	}
	if n := len(named) - maxNamed; n > 0 {
		named = append(named[:maxNamed:maxNamed], md(fmt.Sprintf("%d more", n)))
	}
	if kept > 0 {
		named = append(named, mdCount(kept, "secret")+" unchanged")
	}
	return named
}

func mdSecret(s view.Secret) md {
	said := mdText(s.Said())
	if s.Word == diff.Reencrypted { // the one word of ours with a hyphen
		said = "re-encrypted"
	}
	return mdCode(s.Path) + " " + said
}

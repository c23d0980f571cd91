package render

import (
	"fmt"
	"io"
	"strings"

	"connsync/cmd/connsync/view"
	"connsync/diff"
)

// asMarkdown lays a diff out for the comment of a pull request and for a job's summary. All data is code (markdown_text.go),
// and no line begins with any, since hosts and bots take some beginnings for commands.
func asMarkdown(w io.Writer, d view.Diff) error { return writeMarkdown(w, d.Page(false)) }

func writeMarkdown(w io.Writer, p view.Page) error {
	_, err := io.WriteString(w, string(mdFit(mdDocument(p), maxMarkdown)))
	return err
}

// mdPage is a document in pieces, so that it can be made to fit.
type mdPage struct {
	summary                     md
	rules, risks, fatal, doubts []*mdPiece
	notes, rows, details        []*mdPiece
	next                        md
}

func mdDocument(v view.Page) mdPage {
	p := mdPage{summary: mdSummary(v)}
	for _, f := range v.RulesFiles() {
		p.rules = append(p.rules, mdRules(f)...)
	}
	for _, r := range v.ChangeRisks() {
		p.risks = append(p.risks, &mdPiece{text: mdRisk(r)})
	}
	for _, f := range v.FatalFirst() {
		of := &p.doubts
		if f.Fatal {
			of = &p.fatal
		}
		*of = append(*of, &mdPiece{text: mdFinding(f)})
	}
	for _, t := range v.Targets {
		for _, n := range mdTarget(t) {
			p.notes = append(p.notes, &mdPiece{text: n})
		}
		for _, c := range t.Cards {
			p.rows = append(p.rows, &mdPiece{text: mdRow(t, c), action: c.Action})
			if d := mdDetails(t, c); d != "" {
				p.details = append(p.details, &mdPiece{text: d, important: len(c.Risks) > 0})
			}
		}
	}
	if len(p.rows) > 0 && v.Next != "" { // there is something to go on with
		p.next = "\n" + mdText(v.NextSays()) + ":\n\n" + mdBlock("sh", []md{mdLine(v.Next)})
	}
	return p
}

// mdSummary is the whole in one line.
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

// mdRules is one line for a file of rules, and a line below it for each of several changes.
func mdRules(f view.RulesFile) []*mdPiece {
	if len(f.Alarms) == 1 {
		return []*mdPiece{{text: "> - " + mdText(f.Alarms[0].Text) + "\n"}}
	}
	head := &mdPiece{text: "> - " + mdCode(f.Path) + ": " + mdText(f.Said()) + "\n"}
	out := []*mdPiece{head}
	for _, a := range f.Alarms {
		out = append(out, &mdPiece{text: ">   - " + mdText(strings.TrimPrefix(a.Text, f.Path+": ")) + "\n", below: head})
	}
	return out
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

// maxRow is how long a row with names of changes may be, in bytes: some rows of each action must fit its reserve.
const maxRow = 600

// mdRow is a change in a row of the table. A long one counts what changes, and cuts its names.
func mdRow(t view.Target, c view.Card) md {
	if row := mdRowOf(t, c, mdWhat(c)); len(row) <= maxRow || c.Conflict != "" {
		return row
	}
	t.Name, c.Name, c.From, c.File = mdShort(t.Name), mdShort(c.Name), mdShort(c.From), mdShort(c.File)
	what := mdCount(len(c.Fields), "setting") + ", " + mdCount(len(c.Secrets), "secret")
	if n := len(c.Risks); n > 0 {
		what = "**" + mdCount(n, "high risk") + "**, " + what
	}
	return mdRowOf(t, c, what)
}

func mdRowOf(t view.Target, c view.Card, what md) md {
	name, place := mdCode(c.Name), md("")
	if c.From != "" {
		name = mdCode(c.From) + " → " + name
	}
	if c.Place() != "" {
		place = mdCode(c.Place())
	}
	return "| " + mdText(string(c.Action)) + " | " + mdCell(mdCode(t.Name)+" / "+name) + " | " + mdCell(place) + " | " + mdCell(what) + " |\n"
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
		if c.Action != diff.Create { // all of it is new: its details say it
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

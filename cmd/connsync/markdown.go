package main

import (
	"fmt"
	"io"
	"strings"

	"connsync/diff"
)

// markdown lays a sheet out for the comment of a pull request and for a job's summary. All data is code (markdown_text.go),
// and no line begins with any, since hosts and bots take some beginnings for commands.
func markdown(w io.Writer, s sheet) error {
	_, err := io.WriteString(w, mdFit(mdDocument(s)))
	return err
}

// mdPage is a document in pieces, so that it can be made to fit.
type mdPage struct {
	summary         string
	risks, findings []string
	notes           []string
	rows            []string
	details         []string
	important       []bool // of details: those of high risk, which are kept first
	next            string
}

func mdDocument(s sheet) mdPage {
	p := mdPage{summary: mdSummary(s), risks: mdRisks(s), next: mdNext(s)}
	for _, fatal := range []bool{true, false} {
		for _, f := range s.findings {
			if f.fatal == fatal {
				p.findings = append(p.findings, mdFinding(f))
			}
		}
	}
	for _, t := range s.sections {
		p.notes = append(p.notes, mdTarget(t, s.offline)...)
		for _, c := range t.cards {
			p.rows = append(p.rows, mdRow(t, c))
			if d := mdDetails(t, c); d != "" {
				p.details, p.important = append(p.details, d), append(p.important, len(c.risks) > 0)
			}
		}
	}
	if len(p.rows) == 0 { // nothing to go on with
		p.next = ""
	}
	return p
}

// mdSummary is the one line that says it all.
func mdSummary(s sheet) string {
	line := "### connsync: " + strings.Join(totalWords(s), ", ")
	if n := riskCount(s); n > 0 {
		line += " · **" + count(n, "high risk") + "**"
	}
	if n := fatalCount(s); n > 0 {
		line += fmt.Sprintf(" · **will fail at merge: %d**", n)
	}
	return line + "\n"
}

func riskCount(s sheet) int {
	n := len(s.alarms)
	for _, t := range s.sections {
		for _, c := range t.cards {
			n += len(c.risks)
		}
		for _, f := range t.files {
			if f.risky {
				n++
			}
		}
	}
	return n
}

func fatalCount(s sheet) int {
	n := 0
	for _, f := range s.findings {
		if f.fatal {
			n++
		}
	}
	return n
}

// mdRisks are all high risks: of the rules first, then of files, then of connections.
func mdRisks(s sheet) []string {
	var out, connections []string
	for _, a := range s.alarms {
		out = append(out, "> - "+mdText(a)+"\n")
	}
	for _, t := range s.sections {
		for _, f := range t.files {
			if f.risky {
				out = append(out, "> - "+mdCode(f.path)+": "+mdText(strings.Join(f.words, ", "))+"\n")
			}
		}
		for _, c := range t.cards {
			for _, r := range c.risks {
				line := "> - " + mdCode(t.target) + " / " + mdCode(c.name) + mdAt(c.file, r.line)
				connections = append(connections, line+": "+mdText(strings.TrimPrefix(r.text, riskMark))+"\n")
			}
		}
	}
	return append(out, connections...)
}

func mdFinding(f finding) string {
	word := "warning"
	if f.fatal {
		word = "will fail"
	}
	out := "> - **" + word + "** " + mdCode(place(f.Pos)) + ": " + mdText(f.Message) + "\n"
	for _, h := range f.Hints {
		out += ">   - hint: " + mdText(h) + "\n"
	}
	return out
}

// mdTarget says where a target is and what is to be known of it.
func mdTarget(t section, offline bool) []string {
	want, known := "want", "known"
	if offline {
		want, known = "head", "base"
	}
	line := "- " + mdCode(t.target) + " is " + mdCode(t.place)
	if t.want != "" {
		line += ", " + want + " " + mdCode(t.want)
	}
	if t.known != "" {
		line += ", " + known + " " + mdCode(t.known)
	}
	if len(t.cards) == 0 {
		line += ": nothing to do"
	}
	out := []string{line + "\n"}
	for _, f := range t.files {
		if !f.risky { // the others stand with the high risks
			out = append(out, "  - "+mdCode(f.path)+": "+mdText(strings.Join(f.words, ", "))+"\n")
		}
	}
	for _, n := range t.notes {
		out = append(out, "  - "+mdText(n)+"\n")
	}
	return out
}

// mdAt is a place behind what stands there.
func mdAt(file string, line int) string {
	if file == "" || line == 0 {
		return ""
	}
	return " at " + mdCode(fmt.Sprintf("%s:%d", file, line))
}

// mdPlace is where a connection stands in Git.
func mdPlace(c card) string {
	if c.file == "" {
		return ""
	}
	return mdCode(fmt.Sprintf("%s:%d", c.file, c.line))
}

// mdRow is a change in a row of the table.
func mdRow(t section, c card) string {
	name := mdCode(c.name)
	if c.from != "" {
		name = mdCode(c.from) + " → " + name
	}
	return fmt.Sprintf("| %s | %s | %s | %s |\n",
		mdText(string(c.action)), mdCell(mdCode(t.target)+" / "+name), mdCell(mdPlace(c)), mdCell(mdWhat(c)))
}

// maxNamed is how many settings a row names.
const maxNamed = 8

// mdWhat says in short what changes: names and words, no values.
func mdWhat(c card) string {
	var parts []string
	if n := len(c.risks); n > 0 {
		parts = append(parts, "**"+count(n, "high risk")+"**")
	}
	if c.conflict != "" {
		parts = append(parts, mdText(c.conflict))
	}
	if c.plugin != "" {
		parts = append(parts, mdCode(c.plugin))
	}
	var named []string
	for _, f := range c.fields {
		named = append(named, mdCode(strings.TrimPrefix(f.path, "config.")))
	}
	kept := 0
	for _, s := range c.secrets {
		if s.Word == diff.Same {
			kept++
			continue
		}
		named = append(named, mdSecret(s))
	}
	if n := len(named) - maxNamed; n > 0 {
		named = append(named[:maxNamed:maxNamed], fmt.Sprintf("%d more", n))
	}
	parts = append(parts, named...)
	if kept > 0 {
		parts = append(parts, count(kept, "secret")+" unchanged")
	}
	for _, why := range c.why {
		parts = append(parts, mdText(why))
	}
	if n := len(c.warnings); n > 0 {
		parts = append(parts, count(n, "warning"))
	}
	return strings.Join(parts, ", ")
}

// mdSecret is secretWord with the path as code.
func mdSecret(s diff.SecretChange) string { return secretWordOf(mdCode(bare(s.Path)), s.Word) }

func mdNext(s sheet) string {
	if s.next == "" {
		return ""
	}
	label := "What a sync would do to the workspaces as they are"
	if !s.offline {
		label = "To carry out exactly this plan"
	}
	return "\n" + label + ":\n\n" + mdBlock("sh", []string{safe(s.next)})
}

package main

import (
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"fmt"
	htmltemplate "html/template"
	"io"
	"strings"

	"github.com/sergi/go-diff/diffmatchpatch"

	"connsync/diff"
)

//go:embed page.html
var pageTemplate string

//go:embed page.css
var pageStyle string

// htmlPage lays a sheet out as a page of one file. Nothing in it loads anything or runs anything, and its policy tells the
// browser so; html/template escapes every text for where it stands, after safe.
func htmlPage(w io.Writer, s sheet) error {
	t, err := htmltemplate.New("page").Funcs(htmltemplate.FuncMap{"safe": safe, "phrases": safePhrases, "join": strings.Join}).Parse(pageTemplate)
	if err != nil {
		return err
	}
	return t.Execute(w, pageOf(s))
}

func safePhrases(s string) []phrase { return phrases(safe(s)) }

// page is a sheet as the template wants it. Every text in it is still as hostile as it was.
type page struct {
	Style      htmltemplate.CSS // our own file, byte for byte
	StyleHash  string
	Offline    bool
	Totals     []string
	Changes    int
	Fatal      int
	Risks      int
	Urgent     []pageRisk
	Findings   []pageFinding
	Filters    []pageFilter
	RiskyCards int
	Sections   []pageSection
	Next       string
}

type pageRisk struct{ Anchor, Target, Name, File, Text string }

type pageFinding struct {
	Fatal   bool
	Place   string
	Message string
	Hints   []string
}

type pageFilter struct {
	Action, Mark string
	N            int
}

type pageSection struct {
	Anchor, Target, Place, Want, Known string
	Unchanged                          int
	Files                              []pageFile
	Notes                              []string
	Groups                             []pageGroup
}

type pageFile struct {
	Path, Words string
	Risky       bool
}

type pageGroup struct {
	Action, Mark string
	Risky        bool // one of its cards is
	Cards        []pageCard
}

type pageCard struct {
	Anchor, Name, From, Place, Plugin, Conflict string
	Why, Extra, Risks, Warnings, Hints          []string
	Fields                                      []pageField
	Secrets                                     []pageSecret
}

type pageField struct {
	Path, Cause, Old, New string
	Lines                 []pageLine
}

type pageLine struct{ Class, Mark, Text string }

type pageSecret struct{ Class, Path, Word string }

func pageOf(s sheet) page {
	sum := sha256.Sum256([]byte(pageStyle))
	p := page{
		Style: htmltemplate.CSS(pageStyle), StyleHash: "sha256-" + base64.StdEncoding.EncodeToString(sum[:]),
		Offline: s.offline, Totals: totalWords(s), Fatal: fatalCount(s), Risks: riskCount(s), Next: s.next,
	}
	for _, a := range s.alarms {
		p.Urgent = append(p.Urgent, pageRisk{Text: a})
	}
	for _, fatal := range []bool{true, false} {
		for _, f := range s.findings {
			if f.fatal == fatal {
				p.Findings = append(p.Findings, pageFinding{fatal, place(f.Pos), f.Message, f.Hints})
			}
		}
	}
	for i, t := range s.sections {
		p.section(fmt.Sprintf("t%d", i+1), t)
	}
	p.Filters = filters(s)
	return p
}

// section adds a target, and what of it belongs to the top of the page.
func (p *page) section(anchor string, t section) {
	out := pageSection{Anchor: anchor, Target: t.target, Place: t.place, Want: t.want, Known: t.known, Unchanged: t.unchanged, Notes: t.notes}
	for _, f := range t.files {
		out.Files = append(out.Files, pageFile{f.path, strings.Join(f.words, ", "), f.risky})
		if f.risky {
			p.Urgent = append(p.Urgent, pageRisk{File: f.path, Text: strings.Join(f.words, ", ")})
		}
	}
	for i, c := range t.cards {
		card := p.card(fmt.Sprintf("%s-%d", anchor, i+1), c)
		p.Changes++
		if len(card.Risks) > 0 {
			p.RiskyCards++
		}
		for _, r := range card.Risks {
			p.Urgent = append(p.Urgent, pageRisk{card.Anchor, t.target, c.name, "", r})
		}
		if n := len(out.Groups); n == 0 || out.Groups[n-1].Action != string(c.action) {
			out.Groups = append(out.Groups, pageGroup{Action: string(c.action), Mark: symbols[c.action]})
		}
		last := &out.Groups[len(out.Groups)-1]
		last.Cards, last.Risky = append(last.Cards, card), last.Risky || len(card.Risks) > 0
	}
	p.Sections = append(p.Sections, out)
}

// symbols stand before an action's word, as in the text.
var symbols = map[diff.Action]string{
	diff.Create: "+", diff.Update: "~", diff.Rename: ">", diff.Adopt: "=", diff.Delete: "−", diff.Remove: "−",
	diff.Orphaned: "o", diff.Forget: "x", diff.Conflict: "!", diff.Unchanged: "·",
}

// filters are the actions that have cards.
func filters(s sheet) []pageFilter {
	counts := map[diff.Action]int{}
	for _, t := range s.sections {
		for _, c := range t.cards {
			counts[c.action]++
		}
	}
	var out []pageFilter
	for _, a := range actions {
		if counts[a] > 0 {
			out = append(out, pageFilter{string(a), symbols[a], counts[a]})
		}
	}
	return out
}

func (p *page) card(anchor string, c card) pageCard {
	out := pageCard{
		Anchor: anchor, Name: c.name, From: c.from, Plugin: c.plugin, Conflict: c.conflict,
		Why: c.why, Extra: c.extra, Warnings: c.warnings, Hints: c.hints,
	}
	if c.file != "" {
		out.Place = place(c.position())
	}
	for _, r := range c.risks {
		out.Risks = append(out.Risks, strings.TrimPrefix(r.text, riskMark))
	}
	for _, f := range c.fields {
		if p.Offline && f.cause == string(diff.Git) { // as everything here
			f.cause = ""
		}
		out.Fields = append(out.Fields, pageFieldOf(f))
	}
	for _, s := range c.secrets {
		out.Secrets = append(out.Secrets, pageSecret{secretClass[s.Word], bare(s.Path), string(s.Word)})
	}
	return out
}

var secretClass = map[diff.Word]string{
	diff.Set: "fresh", diff.Changed: "moved", diff.Same: "kept", diff.Removed: "gone", diff.Reencrypted: "moved", diff.Unverified: "moved",
}

func pageFieldOf(f cardField) pageField {
	out := pageField{Path: f.path, Cause: f.cause, Old: f.old, New: f.new}
	for _, run := range f.lines {
		for _, l := range run.lines {
			line := pageLine{"same", " ", strings.ReplaceAll(l, "\t", "    ")}
			switch run.kind {
			case diffmatchpatch.DiffDelete:
				line.Class, line.Mark = "gone", "-"
			case diffmatchpatch.DiffInsert:
				line.Class, line.Mark = "new", "+"
			}
			out.Lines = append(out.Lines, line)
		}
	}
	return out
}

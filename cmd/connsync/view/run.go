package view

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"connsync/apply"
	"connsync/diff"
)

// Run is a whole sync, before it is put into words.
type Run struct {
	DryRun   bool
	Plans    []diff.Plan
	Reports  []apply.Report // their errors in words: see Said
	Errors   []Said         // what kept targets from being planned, or the run from going on
	ExitCode int
	Next     string // the command to go on with; "" for none
}

// RunPage is a sync in words and in order, before a format lays it out.
type RunPage struct {
	DryRun   bool
	Errors   []Said
	Risks    []Risk
	Targets  []RunTarget // in order of name
	Shown    []Tally     // the existing groups, of all targets
	Tally    string      // of all outcomes
	Done     int         // changes carried out
	ExitCode int
	Plan     string // the hash
	Next     string
}

// RunTarget is one target of a sync.
type RunTarget struct {
	Target
	Ran     bool // its plan was carried out, as far as the rest says
	Report  Report
	Run     string // the run's id
	Began   string
	Took    string
	Results []RunGroup
}

// RunGroup is the changes of one outcome, or of one action where nothing was carried out.
type RunGroup struct {
	Word  string
	Cards []RunCard
}

// RunCard is a change as it was planned, and what became of it.
type RunCard struct {
	Card
	Result Result // without an outcome where the plan was not carried out
}

// Tally is how often an outcome, or an action, stands in all targets.
type Tally struct {
	Word string
	N    int
}

// Page puts a run into words.
func (r Run) Page() RunPage {
	plans, reports := r.byTarget()
	shown := Diff{Plans: plans}.Page(false)
	p := RunPage{DryRun: r.DryRun, Errors: r.Errors, Risks: shown.Risks(), ExitCode: r.ExitCode, Plan: diff.Hash(r.Plans...), Next: r.Next}
	counts, outcomes := map[string]int{}, map[apply.Outcome]int{}
	for i, t := range shown.Targets {
		ran := runTarget(t, reports[i])
		for _, g := range ran.Results {
			counts[g.Word] += len(g.Cards)
		}
		if ran.Ran {
			for _, res := range reports[i].Results {
				outcomes[res.Outcome]++
			}
		}
		p.Targets = append(p.Targets, ran)
	}
	for _, word := range RunWords() {
		if counts[word] > 0 {
			p.Shown = append(p.Shown, Tally{word, counts[word]})
		}
	}
	for _, o := range carriedOut {
		p.Done += outcomes[o]
	}
	p.Tally = tally(outcomes)
	return p
}

// byTarget are the plans of all targets in order of name, each with its report; nil where it has none.
func (r Run) byTarget() (plans []diff.Plan, reports []*apply.Report) {
	type one struct {
		plan   diff.Plan
		report *apply.Report
	}
	var all []one
	done := map[string]bool{}
	for i, report := range r.Reports {
		done[report.Target] = true
		plan := report.Plan
		plan.Target = report.Target
		all = append(all, one{plan, &r.Reports[i]})
	}
	for _, p := range r.Plans {
		if !done[p.Target] {
			all = append(all, one{p, nil})
		}
	}
	slices.SortStableFunc(all, func(a, b one) int { return cmp.Compare(a.plan.Target, b.plan.Target) })
	for _, o := range all {
		plans, reports = append(plans, o.plan), append(reports, o.report)
	}
	return plans, reports
}

// runTarget joins a target's plan with what became of it.
func runTarget(t Target, r *apply.Report) RunTarget {
	out := RunTarget{Target: t}
	if r == nil {
		out.Results = grouped(plain(t.Cards))
		return out
	}
	out.Ran, out.Report, out.Run = true, OfReport(*r), r.Run
	if !r.Started.IsZero() {
		out.Began, out.Took = r.Started.UTC().Format("2006-01-02 15:04:05 UTC"), r.Took.Round(100*time.Millisecond).String()
	}
	out.Results = grouped(joined(t, r.Results))
	return out
}

func plain(cards []Card) (out []RunCard) {
	for _, c := range cards {
		out = append(out, RunCard{Card: c})
	}
	return out
}

// joined are a target's cards with their results. A result without a card is shown too, unless nothing is said of it.
func joined(t Target, results []apply.Result) []RunCard {
	type key struct {
		name   string
		action diff.Action
	}
	at, out := map[key]int{}, plain(t.Cards)
	for i, c := range out {
		at[key{c.Name, c.Action}] = i
	}
	for _, res := range results {
		i, planned := at[key{res.Name, res.Action}]
		switch {
		case planned:
			out[i].Result = resultOf(res)
		case !quiet(res):
			card := Card{Anchor: fmt.Sprintf("%s-%d", t.Anchor, len(out)+1), Action: res.Action, Name: res.Name, File: res.Pos.File, Line: res.Pos.Line}
			out = append(out, RunCard{card, resultOf(res)})
		}
	}
	return out
}

// grouped puts cards of one word together, in the order of RunWords.
func grouped(cards []RunCard) (out []RunGroup) {
	for _, word := range RunWords() {
		g := RunGroup{Word: word}
		for _, c := range cards {
			if c.Word() == word {
				g.Cards = append(g.Cards, c)
			}
		}
		if len(g.Cards) > 0 {
			out = append(out, g)
		}
	}
	return out
}

// Word is a card's outcome; its action where nothing was carried out.
func (c RunCard) Word() string { return cmp.Or(string(c.Result.Outcome), string(c.Action)) }

// RunWords are the words of all groups, in order: what was planned, and what became of it.
func RunWords() (out []string) {
	for _, a := range Actions {
		if !slices.Contains(apply.Outcomes, apply.Outcome(a)) { // some are both
			out = append(out, string(a))
		}
	}
	for _, o := range apply.Outcomes {
		out = append(out, string(o))
	}
	return out
}

// RunMark is the symbol of an outcome or an action. It goes together with the word.
func RunMark(word string) string {
	was := map[string]diff.Action{
		"created": diff.Create, "updated": diff.Update, "adopted": diff.Adopt, "deleted": diff.Delete, "forgotten": diff.Forget,
		"refused": diff.Conflict, "failed": diff.Conflict, "unknown": diff.Incomplete, "skipped": diff.Unchanged,
	}[word]
	return Mark(cmp.Or(was, diff.Action(word)))
}

// Headline says in a few words how it went.
func (p RunPage) Headline() string {
	switch {
	case p.DryRun:
		return "Dry run: nothing was sent"
	case p.Done > 0:
		return Count(p.Done, "change") + " carried out"
	case p.ExitCode == 0:
		return "Nothing to do"
	}
	return "No change was carried out"
}

// Bad are the outcomes that did not go as planned, with how many there are of each; none of a plan alone.
func (p RunPage) Bad() (out []Tally) {
	for _, t := range p.Shown {
		if !p.DryRun && slices.Contains(undone, apply.Outcome(t.Word)) {
			out = append(out, t)
		}
	}
	return out
}

// Ran tells whether anything was carried out, as far as the results say.
func (p RunPage) Ran() bool {
	return slices.ContainsFunc(p.Targets, func(t RunTarget) bool { return t.Ran })
}

// Interrupted tells whether a target's run was.
func (p RunPage) Interrupted() bool {
	return slices.ContainsFunc(p.Targets, func(t RunTarget) bool { return t.Report.Ended != "" })
}

// Title is the page's name in a list of windows.
func (p RunPage) Title() string {
	if p.Done > 0 {
		return p.Tally
	}
	return strings.ToLower(p.Headline()[:1]) + p.Headline()[1:]
}

package view

import (
	"fmt"
	"iter"
	"slices"

	"connsync/diff"
)

// Actions are all of them, in the order shown: what must not be overlooked comes last, next to the totals.
var Actions = []diff.Action{
	diff.Create, diff.Update, diff.Rename, diff.Adopt, diff.Delete, diff.Remove, diff.Unchanged, diff.Orphaned, diff.Forget, diff.Incomplete, diff.Conflict,
}

// Mark is an action's symbol. It goes together with the word: colour is an addition.
func Mark(a diff.Action) string {
	return map[diff.Action]string{
		diff.Create: "+", diff.Update: "~", diff.Rename: ">", diff.Adopt: "=", diff.Delete: "-", diff.Remove: "-",
		diff.Unchanged: "·", diff.Orphaned: "o", diff.Forget: "x", diff.Incomplete: "?", diff.Conflict: "!",
	}[a]
}

// Count is "1 file" or "3 files".
func Count(n int, one string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %ss", n, one)
}

// always are the actions whose count is said also where it is none.
var always = []diff.Action{diff.Create, diff.Update, diff.Unchanged}

// TotalWords say the totals, one part each.
func (p Page) TotalWords() []string {
	var out []string
	for _, t := range p.Totals {
		live := !p.Offline && (t.Action == diff.Adopt || t.Action == diff.Delete)
		if t.N == 0 && !slices.Contains(always, t.Action) && !live {
			continue
		}
		switch t.Action {
		case diff.Unchanged, diff.Orphaned, diff.Incomplete:
			out = append(out, fmt.Sprintf("%d %s", t.N, t.Action))
		case diff.Conflict:
			out = append(out, Count(t.N, "conflict"))
		default:
			out = append(out, fmt.Sprintf("%d to %s", t.N, t.Action))
		}
	}
	return out
}

// Changes are all cards, each with its target.
func (p Page) Changes() iter.Seq2[Target, Card] {
	return func(yield func(Target, Card) bool) {
		for _, t := range p.Targets {
			for _, c := range t.Cards {
				if !yield(t, c) {
					return
				}
			}
		}
	}
}

// Count is how many cards there are.
func (p Page) Count() (n int) {
	for range p.Changes() {
		n++
	}
	return n
}

// Risky is how many changes are of high risk.
func (p Page) Risky() (n int) {
	for _, c := range p.Changes() {
		n += min(len(c.Risks), 1)
	}
	return n
}

// Shown are the actions with cards, and how many.
func (p Page) Shown() (out []Total) {
	counts := map[diff.Action]int{}
	for _, c := range p.Changes() {
		counts[c.Action]++
	}
	for _, a := range Actions {
		if counts[a] > 0 {
			out = append(out, Total{a, counts[a]})
		}
	}
	return out
}

// Risks are all high risks: of the rules first, then of each target's files and connections.
func (p Page) Risks() []Risk {
	var out []Risk
	for _, a := range p.Alarms {
		out = append(out, Risk{Text: a.Text})
	}
	return append(out, p.ChangeRisks()...)
}

// ChangeRisks are the high risks of each target's files and connections.
func (p Page) ChangeRisks() []Risk {
	var out []Risk
	for _, t := range p.Targets {
		for _, f := range t.Files {
			if f.Risky {
				out = append(out, Risk{File: f.Path, Text: f.Said()})
			}
		}
		for _, c := range t.Cards {
			for _, r := range c.Risks {
				r.Target, r.Name, r.Anchor, r.File = t.Name, c.Name, c.Anchor, c.File
				out = append(out, r)
			}
		}
	}
	return out
}

// Fatal is how many findings a sync would fail at: those first in FatalFirst.
func (p Page) Fatal() int {
	return slices.IndexFunc(append(p.FatalFirst(), Finding{}), func(f Finding) bool { return !f.Fatal })
}

// FatalFirst are the findings, those first that a sync would fail at.
func (p Page) FatalFirst() (out []Finding) {
	for _, fatal := range []bool{true, false} {
		for _, f := range p.Findings {
			if f.Fatal == fatal {
				out = append(out, f)
			}
		}
	}
	return out
}

// Group is cards of one action, one after the other.
type Group struct {
	Action diff.Action
	Cards  []Card
}

// Groups are a target's cards, by action.
func (t Target) Groups() []Group {
	var out []Group
	for _, c := range t.Cards {
		if n := len(out); n == 0 || out[n-1].Action != c.Action {
			out = append(out, Group{Action: c.Action})
		}
		last := &out[len(out)-1]
		last.Cards = append(last.Cards, c)
	}
	return out
}

// Risky tells whether a card of the group is of high risk.
func (g Group) Risky() bool {
	return slices.ContainsFunc(g.Cards, func(c Card) bool { return len(c.Risks) > 0 })
}

// NextSays is what the next command is for.
func (p Page) NextSays() string {
	if p.Offline {
		return "What a sync would do to the workspaces as they are"
	}
	return "To carry out exactly this plan"
}

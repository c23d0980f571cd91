package view

import (
	"slices"

	"connsync/diff"
)

// mostCards is how many changes a terminal shows one by one. No one reads more.
const mostCards = 100

// alone are the actions shown one by one, however many there are.
var alone = []diff.Action{diff.Delete, diff.Remove, diff.Conflict, diff.Incomplete}

// Sum is many changes of a kind and a plugin, in one line.
type Sum struct {
	Action diff.Action
	Of     string // the plugin
	N      int
	First  []string // a few of the names
}

// Long tells whether a page has more changes than a terminal shows one by one.
func (p Page) Long() bool {
	n := 0
	for range p.Changes() {
		n++
	}
	return n > mostCards
}

// Sums are a target's changes in few lines, and the changes shown one by one all the same: what deletes, what is in conflict or incomplete,
// and whatever has a risk or a warning.
func (t Target) Sums() (sums []Sum, cards []Card) {
	const few = 3
	for _, c := range t.Cards {
		if slices.Contains(alone, c.Action) || len(c.Risks)+len(c.Warnings) > 0 || c.Conflict != "" {
			cards = append(cards, c)
			continue
		}
		i := slices.IndexFunc(sums, func(s Sum) bool { return s.Action == c.Action && s.Of == c.Of })
		if i < 0 {
			i, sums = len(sums), append(sums, Sum{Action: c.Action, Of: c.Of})
		}
		if sums[i].N++; sums[i].N <= few {
			sums[i].First = append(sums[i].First, c.Name)
		}
	}
	return sums, cards
}

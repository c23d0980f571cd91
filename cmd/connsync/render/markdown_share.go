package render

import (
	"slices"

	"connsync/cmd/connsync/view"
	"connsync/diff"
)

// mdPiece is a piece of a page, kept or left out as one.
type mdPiece struct {
	text      md
	action    diff.Action // of a row
	below     *mdPiece    // of a change of rules: the line of its file; without this line it says nothing
	important bool        // of details: of high risk
	kept      bool
}

// take keeps a piece where it fits.
func (i *mdPiece) take(room *int) {
	if !i.kept && len(i.text) <= *room && (i.below == nil || i.below.kept) {
		i.kept = true
		*room -= len(i.text)
	}
}

// mdGroup is pieces with a common reserve.
type mdGroup struct {
	what  md  // that are left out, for more than one
	share int // of the room, in thousandths
	items []*mdPiece
}

// left is how many pieces are left out.
func (g mdGroup) left() (n int) {
	for _, i := range g.items {
		if !i.kept {
			n++
		}
	}
	return n
}

// mdGroups are a page's, those first that take the room that others do not need. mdFit knows the first six by their place:
// rules (files, then changes), risks, two of findings, and notes; rows come last.
func mdGroups(p mdPage) []mdGroup {
	files, changes := mdParted(p.rules, func(i *mdPiece) bool { return i.below == nil })
	groups := []mdGroup{
		{"rules files", 120, files}, {"rule changes", 80, changes}, {"high risks", 180, p.risks},
		{"that will fail", 150, p.fatal}, {"warnings", 60, p.doubts}, {"notes", 60, p.notes},
	}
	rows := p.rows
	for _, of := range mdActions() {
		var some []*mdPiece
		some, rows = mdParted(rows, func(i *mdPiece) bool { return slices.Contains(of.actions, i.action) })
		groups = append(groups, mdGroup{of.what, of.share, some})
	}
	return groups
}

type mdAction struct {
	what    md
	share   int
	actions []diff.Action
}

// mdActions are the groups of rows: what is lost and what is not decided first.
func mdActions() []mdAction {
	out := []mdAction{{"to delete or remove", 90, []diff.Action{diff.Delete, diff.Remove}}, {"conflicts", 80, []diff.Action{diff.Conflict}}}
	for _, a := range view.Actions {
		switch a {
		case diff.Delete, diff.Remove, diff.Conflict:
		case diff.Unchanged, diff.Orphaned, diff.Incomplete:
			out = append(out, mdAction{md(a), 20, []diff.Action{a}})
		default:
			out = append(out, mdAction{"to " + md(a), 20, []diff.Action{a}})
		}
	}
	return out
}

// mdShare keeps of each group what its reserve takes, then gives what is left of all reserves to the groups in their order.
// It returns the room left. A piece too large for it is passed over, so that it leaves out no other.
func mdShare(groups []mdGroup, room int) (left int) {
	left = room
	for _, g := range groups {
		share := room * g.share / 1000
		before := share
		for _, i := range g.items {
			i.take(&share)
		}
		left -= before - share
	}
	for _, g := range groups {
		for _, i := range g.items {
			i.take(&left)
		}
	}
	return left
}

func mdParted(items []*mdPiece, is func(*mdPiece) bool) (yes, no []*mdPiece) {
	for _, i := range items {
		if is(i) {
			yes = append(yes, i)
		} else {
			no = append(no, i)
		}
	}
	return yes, no
}

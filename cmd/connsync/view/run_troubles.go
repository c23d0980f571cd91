package view

import (
	"cmp"
	"slices"

	"connsync/apply"
)

// Trouble is something that did not go as planned, and where.
type Trouble struct {
	Target, Name string
	Anchor       string
	Word         string
	Text         string
	Hints        []string
}

const notConfirmed = "not confirmed"

// pressing are the words of troubles, in order: what is whole comes before what is one connection's, what was sent before what was not.
var pressing = []string{"", string(apply.Unknown), string(apply.Failed), string(apply.Refused), string(apply.Conflicted), notConfirmed}

// Troubles are all that did not go as planned, of all targets: the most pressing first.
func (p RunPage) Troubles() (out []Trouble) {
	for _, e := range p.Errors {
		out = append(out, Trouble{Text: e.Message, Hints: e.Hints})
	}
	for _, t := range p.Targets {
		if f := t.Report.Failure; f != nil {
			out = append(out, Trouble{Target: t.Name, Anchor: t.Anchor, Text: f.Message, Hints: f.Hints})
		}
		for _, g := range t.Results {
			for _, c := range g.Cards {
				if trouble, is := c.trouble(t.Name); is {
					out = append(out, trouble)
				}
			}
		}
	}
	slices.SortStableFunc(out, func(a, b Trouble) int {
		return cmp.Compare(slices.Index(pressing, a.Word), slices.Index(pressing, b.Word))
	})
	return out
}

// trouble is a card for a reader to look at.
func (c RunCard) trouble(target string) (Trouble, bool) {
	out := Trouble{Target: target, Name: c.Name, Anchor: c.Anchor, Word: c.Word()}
	switch said := c.Result.Said; {
	case said != nil:
		out.Text, out.Hints = said.Message, said.Hints
	case c.Conflict != "":
		out.Text, out.Hints = c.Conflict, c.Hints
	case c.Result.Unproven:
		out.Word, out.Text = notConfirmed, "SecMaster answered that it is done, and shows nothing that would prove it"
	default:
		return Trouble{}, false
	}
	return out, true
}

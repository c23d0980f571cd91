package view

import (
	"fmt"
	"testing"

	"connsync/diff"
)

func TestWhatIsSummedAndWhatIsNot(t *testing.T) {
	page := func(n int) Page {
		var target Target
		for i := range n {
			target.Cards = append(target.Cards, Card{Action: diff.Create, Name: fmt.Sprint("a", i), Of: "A"})
		}
		return Page{Targets: []Target{target}}
	}
	if page(mostCards).Long() || !page(mostCards+1).Long() {
		t.Error("a page of so many changes is long, or one of more is not")
	}
	many := page(2).Targets[0]
	many.Cards = append(many.Cards, Card{Action: diff.Update, Name: "u1", Of: "A"}, Card{Action: diff.Update, Name: "u2", Of: "B"})
	one := []Card{
		{Action: diff.Delete, Name: "deleted"}, {Action: diff.Remove, Name: "removed"}, {Action: diff.Conflict, Name: "conflict"}, {Action: diff.Incomplete, Name: "incomplete"},
		{Action: diff.Update, Name: "risky", Risks: []Risk{{Text: "x"}}}, {Action: diff.Create, Name: "warned", Warnings: []string{"x"}}, {Action: diff.Update, Name: "odd", Conflict: "x"},
	}
	many.Cards = append(many.Cards, one...)
	many.Cards = append(many.Cards, page(6).Targets[0].Cards...)
	sums, cards := many.Sums()
	if got := fmt.Sprint(sums); got != "[{create A 8 [a0 a1 a0]} {update A 1 [u1]} {update B 1 [u2]}]" {
		t.Error(got)
	}
	if fmt.Sprint(cards) != fmt.Sprint(one) {
		t.Errorf("%v", cards)
	}
}

package view

import (
	"testing"

	"connsync/diff"
)

// Actions are shown in their order, and what has no place in it behind all others.
func TestAnUnknownActionComesLast(t *testing.T) {
	for i, a := range Actions {
		if rank(a) != i || rank(diff.Action("new")) <= rank(a) {
			t.Errorf("%s is in place %d, another one in %d", a, rank(a), rank(diff.Action("new")))
		}
	}
}

package state

import (
	"reflect"
	"slices"

	"connsync/diff"
)

// onto is what of an edit of one snapshot holds for a later one, made by another run meanwhile: what this run wrote, and
// whatever the other one left as it was. Neither its announcement nor what it did may get lost.
func (e Edit) onto(before, now Snapshot) *Edit {
	wrote := func(name string) bool { return before.Run != nil && before.Intents[name].Run == before.Run.ID }
	same := func(name string) bool { return reflect.DeepEqual(before.Known[name], now.Known[name]) }
	e.recorded = slices.DeleteFunc(slices.Clone(e.recorded), func(k diff.Known) bool { return !wrote(k.Name) && !same(k.Name) })
	e.forgotten = slices.DeleteFunc(slices.Clone(e.forgotten), func(f forgotten) bool { return !same(f.name) })
	e.settled = slices.DeleteFunc(slices.Clone(e.settled), func(name string) bool { return before.Intents[name].Run != now.Intents[name].Run })
	e.endsRun = e.endsRun && before.Run != nil && now.Run != nil && before.Run.ID == now.Run.ID
	if before.Applied != now.Applied {
		e.applied = nil
	}
	return &e
}

package state

import (
	"reflect"

	"connsync/diff"
)

// onto is what of an edit of one snapshot holds for a later one, which somebody else made meanwhile: what this run wrote, and
// whatever the other one left as it was. Neither its announcement nor what it did may get lost.
func (e Edit) onto(before, now Snapshot) Edit {
	wrote := func(name string) bool { return before.Run != nil && before.Intents[name].Run == before.Run.ID }
	same := func(name string) bool { return reflect.DeepEqual(before.Known[name], now.Known[name]) }
	var put []diff.Known
	for _, k := range e.Put {
		if wrote(k.Name) || same(k.Name) {
			put = append(put, k)
		}
	}
	e.Put = put
	e.Drop = kept(e.Drop, same)
	e.Settle = kept(e.Settle, func(name string) bool { return before.Intents[name].Run == now.Intents[name].Run })
	e.EndRun = e.EndRun && before.Run != nil && now.Run != nil && before.Run.ID == now.Run.ID
	if before.Applied != now.Applied {
		e.Applied = ""
	}
	return e
}

func kept(names []string, keep func(string) bool) []string {
	var out []string
	for _, name := range names {
		if keep(name) {
			out = append(out, name)
		}
	}
	return out
}

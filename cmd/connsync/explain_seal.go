package main

import (
	"errors"

	"connsync/apply"
	"connsync/cmd/connsync/view"
	"connsync/manifest"
)

// explainSeal says why the secrets of a connection stay here: its seal does not let them go where it leads.
func explainSeal(err error) (string, []string, bool) {
	var e *apply.SealError
	if !errors.As(err, &e) {
		return "", nil, false
	}
	hints := []string{manifest.SealHint(e.File)}
	switch e.Fault {
	case apply.SealDiffers:
		return "not sent: " + view.List(view.Paths(e.Fields)) + " is not what was sealed", append([]string{"undo the change, if no holder of the key made it"}, hints...), true
	case apply.SealOlder:
		return "not sent: its seal is older than one that was applied, or that stands in the history", append([]string{"an older version came back: if that is meant, seal it anew"}, hints...), true
	case apply.SealFuture:
		return "not sent: its seal is of a time to come, so it was made up, or a clock is wrong", hints, true
	}
	return "not sent: what stands as its seal is none, or one of another version", hints, true
}

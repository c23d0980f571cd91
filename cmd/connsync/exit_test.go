package main

import "testing"

func TestTheHeaviestCodeWins(t *testing.T) {
	order := []int{exitInterrupted, exitUnknown, exitPartly, exitRefused, exitFailed, exitPending, exitDone}
	for i, a := range order {
		for _, b := range order[i:] {
			if heavier(a, b) != a || heavier(b, a) != a {
				t.Errorf("of %d and %d comes %d", a, b, heavier(a, b))
			}
		}
	}
}

package main

import (
	"runtime"
	"runtime/debug"
	"testing"
	"time"
)

// gcPercent is what holds now.
func gcPercent() int {
	now := debug.SetGCPercent(usualGC)
	debug.SetGCPercent(now)
	return now
}

func TestOnlyTheFirstCollectionComesLater(t *testing.T) {
	before := debug.SetGCPercent(usualGC)
	t.Cleanup(func() { debug.SetGCPercent(before) })
	for then, before := range map[int]func(){usualGC: func() {}, keepingGC: keepsAll} {
		debug.SetGCPercent(usualGC)
		firstCollection()
		if now := gcPercent(); now != 4*usualGC {
			t.Errorf("at the start GOGC is %d", now)
		}
		if before(); then == keepingGC && gcPercent() != 12*usualGC {
			t.Errorf("for a command that keeps all, GOGC is %d", gcPercent())
		}
		for end := time.Now().Add(time.Minute); gcPercent() != then; runtime.GC() {
			if time.Now().After(end) {
				t.Fatalf("a GOGC of %d does not come", then)
			}
		}
	}
	afterFirst.Store(usualGC)
	if keepsAll(); gcPercent() != keepingGC { // after the first collection
		t.Errorf("a command that keeps all waits for its second collection with a GOGC of %d", gcPercent())
	}
	debug.SetGCPercent(50)
	afterFirst.Store(0)
	firstCollection()
	if keepsAll(); gcPercent() != 50 || afterFirst.Load() != 0 {
		t.Error("a GOGC of the user's does not stay")
	}
}

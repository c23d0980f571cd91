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
		before()
		for end := time.Now().Add(time.Minute); gcPercent() != then; runtime.GC() {
			if time.Now().After(end) {
				t.Fatalf("a GOGC of %d does not come", then)
			}
		}
	}
	debug.SetGCPercent(50)
	afterFirst.Store(0)
	firstCollection()
	if keepsAll(); gcPercent() != 50 || afterFirst.Load() != 0 {
		t.Error("a GOGC of the user's does not stay")
	}
}

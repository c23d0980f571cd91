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
	firstCollection()
	if now := gcPercent(); now != 4*usualGC {
		t.Errorf("at the start GOGC is %d", now)
	}
	for end := time.Now().Add(time.Minute); gcPercent() != usualGC; runtime.GC() {
		if time.Now().After(end) {
			t.Fatal("the usual GOGC does not come back")
		}
	}
	debug.SetGCPercent(50)
	if firstCollection(); gcPercent() != 50 {
		t.Error("a GOGC of the user's does not stay")
	}
}

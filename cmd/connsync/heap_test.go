package main

import (
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"testing"
	"time"

	"connsync/manifest/gitfs"
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

// The garbage collection that asking for huge pages takes is not the first one: that is the next.
func TestAskingForHugePagesIsNoCollection(t *testing.T) {
	before := debug.SetGCPercent(usualGC)
	t.Cleanup(func() { debug.SetGCPercent(before) })
	firstCollection()
	collect := func() { // until what it collects is cleaned up
		cleaned := make(chan bool)
		runtime.AddCleanup(new([32]byte), func(c chan bool) { close(c) }, cleaned)
		runtime.GC()
		<-cleaned
	}
	withoutFirst(collect)
	if collected.Load() || gcPercent() != 4*usualGC {
		t.Errorf("it counts as the first collection: GOGC is %d", gcPercent())
	}
	for range 100 {
		if collect(); collected.Load() {
			return
		}
	}
	t.Error("the next one does not count")
}

// Huge pages are asked for where there are many files, or no one can tell.
func TestWhoAsksForHugePages(t *testing.T) {
	dir := t.TempDir()
	runGit(t, dir, "init", "-q", "-b", "main")
	few, err := gitfs.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer few.Close()
	for what, r := range map[string]*gitfs.Repository{"no repository": nil, "few files": few} {
		if hasMany(r) {
			t.Errorf("%s: asked", what)
		}
	}
	if !hasMany(new(gitfs.Repository)) {
		t.Error("a clone in memory: not asked")
	}
	header := "DIRC\x00\x00\x00\x02\x00\x00\x01\xf4"
	if err := os.WriteFile(filepath.Join(few.CommonDir(), "index"), []byte(header), 0o600); err != nil || !hasMany(few) {
		t.Errorf("%d files: not asked, %v", few.Tracked(), err)
	}
}

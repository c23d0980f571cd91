package main

import (
	"encoding/binary"
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

// paced has garbage collected as connsync does, for a test.
func paced(t *testing.T) {
	before := debug.SetGCPercent(usualGC)
	t.Cleanup(func() { collected.Store(nil); debug.SetGCPercent(before) })
	collectLater()
}

// collect collects what no one holds, until it is cleaned up.
func collect() {
	cleaned := make(chan bool)
	runtime.AddCleanup(new([32]byte), func(c chan bool) { close(c) }, cleaned)
	runtime.GC()
	<-cleaned
}

func TestHowLongGarbageWaits(t *testing.T) {
	const mb = 1 << 20
	for _, c := range []struct {
		p             pace
		live, scanned int64
		want          int
	}{
		{pace{100, 24 * mb}, 0, 0, 600},             // before the first collection: 6 times the 4 MB of a GOGC of 100
		{pace{100, 24 * mb}, 1 * mb, 4 * mb, 575},   // 1 + 5.75 × 4 = 24
		{pace{100, 24 * mb}, 1 * mb, 1 * mb, 600},   // no more than stands for 24 MB by itself
		{pace{100, 24 * mb}, 8 * mb, 12 * mb, 133},  // 8 + 1.33 × 12 = 24
		{pace{100, 24 * mb}, 20 * mb, 24 * mb, 100}, // from here on as Go does
		{pace{100, 24 * mb}, 400 * mb, 404 * mb, 100},
		{pace{50, 48 * mb}, 0, 0, 1200},
		{pace{50, 48 * mb}, 60 * mb, 64 * mb, 50},
	} {
		if got := c.p.percent(c.live, c.scanned); got != c.want {
			t.Errorf("%+v, %d MB live, %d MB looked through: GOGC is %d, not %d", c.p, c.live/mb, c.scanned/mb, got, c.want)
		}
	}
}

// After each collection the pace is set anew: with much in use, it is Go's, and with little again, it waits again.
func TestThePaceFollowsWhatIsInUse(t *testing.T) {
	paced(t)
	if now := gcPercent(); now != 600 {
		t.Errorf("at the start GOGC is %d", now)
	}
	becomes := func(what string, is func(percent int) bool) {
		t.Helper()
		for end := time.Now().Add(time.Minute); !is(gcPercent()); collect() {
			if time.Now().After(end) {
				t.Fatalf("%s: GOGC stays %d", what, gcPercent())
			}
		}
	}
	much := make([]byte, 64<<20)
	becomes("64 MB in use", func(p int) bool { return p == usualGC })
	runtime.KeepAlive(much)
	much = nil
	becomes("little in use", func(p int) bool { return p > usualGC })
	keepsAll()
	becomes("a command that keeps all, little in use", func(p int) bool { return p > keepingGC })
	much = make([]byte, 64<<20)
	becomes("a command that keeps all", func(p int) bool { return p == keepingGC })
	runtime.KeepAlive(much)
}

func TestAChosenGOGCStays(t *testing.T) {
	before := debug.SetGCPercent(50)
	t.Cleanup(func() { debug.SetGCPercent(before) })
	collectLater()
	keepsAll()
	for range 3 {
		collect()
	}
	if now := gcPercent(); now != 50 || collected.Load() != nil {
		t.Errorf("GOGC is %d", now)
	}
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

// Where many files are read, garbage waits for more, up to a most, unless the command keeps what it reads, or the user chose.
func TestWhereManyFilesAreReadGarbageWaits(t *testing.T) {
	index := func(files uint32) *gitfs.Repository {
		dir := t.TempDir()
		runGit(t, dir, "init", "-q", "-b", "main")
		r, err := gitfs.Open(dir)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = r.Close() })
		header := binary.BigEndian.AppendUint32([]byte("DIRC\x00\x00\x00\x02"), files)
		if err := os.WriteFile(filepath.Join(r.CommonDir(), "index"), header, 0o600); err != nil {
			t.Fatal(err)
		}
		return r
	}
	for files, want := range map[uint32]pace{499: {100, 24 << 20}, 1000: {100, 24<<20 + 1000*6<<10}, 100_000: {100, 80 << 20}} {
		paced(t)
		readsAll(index(files))
		if got := collected.Load(); got == nil || *got != want || gcPercent() < usualGC {
			t.Errorf("%d files: %+v, want %+v", files, got, want)
		}
		if now := gcPercent(); files >= many && now != collected.Load().now() && gcPercent() != collected.Load().now() { // a collection may come between
			t.Errorf("%d files: GOGC is still %d", files, now)
		}
	}
	paced(t)
	keepsAll()
	kept := *collected.Load()
	if readsAll(index(1000)); *collected.Load() != kept {
		t.Errorf("a command that keeps all: %+v", *collected.Load())
	}
	collected.Store(nil)
	if readsAll(index(1000)); collected.Load() != nil {
		t.Errorf("a chosen GOGC: %+v", *collected.Load())
	}
}

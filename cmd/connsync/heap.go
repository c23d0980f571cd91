package main

import (
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"sync/atomic"

	"connsync/cmd/connsync/hugepages"
	"connsync/manifest/gitfs"
)

// usualGC is the GOGC of a Go program, and keepingGC that of a command that keeps nearly all it reads: there is little garbage to wait for.
const (
	usualGC   = 100
	keepingGC = 40
)

// leastHeap is from how many bytes of heap on garbage is collected. Go begins at 4 MB, which a start alone makes; most commands end below, and one that sends
// thousands of requests has a few MB that stay, and much that does not.
const leastHeap = 24 << 20

// pace is when garbage is collected.
type pace struct {
	growth, least int64 // percent of what is in use, as GOGC, and bytes of heap
}

// collected is the pace of this process; nil where the user chose a GOGC.
var collected atomic.Pointer[pace]

// collectLater has garbage collected later than Go does, while there is little. A GOGC of the user's stays.
func collectLater() {
	p := &pace{usualGC, leastHeap}
	if was := debug.SetGCPercent(p.percent(0, 0)); was != usualGC {
		debug.SetGCPercent(was)
		return
	}
	collected.Store(p)
	afterCollection()
}

// afterCollection sets the pace anew after each garbage collection.
func afterCollection() {
	runtime.AddCleanup(new([16]byte), func(struct{}) { // no one holds it, so that it is collected by the next
		if p := collected.Load(); p != nil {
			debug.SetGCPercent(p.now())
			afterCollection()
		}
	}, struct{}{})
}

// now is the GOGC that holds until the next collection.
func (p *pace) now() int {
	uses := []metrics.Sample{{Name: "/gc/heap/live:bytes"}, {Name: "/gc/scan/globals:bytes"}, {Name: "/gc/scan/stack:bytes"}}
	metrics.Read(uses)
	live := int64(uses[0].Value.Uint64())
	return p.percent(live, live+int64(uses[1].Value.Uint64()+uses[2].Value.Uint64()))
}

// percent is the GOGC by which the next collection waits for the least heap, if what is in use asks for no more: the runtime adds a percentage of all that it looks
// through to what is in use, and a GOGC of 100 stands for 4 MB at least (see runtime/debug.SetGCPercent).
func (p *pace) percent(live, scanned int64) int {
	most := p.least * 100 / (4 << 20)
	if scanned == 0 {
		return int(most)
	}
	return int(min(max(p.growth, (p.least-live)*100/scanned), max(most, p.growth)))
}

// hold has garbage collected at this pace from now on.
func (p *pace) hold() {
	collected.Store(p)
	debug.SetGCPercent(p.now())
}

// keepsAll is called by a command that keeps nearly all it reads, before it reads much: there is little to collect below 48 MB, and the more often above.
func keepsAll() {
	if was := collected.Load(); was != nil {
		(&pace{keepingGC, 48 << 20}).hold()
	}
}

// perFile is what a file of one connection takes of the heap, in bytes, in the commands that keep most.
const perFile = 8 << 10

// Reading a manifest makes some 50 kB of garbage. It waits for so many bytes of heap a file more, up to a most: collecting it earlier was a tenth of the time
// of a validate of 10,000.
const (
	waitPerFile = 6 << 10
	waitMost    = 80 << 20
)

// many is from how many files on asking for huge pages pays: it takes as long as half of their manifests do.
const many = 500

// readsAll is called before a command reads all manifests of a repository: where they are many, it asks for huge pages, and garbage waits longer.
func readsAll(r *gitfs.Repository) {
	n := int64(filesOf(r))
	if n < many {
		return
	}
	hugepages.Ask(n * perFile)
	if was := collected.Load(); was != nil && was.growth == usualGC {
		(&pace{usualGC, min(leastHeap+n*waitPerFile, waitMost)}).hold()
	}
}

// hasMany tells whether a repository has many files.
func hasMany(r *gitfs.Repository) bool { return filesOf(r) >= many }

// filesOf is how many files a repository has: of a clone in memory, which does not tell, as many as are many.
func filesOf(r *gitfs.Repository) int {
	switch {
	case r == nil:
		return 0
	case r.CommonDir() == "":
		return many
	}
	return r.Tracked()
}

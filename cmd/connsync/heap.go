package main

import (
	"runtime"
	"runtime/debug"
	"sync/atomic"
	"weak"

	"connsync/cmd/connsync/hugepages"
	"connsync/manifest/gitfs"
)

// firstCollection has the first garbage collection wait for a heap of 16 MB instead of 4. A start alone makes more than 4, and most commands end below
// 16: so they collect nothing. From then on memory is collected as it always is. A GOGC of the user's stays.
func firstCollection() {
	if was := debug.SetGCPercent(4 * usualGC); was != usualGC {
		debug.SetGCPercent(was)
		return
	}
	afterFirst.Store(usualGC)
	collected.Store(false)
	sentinel := new([16]byte)
	untilFirst = weak.Make(sentinel)
	runtime.AddCleanup(sentinel, func(*atomic.Int64) {
		collected.Store(true)
		debug.SetGCPercent(int(afterFirst.Load()))
	}, &afterFirst)
}

// usualGC is the GOGC of a Go program, and keepingGC that of a command that keeps nearly all it reads: there is little garbage to wait for.
const (
	usualGC   = 100
	keepingGC = 50
)

// afterFirst is GOGC from the first collection on; 0 where the user chose it. collected tells whether that was, and untilFirst is what it collects.
var (
	afterFirst atomic.Int64
	collected  atomic.Bool
	untilFirst weak.Pointer[[16]byte]
)

// many is from how many files on asking for huge pages pays: it takes as long as half of their manifests do.
const many = 500

// readsAll is called before a command reads all manifests of a repository: where they are many, it asks for huge pages.
func readsAll(r *gitfs.Repository) {
	if hasMany(r) {
		withoutFirst(hugepages.Ask)
	}
}

// hasMany tells whether a repository has many files; a clone in memory may have.
func hasMany(r *gitfs.Repository) bool {
	return r != nil && (r.CommonDir() == "" || r.Tracked() >= many)
}

// withoutFirst does what takes a garbage collection that is not to count as the first.
func withoutFirst(do func()) {
	sentinel := untilFirst.Value()
	do()
	runtime.KeepAlive(sentinel)
}

// keepsAll is called by a command that keeps nearly all it reads, before it reads much. Its first garbage collection waits for 48 MB, since there would be little to
// collect before; the others come the sooner.
func keepsAll() {
	if !afterFirst.CompareAndSwap(usualGC, keepingGC) {
		return
	}
	debug.SetGCPercent(12 * usualGC)
	if collected.Load() {
		debug.SetGCPercent(keepingGC)
	}
}

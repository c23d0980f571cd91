package main

import (
	"runtime"
	"runtime/debug"
)

// firstCollection has the first garbage collection wait for a heap of 16 MB instead of 4. A start alone makes more than 4, and most commands end below
// 16: so they collect nothing. From then on memory is collected as it always is. A GOGC of the user's stays.
func firstCollection() {
	if was := debug.SetGCPercent(4 * usualGC); was != usualGC {
		debug.SetGCPercent(was)
		return
	}
	sentinel := new([16]byte)
	runtime.AddCleanup(sentinel, func(percent int) { debug.SetGCPercent(percent) }, usualGC)
}

// usualGC is the GOGC of a Go program.
const usualGC = 100

// Package hugepages has the heap on huge pages of 2 MiB where Linux gives them to a program that asks.
//
// A page of memory costs most when it is touched for the first time, and a short process touches
// nearly all of its pages once. With pages of 4 KiB that was a third of the time of a diff of
// 10,000 connections (docs/performance.md). Go's runtime does not ask for huge pages.
//
// Asking takes some milliseconds, so only a process that is going to need much memory does.
//
// GODEBUG=disablethp=1 turns it off, as it does for the runtime. So does a GOMEMLIMIT, because the
// runtime counts reserved addresses as memory.
package hugepages

import "sync"

// The least and the most of a heap that is on huge pages, in bytes. With less than the least, a diff of 10,000 connections is slower, and with more, asking is.
const (
	least = 128 << 20
	most  = 1 << 30
)

// Ask is called before much memory is touched: about so many bytes. It asks once, however often it is called.
func Ask(bytes int64) { asking.Do(func() { ask(int(min(max(bytes, least), most))) }) }

var asking sync.Once

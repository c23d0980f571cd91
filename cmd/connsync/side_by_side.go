package main

import (
	"sync"

	"golang.org/x/sync/errgroup"
)

// targetsOnce is how many targets are worked on side by side. Nearly all of the work is waiting for a server, and each holds a workspace in memory.
const targetsOnce = 4

// targetsOnce is how many targets this command works on side by side: with --verbose one, so that a target's requests stand together.
func (g *globals) targetsOnce() int {
	if g.Verbose {
		return 1
	}
	return targetsOnce
}

// sideBySide does something for each of n, so many at once, and begins with each in order. Of each that is done it hears in order, too, one at a time; of one
// at a time before the next begins. do does not panic.
func sideBySide(n, atOnce int, do, done func(i int)) {
	if atOnce == 1 {
		for i := range n {
			do(i)
			done(i)
		}
		return
	}
	ended := make([]chan struct{}, n)
	for i := range ended {
		ended[i] = make(chan struct{})
	}
	var all sync.WaitGroup
	defer all.Wait()
	all.Go(func() {
		var g errgroup.Group
		g.SetLimit(atOnce)
		for i := range n {
			g.Go(func() error { defer close(ended[i]); do(i); return nil })
		}
		_ = g.Wait()
	})
	for i := range n {
		<-ended[i]
		done(i)
	}
}

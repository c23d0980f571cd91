package main

import (
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
)

// crowd are stories told side by side: they wait for processes most of the time.
type crowd struct {
	t      *testing.T
	free   chan bool
	wg     sync.WaitGroup
	failed atomic.Int64
}

func newCrowd(t *testing.T) *crowd {
	return &crowd{t: t, free: make(chan bool, 2*runtime.GOMAXPROCS(0))}
}

// add tells one more story as soon as there is room.
func (c *crowd) add(tell func() error) {
	c.free <- true
	c.wg.Go(func() {
		defer func() { <-c.free }()
		if err := tell(); err != nil {
			c.failed.Add(1)
			c.t.Error(err)
		}
	})
}

// wait gives the number of stories with a bad end.
func (c *crowd) wait() int64 {
	c.wg.Wait()
	return c.failed.Load()
}

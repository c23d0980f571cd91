package main

import (
	"runtime"
	"sync"
	"testing"
)

// crowd are stories that are told side by side: they wait for processes most of the time.
type crowd struct {
	free chan bool
	wg   sync.WaitGroup
	mu   sync.Mutex
	errs []error
}

func newCrowd() *crowd { return &crowd{free: make(chan bool, 2*runtime.GOMAXPROCS(0))} }

// add tells one more story as soon as there is room.
func (c *crowd) add(tell func() error) {
	c.free <- true
	c.wg.Go(func() {
		defer func() { <-c.free }()
		if err := tell(); err != nil {
			c.mu.Lock()
			defer c.mu.Unlock()
			c.errs = append(c.errs, err)
		}
	})
}

// wait gives the number of stories that ended badly.
func (c *crowd) wait(t *testing.T) int {
	t.Helper()
	c.wg.Wait()
	for _, err := range c.errs {
		t.Error(err)
	}
	return len(c.errs)
}

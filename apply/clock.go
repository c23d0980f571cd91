package apply

import (
	"context"
	"time"

	"connsync/apply/secmaster"
)

// Clock is the time of a run. The zero Clock is the real one.
type Clock struct {
	Now   func() time.Time
	Sleep func(context.Context, time.Duration) error // returns the context's error when that ends first
}

func (c Clock) now() time.Time {
	if c.Now == nil {
		return time.Now()
	}
	return c.Now()
}

func (c Clock) sleep(ctx context.Context, d time.Duration) error {
	if c.Sleep != nil {
		return c.Sleep(ctx, d)
	}
	return secmaster.Sleep(ctx, d)
}

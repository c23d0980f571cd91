package gitfs

import (
	"context"
	"sync"
	"time"
)

// patience ends a context after some time. The time stands still while a person is asked.
type patience struct {
	mu    sync.Mutex
	timer *time.Timer
	since time.Time // when the timer was started
	left  time.Duration
	still int // how many questions are being asked
}

type patienceKey struct{}

// withPatience is context.WithTimeout for a time standing still while a person is asked. Where it is over, the context's cause is
// context.DeadlineExceeded.
func withPatience(ctx context.Context, d time.Duration) (context.Context, context.CancelFunc) {
	ctx, end := context.WithCancelCause(ctx)
	p := &patience{since: time.Now(), left: d}
	p.timer = time.AfterFunc(d, func() { end(context.DeadlineExceeded) })
	return context.WithValue(ctx, patienceKey{}, p), func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.timer.Stop()
		end(context.Canceled)
	}
}

// standsStill stops the time of a context until goesOn is called.
func standsStill(ctx context.Context) (goesOn func()) {
	p, ok := ctx.Value(patienceKey{}).(*patience)
	if !ok {
		return func() {}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.still++; p.still == 1 && p.timer.Stop() {
		p.left -= time.Since(p.since)
	}
	return func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		if p.still--; p.still == 0 {
			p.since = time.Now()
			p.timer.Reset(p.left)
		}
	}
}

package apply

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"connsync/apply/secmaster"
	"connsync/secrets"
)

const (
	brokenAfter = 5                       // after so many server errors in a row nothing more is sent
	finishIn    = 3 * time.Second         // what the write in flight gets after an interruption
	listIn      = 4 * time.Second         // … the closing list
	recordIn    = 4500 * time.Millisecond // … and sharing what was done; else it is kept in the clone
)

// breaker stops a run without prospect: credentials or workspace refused, or the server failing again and again.
type breaker struct {
	mu      sync.Mutex
	inARow  int
	stopped error
}

func (b *breaker) note(err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	var e *secmaster.Error
	if !errors.As(err, &e) {
		b.inARow = 0
		return
	}
	if e.Status < 500 {
		b.inARow = 0
	} else if b.inARow++; b.inARow >= brokenAfter {
		b.stopped = err
	}
	if errors.Is(err, secmaster.ErrDenied) || errors.Is(err, secmaster.ErrWorkspace) {
		b.stopped = err
	}
}

func (b *breaker) open() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.stopped
}

// send sends every write of one kind once, some at a time. What it does not get to stays untried: after an interruption or
// the run's expiry, or when going on has no prospect. It returns what stopped it.
func (s Sync) send(ctx context.Context, ws []*write, which func(*write) bool) error {
	inFlight, cancel := outlive(ctx, finishIn)
	defer cancel()
	inFlight, cancelExpiry := context.WithDeadline(inFlight, s.Run.Expires)
	defer cancelExpiry()
	var b breaker
	var done atomic.Int64
	var g errgroup.Group
	g.SetLimit(s.Parallelism)
	for _, w := range ws {
		if !which(w) {
			continue
		}
		g.Go(secrets.Contained(func() error {
			if ctx.Err() != nil || b.open() != nil || !s.Clock.now().Before(s.Run.Expires) {
				return nil
			}
			s.sendOne(inFlight, w)
			b.note(w.err)
			s.progress("writing", int(done.Add(1)), len(ws))
			return nil
		}))
	}
	return errors.Join(g.Wait(), b.open())
}

func (s Sync) sendOne(ctx context.Context, w *write) {
	w.tried = true
	var c secmaster.Connection
	panicked := secrets.Contained(func() error {
		switch {
		case w.deletes():
			w.sent, w.err = s.Client.Delete(ctx, w.change.ID)
		case w.creates():
			c, w.sent, w.err = s.Client.Create(ctx, w.body)
		default:
			c, w.sent, w.err = s.Client.Update(ctx, w.change.ID, w.body)
		}
		return nil
	})()
	if panicked != nil { // whether it was sent before is not known
		w.err = errors.Join(secmaster.ErrUnclear, panicked)
	}
	if w.err == nil {
		w.answer = &c
	}
}

// outlive is a context that ends some time after its parent does: a request
// under way when the run is interrupted is finished rather than left unclear.
func outlive(parent context.Context, grace time.Duration) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(context.WithoutCancel(parent))
	stop := context.AfterFunc(parent, func() {
		time.AfterFunc(grace, cancel)
	})
	return ctx, func() { stop(); cancel() }
}

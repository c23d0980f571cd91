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

// wire is the way of a run's writes: each is sent once, some at a time. What it does not get to stays untried: after an interruption or
// the run's expiry, or when going on has no prospect.
type wire struct {
	s        Sync
	ctx      context.Context
	inFlight context.Context // outlives ctx a little
	breaker  breaker
	turns    *turns
	group    errgroup.Group
	done     *atomic.Int64
	total    int
}

func (w *wire) over() bool {
	return w.ctx.Err() != nil || w.breaker.open() != nil || !w.s.Clock.now().Before(w.s.Run.Expires)
}

// send waits for a free place, and sends a write there.
func (w *wire) send(x *write) {
	w.group.Go(secrets.Contained(func() error {
		if w.over() {
			return nil
		}
		w.turns.occupied(func(away func()) { w.s.sendOne(secmaster.WhenAway(w.inFlight, away), x) })
		w.breaker.note(x.err)
		w.s.progress("writing", int(w.done.Add(1)), w.total)
		return nil
	}))
}

// send sends what the opening gives, and then what is deleted: by then its successor is there. It gives the writes it came to, and what stopped it.
func (s Sync) send(ctx context.Context, o *opening, total int) (ws []*write, err error) {
	inFlight, cancel := outlive(ctx, finishIn)
	defer cancel()
	inFlight, cancelExpiry := context.WithDeadline(inFlight, s.Run.Expires)
	defer cancelExpiry()
	var done atomic.Int64
	for _, next := range []func() *write{func() *write { return o.next(ctx) }, o.nextDelete} {
		w := &wire{s: s, ctx: ctx, inFlight: inFlight, turns: o.turns, done: &done, total: total}
		w.group.SetLimit(s.Parallelism)
		w.turns.places(s.Parallelism)
		for !w.over() {
			x := next()
			if x == nil {
				break
			}
			ws = append(ws, x)
			w.send(x)
		}
		o.end()
		if err = errors.Join(w.group.Wait(), w.breaker.open()); err != nil {
			return ws, err
		}
	}
	return ws, nil
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
	w.forget()
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

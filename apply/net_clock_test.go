package apply_test

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// hourglass is a time passing only while a run sleeps. What was put off happens on the way.
type hourglass struct {
	mu     sync.Mutex
	at     time.Time
	putOff []*putOff

	late    bool         // a request whose client has gone is executed later: time waits until that is put off, however busy the machine is
	leaving atomic.Int64 // such requests of which it is not put off yet
}

type putOff struct {
	at time.Time
	do func()
}

func (h *hourglass) now() time.Time {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.at
}

// after puts something off; stop tells whether it has not happened.
func (h *hourglass) after(d time.Duration, do func()) (stop func() bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	p := &putOff{h.at.Add(d), do}
	h.putOff = append(h.putOff, p)
	return func() bool {
		h.mu.Lock()
		defer h.mu.Unlock()
		i := slices.Index(h.putOff, p)
		if i >= 0 {
			h.putOff = slices.Delete(h.putOff, i, i+1)
		}
		return i >= 0
	}
}

func (h *hourglass) later(d time.Duration, do func()) {
	h.after(d, do)
	if h.late {
		h.leaving.Add(-1)
	}
}

// sleep lets time pass, and does not tell how long it took.
func (h *hourglass) sleep(ctx context.Context, d time.Duration) error {
	for h.leaving.Load() > 0 {
		time.Sleep(time.Millisecond)
	}
	h.pass(d)
	return ctx.Err()
}

// pass lets time pass, and tells whether something happened.
func (h *hourglass) pass(d time.Duration) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	end := h.at.Add(d)
	happened := false
	for {
		p := h.due(end)
		if p == nil {
			h.at = end
			return happened
		}
		happened = true
		h.at = p.at
		h.mu.Unlock()
		p.do()
		h.mu.Lock()
	}
}

// due takes what happens next, up to some time.
func (h *hourglass) due(end time.Time) *putOff {
	first := -1
	for i, p := range h.putOff {
		if !p.at.After(end) && (first < 0 || p.at.Before(h.putOff[first].at)) {
			first = i
		}
	}
	if first < 0 {
		return nil
	}
	p := h.putOff[first]
	h.putOff = slices.Delete(h.putOff, first, first+1)
	return p
}

// outwait is a server's sleep: where it makes a client give up, it ends when the client has gone.
func (h *hourglass) outwait(ctx context.Context, d time.Duration) error {
	if h.late {
		h.leaving.Add(1)
	}
	if h.pass(d) {
		select {
		case <-ctx.Done():
		case <-time.After(time.Second): // another sleeper gave up
		}
	}
	return ctx.Err()
}

package secmaster

import (
	"context"
	"errors"
	"io"
	"sync"
	"testing"
	"time"
)

// timers are what a client put off, and a time that passes when it is told to.
type timers struct {
	mu   sync.Mutex
	at   time.Duration
	ends map[int]timer
	next int
}

type timer struct {
	at time.Duration
	do func()
}

func (ts *timers) after(d time.Duration, do func()) func() bool {
	ts.mu.Lock()
	defer ts.mu.Unlock()
	if ts.ends == nil {
		ts.ends = map[int]timer{}
	}
	id := ts.next
	ts.next++
	ts.ends[id] = timer{ts.at + d, do}
	return func() bool {
		ts.mu.Lock()
		defer ts.mu.Unlock()
		_, there := ts.ends[id]
		delete(ts.ends, id)
		return there
	}
}

func (ts *timers) pass(d time.Duration) {
	ts.mu.Lock()
	ts.at += d
	var due []func()
	for id, t := range ts.ends {
		if t.at <= ts.at {
			due = append(due, t.do)
			delete(ts.ends, id)
		}
	}
	ts.mu.Unlock()
	for _, do := range due {
		do()
	}
}

func (ts *timers) left() int {
	ts.mu.Lock()
	defer ts.mu.Unlock()
	return len(ts.ends)
}

func TestAnAnswerMustKeepComing(t *testing.T) {
	for _, c := range []struct {
		what      string
		perSecond int // bytes
		seconds   int
		whole     bool
	}{
		{"at once", 0, 0, true},
		{"2 KiB a second", 2 << 10, 50, true},
		{"half a KiB a second", 512, 50, false},
		{"a byte a second", 1, 50, false},
		{"a byte a second, but few", 1, 8, true},
	} {
		ts := &timers{}
		r := &Reader{options: Options{After: ts.after}}
		ctx, cancel := context.WithCancelCause(t.Context())
		body, server := io.Pipe()
		go func() {
			for range c.seconds {
				_, _ = server.Write(make([]byte, c.perSecond)) // returns when the client has read it
				ts.pass(time.Second)
			}
			_ = server.Close()
		}()
		text, err := r.read(ctx, body, call{}, func() {
			cancel(errTooSlow)
			_ = body.CloseWithError(errTooSlow)
		})
		if c.whole && (err != nil || len(text) != c.perSecond*c.seconds) || !c.whole && (!errors.Is(err, errTooSlow) || text != nil) {
			t.Errorf("%s: %d bytes, %v", c.what, len(text), err)
		}
		if n := ts.left(); n != 0 {
			t.Errorf("%s: %d timers are left", c.what, n)
		}
	}
}

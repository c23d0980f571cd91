package secmaster

import (
	"bytes"
	"context"
	"errors"
	"io"
	"sync"
	"sync/atomic"
	"time"
)

// The bounds of what is read, after decompression. A page holds 200 connections or, with their logos, plugins.
const (
	maxAnswer = 8 << 20
	maxPage   = 16 << 20
	maxList   = 128 << 20 // of all pages together, above what their items may take
	itemBytes = 4 << 10   // what an item of a list may take: a connection without its config takes less than half
	mostItems = 200_000   // so many items may take it: as many as there may be manifests

	pageBuffer = 64 << 10 // read from a connection at once: a page has about twice as much

	paceOver = 10 * time.Second
	leastIn  = 10 << 10 // bytes in that time, or the body is given up
)

// Why a body is not whole: the words are the message of the error.
var (
	errBrokeOff = errors.New("the response was cut short")
	errTooLong  = errors.New("the answer is longer than any that is expected")
	errTooSlow  = errors.New("no answer in time")
)

// read reads a body to its end, unless it is too long or comes too slowly.
func (r *Reader) read(ctx context.Context, body io.Reader, c call, giveUp func()) ([]byte, error) {
	most := c.most
	if most == 0 {
		most = maxAnswer
	}
	w := &watchdog{after: r.options.After, giveUp: giveUp}
	w.begin()
	defer w.end()
	room := c.room
	if room == nil {
		room = &bytes.Buffer{}
	}
	room.Reset()
	_, err := room.ReadFrom(&bounded{r: body, left: most, shared: c.budget, got: &w.got})
	switch {
	case err == nil:
		return room.Bytes(), nil
	case errors.Is(err, errTooLong):
		return nil, errTooLong
	case errors.Is(context.Cause(ctx), errTooSlow):
		return nil, errTooSlow
	}
	return nil, errBrokeOff
}

// bounded fails once it has read more than it may.
type bounded struct {
	r      io.Reader
	left   int64
	shared *allotment // of several bodies; nil: no bound
	got    *atomic.Int64
}

func (b *bounded) Read(p []byte) (int, error) {
	n, err := b.r.Read(p)
	b.got.Add(int64(n))
	if b.left -= int64(n); b.left < 0 {
		return n, errTooLong
	}
	if b.shared != nil && b.shared.left.Add(int64(-n)) < 0 {
		return n, errTooLong
	}
	return n, err
}

// allotment is how many bytes the pages of one list may have together. It grows with the items in them, so that a list may be long and
// an answer without items may not.
type allotment struct{ left, grown atomic.Int64 }

func newAllotment() *allotment {
	a := &allotment{}
	a.left.Store(maxList)
	return a
}

// earned gives back what a page took for its items.
func (a *allotment) earned(bytes, items int) {
	back := int64(min(bytes, itemBytes*min(items, pageSize)))
	if a.grown.Add(back) <= itemBytes*mostItems {
		a.left.Add(back)
	}
}

// watchdog gives up a body if it brings too little in some time.
type watchdog struct {
	after  func(time.Duration, func()) func() bool
	giveUp func()
	got    atomic.Int64

	mu   sync.Mutex
	stop func() bool
	over bool
}

func (w *watchdog) begin() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.stop = w.after(paceOver, w.look)
}

func (w *watchdog) look() {
	w.mu.Lock()
	defer w.mu.Unlock()
	switch {
	case w.over:
	case w.got.Swap(0) < leastIn:
		w.giveUp()
	default:
		w.stop = w.after(paceOver, w.look)
	}
}

func (w *watchdog) end() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.over = true
	w.stop()
}

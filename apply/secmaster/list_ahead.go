package secmaster

import (
	"context"

	"connsync/secrets"
)

// Expect says how many connections there are likely to be, at least; what the last whole list had is expected anyway. The next list then asks for its first
// pages at once, and not only when the first one was answered.
func (r *Reader) Expect(connections int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.expected = max(r.expected, connections)
}

// expectedNow is what to expect of the next list.
func (r *Reader) expectedNow() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.expected
}

// listed keeps how many connections there were.
func (r *Reader) listed(connections int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.expected = connections
}

// pagesAhead are pages that were asked for before it is known whether they are there. Their offsets are those of pages as long as was asked for.
type pagesAhead[T any] struct {
	stride int
	asked  []func() error // each waits for the end of one
	pages  []page[T]
	cancel context.CancelFunc
}

// askAhead asks for the pages that an expected number of items has, behind the first: with it no more than are asked for at a time.
func (l lister[T]) askAhead(ctx context.Context) *pagesAhead[T] {
	ctx, cancel := context.WithCancel(ctx)
	a := &pagesAhead[T]{stride: l.most() - 1, cancel: cancel, pages: make([]page[T], pagesOnce-1)}
	for i := range a.pages {
		at := (i + 1) * a.stride
		if at >= l.expected {
			break
		}
		a.asked = append(a.asked, secrets.Begun(func() (err error) {
			a.pages[i], err = l.page(ctx, at)
			return err
		}))
	}
	return a
}

// at is the page at an offset; false where it was not asked for, or could not be had: then it is to be asked for as any other.
func (a *pagesAhead[T]) at(offset int) (page[T], bool) {
	for i, ended := range a.asked {
		if (i+1)*a.stride == offset {
			return a.pages[i], ended() == nil
		}
	}
	return page[T]{}, false
}

// stop gives up what was not taken, and waits for its end.
func (a *pagesAhead[T]) stop() {
	a.cancel()
	for _, ended := range a.asked {
		_ = ended() // a page that is needed is asked for again
	}
}

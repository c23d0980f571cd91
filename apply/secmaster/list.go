package secmaster

import (
	"bytes"
	"context"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"

	"golang.org/x/sync/errgroup"

	"connsync/secrets"
)

const (
	pageSize  = 200 // known to be accepted
	pagesOnce = 8   // later pages asked for at a time
	maxPages  = 5000
)

// PagesOf is how many requests a list of so many connections takes.
func PagesOf(n int) int { return max(1, (n+pageSize-2)/(pageSize-1)) }

// List is every connection of the workspace, or an error: of class ErrIncomplete where it cannot be known that it is every one.
func (r *Reader) List(ctx context.Context) ([]Connection, error) {
	all, err := r.list(ctx, nil, r.expectedNow())
	if err == nil {
		r.listed(len(all))
	}
	return all, err
}

// ListNamed is every connection whose name holds a text, by the server's own filter: what it leaves out may be there all the same.
func (r *Reader) ListNamed(ctx context.Context, name string) ([]Connection, error) {
	return r.list(ctx, url.Values{"name": {name}}, 0)
}

func (r *Reader) list(ctx context.Context, filter url.Values, expected int) ([]Connection, error) {
	return lister[Connection]{
		r: r, op: "list connections", parts: []string{"assetcredentials"}, names: []string{"assets", "asset", "data"},
		id: func(c Connection) string { return c.ID }, decode: connectionsOf, filter: filter, expected: expected,
	}.all(ctx)
}

// lister reads a list of several pages. Neither what offset means is agreed (C5) nor the order of a list, and there is
// nothing to hold it still. So pages overlap by one item: where a page does not begin with the item that ended the
// one before, the list moved. It counts as complete only when its pages fit together, all say the same total, and
// hold exactly as many different ids.
type lister[T any] struct {
	r      *Reader
	op     string
	parts  []string
	names  []string // under which the list may stand
	id     func(T) string
	decode decoder[T]
	filter url.Values // what the list is narrowed to
	size   int        // the most items of a page; 0: pageSize
	ration *ration    // of requests; nil: no bound
	budget *allotment

	expected int // items, at least, as far as known
}

// most is how many items a page is asked for.
func (l lister[T]) most() int {
	if l.size > 0 {
		return l.size
	}
	return pageSize
}

func (l lister[T]) all(ctx context.Context) ([]T, error) {
	for _, read := range []func(lister[T], context.Context) (*gathered[T], bool, error){
		lister[T].byRecord, lister[T].byPage, lister[T].byRecord, lister[T].byRecord, // it moved, or offset counts pages
	} {
		l.budget = newAllotment()
		got, whole, err := read(l, ctx)
		if err != nil {
			return nil, err
		}
		if whole {
			return got.items, nil
		}
	}
	return nil, &Error{Op: l.op, Status: http.StatusOK, Message: "its pages do not fit together, or are not as many as it counts", Class: ErrIncomplete}
}

// byRecord reads the first page, and the others side by side: offset counts items.
func (l lister[T]) byRecord(ctx context.Context) (*gathered[T], bool, error) {
	got := l.gather()
	ahead := l.askAhead(ctx)
	defer ahead.stop()
	first, err := l.page(ctx, 0)
	if err != nil {
		return nil, false, err
	}
	got.add(first.items)
	size := len(first.items)
	switch {
	case got.n() < size: // something twice
		return got, false, nil
	case first.total < 0 && size > 0:
		return l.untilNothingNew(ctx, got, first)
	case size == 0 || got.n() > first.total, got.n() == first.total && size < l.most():
		return got, got.n() == max(first.total, 0), nil
	}
	stride := max(size-1, 1)
	var offsets []int
	for at := stride; at < first.total && len(offsets) < maxPages; at += stride {
		offsets = append(offsets, at)
	}
	pages, err := l.sideBySide(ctx, offsets, ahead)
	if err != nil {
		return nil, false, err
	}
	got.room(pages)
	last, fits := first, true
	for _, p := range pages {
		fits = fits && p.total == first.total && l.follows(p, last)
		got.add(p.items)
		last = p
	}
	ends := len(last.items) < size || size == 1
	return got, fits && ends && got.n() == first.total, nil
}

// sideBySide reads some pages at a time, and none behind one that turned out to be empty. One that was asked for ahead is taken from there.
func (l lister[T]) sideBySide(ctx context.Context, offsets []int, ahead *pagesAhead[T]) ([]page[T], error) {
	pages := make([]page[T], len(offsets))
	var over atomic.Bool
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(pagesOnce)
	for i, at := range offsets {
		g.Go(secrets.Contained(func() (err error) {
			if over.Load() {
				return nil
			}
			var there bool
			if pages[i], there = ahead.at(at); !there {
				pages[i], err = l.page(gctx, at)
			}
			if err == nil && len(pages[i].items) == 0 {
				over.Store(true)
			}
			return err
		}))
	}
	return pages, g.Wait()
}

// follows tells whether a page begins where the one before ended: with its last item, or, where a page holds a single one, with anything.
func (l lister[T]) follows(p, before page[T]) bool {
	n := len(before.items)
	return len(p.items) > 0 && n > 0 && (n == 1 || l.id(p.items[0]) == l.id(before.items[n-1]))
}

// untilNothingNew reads on until a page is short or brings nothing new, where the server does not say how many there are.
func (l lister[T]) untilNothingNew(ctx context.Context, got *gathered[T], last page[T]) (*gathered[T], bool, error) {
	size := len(last.items)
	stride := max(size-1, 1)
	for at := stride; at < maxPages*stride; at += stride {
		p, err := l.page(ctx, at)
		switch {
		case err != nil:
			return nil, false, err
		case len(p.items) == 0 && size == 1:
			return got, true, nil
		case !l.follows(p, last):
			return got, false, nil
		}
		if fresh := got.add(p.items); fresh == 0 || len(p.items) < size {
			return got, true, nil
		}
		last = p
	}
	return got, false, nil
}

// byPage reads one page after the other, twice: offset counts pages, which cannot overlap, so only a second reading
// shows whether something moved.
func (l lister[T]) byPage(ctx context.Context) (*gathered[T], bool, error) {
	first, whole, err := l.pageByPage(ctx)
	if err != nil || !whole {
		return nil, false, err
	}
	second, whole, err := l.pageByPage(ctx)
	return second, whole && first.same(second), err
}

func (l lister[T]) pageByPage(ctx context.Context) (*gathered[T], bool, error) {
	got := l.gather()
	size := 0
	for number := range maxPages {
		p, err := l.page(ctx, number)
		if err != nil {
			return nil, false, err
		}
		size = max(size, len(p.items))
		switch fresh := got.add(p.items); {
		case fresh < len(p.items):
			return got, false, nil // something twice: offset counts items, or the list moved
		case fresh == 0, p.total >= 0 && got.n() >= p.total && (len(p.items) < size || size < l.most()):
			return got, p.total < 0 || got.n() == p.total, nil
		}
	}
	return got, false, nil
}

// rooms are for pages while they are decoded: what is kept of one is a copy.
var rooms = sync.Pool{New: func() any { return &bytes.Buffer{} }}

func (l lister[T]) page(ctx context.Context, offset int) (page[T], error) {
	query := url.Values{"limit": {strconv.Itoa(l.most())}, "offset": {strconv.Itoa(offset)}}
	maps.Copy(query, l.filter)
	u, err := l.r.inWorkspace(ctx, query, l.parts...)
	if err != nil {
		return page[T]{}, err
	}
	room := rooms.Get().(*bytes.Buffer)
	defer rooms.Put(room)
	a, _, err := l.r.do(ctx, call{op: l.op, method: http.MethodGet, url: u, most: maxPage, room: room, budget: l.budget, ration: l.ration})
	if err != nil {
		return page[T]{}, err
	}
	p, wrong := readPage(a.body, l.decode, l.names...)
	if wrong != "" {
		return page[T]{}, &Error{Op: l.op, Status: a.status, RequestID: a.requestID, Message: wrong, Class: ErrIncomplete}
	}
	l.budget.earned(len(a.body), len(p.items))
	for _, item := range p.items {
		if l.id(item) == "" {
			return page[T]{}, &Error{Op: l.op, Status: a.status, RequestID: a.requestID, Message: "it shows something without an id", Class: ErrIncomplete}
		}
	}
	return p, nil
}

// gathered collects items, each id once.
type gathered[T any] struct {
	id    func(T) string
	seen  map[string]bool
	items []T
}

func (l lister[T]) gather() *gathered[T] { return &gathered[T]{id: l.id, seen: map[string]bool{}} }

func (g *gathered[T]) n() int { return len(g.items) }

// room is made for what some pages hold, once.
func (g *gathered[T]) room(pages []page[T]) {
	n := 0
	for _, p := range pages {
		n += len(p.items)
	}
	g.items = slices.Grow(g.items, n)
	seen := make(map[string]bool, len(g.seen)+n)
	maps.Copy(seen, g.seen)
	g.seen = seen
}

// add gives the number of items that were new.
func (g *gathered[T]) add(items []T) int {
	before := len(g.items)
	for _, item := range items {
		if id := g.id(item); !g.seen[id] {
			g.seen[id] = true
			g.items = append(g.items, item)
		}
	}
	return len(g.items) - before
}

// same tells whether both hold the same ids.
func (g *gathered[T]) same(other *gathered[T]) bool {
	for id := range g.seen {
		if !other.seen[id] {
			return false
		}
	}
	return g.n() == other.n()
}

package secmaster

import (
	"context"
	"net/http"
	"net/url"
	"strconv"

	"golang.org/x/sync/errgroup"
)

const (
	pageSize  = 200 // known to be accepted
	pagesOnce = 8   // later pages asked for at a time
	maxPages  = 5000
)

// List is every connection of the workspace, or an error: of class ErrIncomplete where it cannot be known that it is every one.
func (r *Reader) List(ctx context.Context) ([]Connection, error) {
	l := lister[wireConnection]{
		r: r, op: "list connections", parts: []string{"assetcredentials"}, names: []string{"assets", "asset", "data"},
		id: func(w wireConnection) string { return string(w.ID) },
	}
	items, err := l.all(ctx)
	if err != nil {
		return nil, err
	}
	out := make([]Connection, len(items))
	for i, w := range items {
		out[i] = w.connection()
	}
	return out, nil
}

// lister reads a list of several pages. What offset means is not agreed (C5), so a list counts as complete only
// when as many different ids were seen as the server says there are.
type lister[T any] struct {
	r     *Reader
	op    string
	parts []string
	names []string // under which the list may stand
	id    func(T) string
}

func (l lister[T]) all(ctx context.Context) ([]T, error) {
	items, short, err := l.byRecord(ctx)
	if err == nil && short { // it changed while it was read, or offset counts pages
		items, short, err = l.byPage(ctx)
	}
	if err == nil && short {
		items, short, err = l.byRecord(ctx)
	}
	if err != nil {
		return nil, err
	}
	if short {
		return nil, l.incomplete("it shows fewer connections than it counts")
	}
	return items, nil
}

func (l lister[T]) incomplete(why string) error {
	return &Error{Op: l.op, Status: http.StatusOK, Message: why, Class: ErrIncomplete}
}

// byRecord reads the first page, and the others side by side: offset counts items.
func (l lister[T]) byRecord(ctx context.Context) ([]T, bool, error) {
	first, err := l.page(ctx, 0)
	if err != nil {
		return nil, false, err
	}
	got := gathered[T]{id: l.id, seen: map[string]bool{}}
	got.add(first.items)
	step := len(first.items)
	if first.total < 0 && step > 0 {
		return l.untilEmpty(ctx, &got, step)
	}
	if got.n() >= first.total || step == 0 {
		return got.items, got.n() < first.total, nil
	}
	var offsets []int
	for at := step; at < first.total && len(offsets) < maxPages; at += step {
		offsets = append(offsets, at)
	}
	pages := make([]page[T], len(offsets))
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(pagesOnce)
	for i, at := range offsets {
		g.Go(func() (err error) {
			pages[i], err = l.page(gctx, at)
			return err
		})
	}
	if err := g.Wait(); err != nil {
		return nil, false, err
	}
	changed := false
	for _, p := range pages {
		got.add(p.items)
		changed = changed || p.total != first.total
	}
	return got.items, changed || got.n() < first.total, nil
}

// untilEmpty reads on until a page brings nothing new, where the server does not say how many there are.
func (l lister[T]) untilEmpty(ctx context.Context, got *gathered[T], step int) ([]T, bool, error) {
	for at := step; step >= pageSize && at < maxPages*pageSize; at += step {
		p, err := l.page(ctx, at)
		if err != nil {
			return nil, false, err
		}
		if got.add(p.items) == 0 {
			break
		}
	}
	return got.items, false, nil
}

// byPage reads one page after the other: offset counts pages, from 0.
func (l lister[T]) byPage(ctx context.Context) ([]T, bool, error) {
	got := gathered[T]{id: l.id, seen: map[string]bool{}}
	total := 0
	for number := 0; number < maxPages; number++ {
		p, err := l.page(ctx, number)
		if err != nil {
			return nil, false, err
		}
		total = p.total
		if got.add(p.items) == 0 || got.n() >= total {
			break
		}
	}
	return got.items, got.n() < total, nil
}

func (l lister[T]) page(ctx context.Context, offset int) (page[T], error) {
	u, err := l.r.inWorkspace(ctx, url.Values{"limit": {strconv.Itoa(pageSize)}, "offset": {strconv.Itoa(offset)}}, l.parts...)
	if err != nil {
		return page[T]{}, err
	}
	a, _, err := l.r.do(ctx, call{op: l.op, method: http.MethodGet, url: u})
	if err != nil {
		return page[T]{}, err
	}
	p, wrong := readPage[T](a.body, l.names...)
	if wrong != "" {
		return page[T]{}, &Error{Op: l.op, Status: a.status, RequestID: a.requestID, Message: wrong, Class: ErrIncomplete}
	}
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

func (g *gathered[T]) n() int { return len(g.items) }

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

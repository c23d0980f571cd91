package apply

import (
	"context"
	"strings"

	"golang.org/x/sync/errgroup"

	"connsync/apply/secmaster"
	"connsync/diff"
	"connsync/secrets"
)

// verify lists what tells of the writes: the whole workspace, or only what has the written names, where this is fewer requests and everything
// updated is among it. Of creates and deletes only the whole list tells. What was there before says how long lists are.
func (s Sync) verify(ctx context.Context, ws []*write, before []diff.Have) ([]diff.Have, error) {
	names := named(ws)
	if len(names) > 0 && requestsFor(names, before) < secmaster.PagesOf(len(before)) {
		if have, err := s.lookFor(ctx, names); err == nil && shows(have, updated(ws)) {
			return have, nil
		}
	}
	s.Client.Expect(len(before) + created(ws))
	return look(ctx, s.Client, updated(ws))
}

// created is how many creates were answered.
func created(ws []*write) (n int) {
	for _, w := range ws {
		if w.creates() && w.answer != nil {
			n++
		}
	}
	return n
}

// named are the names of the answered updates; none where anything else was written.
func named(ws []*write) (names []string) {
	for _, w := range ws {
		switch {
		case w.creates() || w.deletes():
			return nil
		case w.answer != nil:
			names = append(names, w.change.Name)
		}
	}
	return names
}

// requestsFor is how many requests it takes to list what has some names. A filter may take every name with the text in it.
func requestsFor(names []string, before []diff.Have) (n int) {
	most := secmaster.PagesOf(len(before))
	for _, name := range names {
		matches := 1
		for _, h := range before {
			if strings.Contains(h.Name, name) {
				matches++
			}
		}
		if n += secmaster.PagesOf(matches); n >= most {
			break
		}
	}
	return n
}

// lookFor lists what has some names.
func (s Sync) lookFor(ctx context.Context, names []string) ([]diff.Have, error) {
	found := make([][]secmaster.Connection, len(names))
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(s.Parallelism)
	for i, name := range names {
		g.Go(secrets.Contained(func() (err error) {
			found[i], err = s.Client.ListNamed(gctx, name)
			return err
		}))
	}
	if err := g.Wait(); err != nil {
		return nil, err
	}
	var all []secmaster.Connection
	seen := map[string]bool{}
	for _, list := range found {
		for _, c := range list {
			if !seen[c.ID] {
				seen[c.ID] = true
				all = append(all, c)
			}
		}
	}
	return haves(all)
}

// shows tells whether all of some connections are among what a list shows.
func shows(have []diff.Have, ids map[string]*diff.Known) bool {
	there := byID(have)
	for _, k := range ids {
		if _, ok := there[k.ID]; !ok {
			return false
		}
	}
	return true
}

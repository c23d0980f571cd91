package apply

import (
	"context"
	"errors"
	"time"

	"golang.org/x/sync/errgroup"

	"connsync/apply/secmaster"
	"connsync/diff"
	"connsync/secrets"
)

// pauses are the waits between the lists, while something written does not show yet.
var pauses = [...]time.Duration{1, 2, 4, 8, 16} // seconds

// settle finds out by complete lists what became of every write. Unconfirmed creates that
// turn up are written once more in full, since what was executed may not be all that
// is wanted. The last list is the closing list. It alone decides; its error leaves everything undecided. final outlives ctx.
func (s Sync) settle(ctx, final context.Context, ws []*write, before []diff.Have) ([]diff.Have, error) {
	have, err := s.watch(ctx, final, ws, before)
	if err == nil && s.rewriteFound(ctx, ws, have) {
		have, err = look(final, s.Client, updated(ws))
	}
	if err == nil {
		s.confirm(final, ws, have)
	}
	return have, err
}

// confirm asks by its id for every answered create not in any list yet: its answer alone could name something else.
func (s Sync) confirm(ctx context.Context, ws []*write, have []diff.Have) {
	shown := byName(have)
	var g errgroup.Group
	g.SetLimit(s.Parallelism)
	for _, w := range ws {
		if mine, _ := w.among(shown); !w.creates() || w.answer == nil || mine != nil {
			continue
		}
		g.Go(secrets.Contained(func() error {
			id := w.answer.ID
			w.answer = nil
			w.err = &secmaster.Error{Op: "create connection", Message: "answered, and neither a list nor its id shows it", Class: secmaster.ErrUnclear}
			if c, err := s.Client.Show(ctx, id); err == nil && c.Name == w.change.Name {
				w.answer, w.err = &c, nil
			}
			return nil
		}))
	}
	_ = g.Wait() // a panic leaves its create unclear
}

// watch lists until a list holds and shows everything done, or the pauses, or the time to settle, are over.
func (s Sync) watch(ctx, final context.Context, ws []*write, before []diff.Have) ([]diff.Have, error) {
	s.progress("verifying", 0, 0)
	have, err := s.verify(final, ws, before)
	waited, end := time.Duration(0), s.Clock.now().Add(s.Settle)
	for _, pause := range pauses {
		open := unseen(ws, have)
		waited += pause * time.Second
		if err == nil && open == 0 || waited > s.Settle || errors.Is(err, secmaster.ErrDenied) || errors.Is(err, secmaster.ErrWorkspace) {
			break
		}
		s.wait("settling", open, end)
		if s.Clock.sleep(ctx, pause*time.Second) != nil {
			break
		}
		have, err = s.verify(final, ws, before)
	}
	return have, err
}

// updated are the connections with an answered update: where a list does not show one, it is asked for by its id.
func updated(ws []*write) map[string]*diff.Known {
	out := map[string]*diff.Known{}
	for _, w := range ws {
		if w.answer != nil && !w.creates() && !w.deletes() {
			out[w.change.Name] = &diff.Known{ID: w.change.ID}
		}
	}
	return out
}

// unseen counts what a list does not show yet: creates that may have been executed, and answered updates and deletes.
func unseen(ws []*write, have []diff.Have) int {
	shown, ids := byName(have), byID(have)
	n := 0
	for _, w := range ws {
		if w.unseen(shown, ids) {
			n++
		}
	}
	return n
}

func byID(have []diff.Have) map[string]diff.Have {
	out := make(map[string]diff.Have, len(have))
	for _, h := range have {
		out[h.ID] = h
	}
	return out
}

// rewriteFound sends one update of the full body to every unconfirmed create that is there all the
// same, and tells whether it sent any. A clear refusal counts too: it may have answered a proxy's second delivery.
func (s Sync) rewriteFound(ctx context.Context, ws []*write, have []diff.Have) bool {
	shown := byName(have)
	any := false
	for _, w := range ws {
		mine, _ := w.among(shown)
		if !w.creates() || !w.tried || w.err == nil || mine == nil {
			continue
		}
		if ctx.Err() != nil || !s.Clock.now().Before(s.Run.Expires) {
			continue
		}
		any = true
		c, sent, err := s.Client.Update(ctx, mine.ID, w.body)
		w.sent.RequestIDs = append(w.sent.RequestIDs, sent.RequestIDs...)
		w.err = err
		if err == nil {
			w.answer = &c
		}
	}
	return any
}

// byName groups what a list shows, without the connections of emergency policies: no name binds them.
func byName(have []diff.Have) map[string][]diff.Have {
	out := make(map[string][]diff.Have, len(have))
	for _, h := range have {
		if !h.Defense {
			out[h.Name] = append(out[h.Name], h)
		}
	}
	return out
}

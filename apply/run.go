package apply

import (
	"context"
	"errors"
	"time"

	"connsync/apply/secmaster"
	"connsync/apply/state"
	"connsync/diff"
	"connsync/manifest"
)

// ErrNotAnnounced says that the intents could not be stored, so nothing was sent.
var ErrNotAnnounced = errors.New("known state could not be written")

// ErrNotOpened says that a connection is not taken over as it is, since its file does not open: no one knows what it is.
var ErrNotOpened = errors.New("its file does not open")

// Start sets the run's time anew: planning and a person's answer may have taken some of it.
func (p *Prepared) Start(started, expires time.Time) {
	p.sync.Run.Started, p.sync.Run.Expires = started, expires
}

// Run carries out the plan: reveal, announce, send, settle, record. Every change of the plan has
// exactly one result; one failure never stops the others. An interrupted ctx ends it early: no new
// write starts, and what was done is recorded. A plan to delete more than the Limit is not begun.
func (p *Prepared) Run(ctx context.Context) Report {
	s := p.sync
	r := Report{Target: s.Name, Run: s.Run.ID, Plan: p.Plan, Started: s.Clock.now(), Recorded: true}
	recording, cancel := outlive(ctx, recordIn)
	defer cancel()
	ws, refused := p.writes(ctx)
	interrupted := ctx.Err() != nil
	if interrupted {
		refused = nil // what could not be opened for want of time is not refused
	}
	var fates map[string]fate
	if len(ws) > 0 && !interrupted {
		err := s.Limit.Check(p.Plan)
		if err == nil {
			err = s.announce(ctx, p.seen, ws)
		}
		if err != nil {
			r.Err, r.Results = err, unrecorded(p.results(ws, refused, nil))
			r.Took = s.Clock.now().Sub(r.Started)
			return r
		}
		fates, r.Err = p.carryOut(ctx, ws)
	}
	r.Interrupted = ctx.Err() != nil
	r.Results = p.results(ws, refused, fates)
	if err := p.record(recording, &r, fates); err != nil {
		r.Recorded, r.Kept = false, errors.Is(err, state.ErrUnshared)
		r.Err = errors.Join(r.Err, err)
	}
	r.Took = s.Clock.now().Sub(r.Started)
	return r
}

// writes reveals what the plan needs, and separates what can be sent from what is refused.
func (p *Prepared) writes(ctx context.Context) ([]*write, map[string]error) {
	sends, notes := p.parted()
	all := append(notes[:len(notes):len(notes)], sends...)
	revealed := p.sync.reveal(ctx, all, p.opened)
	refused := p.compareSeals(ctx, all, revealed)
	p.authenticate(notes, revealed)
	for _, c := range notes {
		if refused[c.Name] == nil && !p.opens(c) {
			refused[c.Name] = errors.Join(revealed[c.Want.File.Path].err, ErrNotOpened)
		}
	}
	before := p.seen.ids()
	var ws []*write
	p.concealed = make(map[string]*write)
	for _, c := range sends {
		if refused[c.Name] != nil {
			continue
		}
		w, err := newWrite(c, revealed, before)
		if err != nil {
			refused[c.Name] = err
			continue
		}
		if w.concealed(revealed) || c.Equal(revealed[w.file()].secrets) {
			p.concealed[c.Name] = w
			continue
		}
		ws = append(ws, w)
	}
	return ws, refused
}

// compareSeals keeps what is to be recorded of each connection's seal, and gives the connections refused for it.
func (p *Prepared) compareSeals(ctx context.Context, cs []*diff.Change, revealed map[string]opened) map[string]error {
	refused := make(map[string]error)
	p.seals = make(map[string]*diff.Seal, len(cs))
	history, unread := p.sealHistory(ctx, cs)
	for _, c := range cs {
		if c.Want == nil || c.Want.Seal == nil {
			continue
		}
		s, err := p.prove(c, revealed[c.Want.File.Path], history)
		if err == nil && unread != nil {
			if n, _ := p.newest(c, nil); n == 0 {
				err = unread
			}
		}
		if err != nil {
			refused[c.Name] = err
			continue
		}
		p.seals[c.Name] = s
	}
	return refused
}

// parted are the changes to send, and those with files only recorded, or noted.
func (p *Prepared) parted() (sends, notes []*diff.Change) {
	for i := range p.Plan.Changes {
		switch c := &p.Plan.Changes[i]; {
		case c.Write:
			sends = append(sends, c)
		case c.Restamp || c.Verified || c.Action == diff.Adopt:
			notes = append(notes, c)
		}
	}
	return sends, notes
}

// newWrite is a change with what is sent for it. It fails where its file does not give it.
func newWrite(c *diff.Change, revealed map[string]opened, before map[string]bool) (*write, error) {
	if c.Action == diff.Delete {
		return &write{change: c}, nil
	}
	if c.Want.Rests {
		return nil, ErrUnread
	}
	o := revealed[c.Want.File.Path]
	b, err := body(c.Want, o)
	if err == nil && !o.dated(c.Want) {
		err = ErrFileChanged
	}
	if err != nil {
		return nil, err
	}
	return &write{change: c, body: b, before: before, lastModified: o.lastModified}, nil
}

// authenticate notes the unwritten connections with a file's time and MAC fit to record: those with an opened file. What any user can write
// into a file would otherwise pass, in the next run, for what sops wrote before.
func (p *Prepared) authenticate(noted []*diff.Change, revealed map[string]opened) {
	p.authenticated = make(map[string]bool, len(noted))
	for _, c := range noted {
		o, read := revealed[c.Want.File.Path]
		p.authenticated[c.Name] = read && o.err == nil && o.dated(c.Want) && (c.Want.Seal == nil || p.seals[c.Name] != nil || p.sync.Destinations == manifest.Reviewed)
	}
}

// opens tells whether an adopted connection's file opened, if it is encrypted at all: what an unopened one says is not recorded.
func (p *Prepared) opens(c *diff.Change) bool {
	return c.Action != diff.Adopt || c.Write || c.Want.File.Sops == nil || p.authenticated[c.Name]
}

// carryOut sends and settles. Its error is what stopped it early, or the closing list's.
func (p *Prepared) carryOut(ctx context.Context, ws []*write) (map[string]fate, error) {
	final, cancel := outlive(ctx, listIn)
	defer cancel()
	stopped := p.sync.send(ctx, ws, func(w *write) bool { return !w.deletes() })
	if stopped == nil { // what is deleted goes last: by then its successor is there
		stopped = p.sync.send(ctx, ws, (*write).deletes)
	}
	have, listErr := p.sync.settle(ctx, final, ws, p.seen.have)
	shown, ids := byName(have), byID(have)
	out := make(map[string]fate, len(ws))
	for _, w := range ws {
		v := outcomeOf(w, shown, ids, listErr)
		v.write = w
		out[w.change.Name] = v
	}
	return out, errors.Join(stopped, listErr)
}

// results gives every change its one outcome.
func (p *Prepared) results(ws []*write, refused map[string]error, fates map[string]fate) []Result {
	sent := make(map[string]secmaster.Sent, len(ws))
	for _, w := range ws {
		sent[w.change.Name] = w.sent
	}
	out := make([]Result, 0, len(p.Plan.Changes))
	for _, c := range p.Plan.Changes {
		r := Result{Name: c.Name, ID: c.ID, Action: c.Action, Pos: c.Pos, Outcome: resting(c)}
		v, tried := fates[c.Name]
		switch err := refused[c.Name]; {
		case err != nil:
			r.Outcome, r.Err = Refused, err
		case c.Write && tried:
			r.Outcome, r.Err, r.Duplicates, r.Unconfirmed, r.Warnings = v.outcome, v.err, v.duplicates, v.silent, v.warnings
			r.Sent, r.RequestIDs = v.write.tried, sent[c.Name].RequestIDs
			if v.have != nil {
				r.ID = v.have.ID
			}
		case p.concealed[c.Name] != nil:
			r.Outcome = resting(c)
		case c.Write, !p.opens(&c):
			r.Outcome = Skipped
		}
		out = append(out, r)
	}
	return out
}

// unrecorded are results without what would only have been recorded: known state could not be written.
func unrecorded(rs []Result) []Result {
	for i := range rs {
		if o := rs[i].Outcome; o == Adopted || o == Forgotten {
			rs[i].Outcome = Skipped
		}
	}
	return rs
}

// resting is the outcome of a change without a request.
func resting(c diff.Change) Outcome {
	switch c.Action {
	case diff.Adopt:
		return Adopted
	case diff.Forget:
		return Forgotten
	case diff.Orphaned, diff.Delete:
		return Orphaned
	case diff.Conflict:
		return Conflicted
	case diff.Incomplete:
		return Incomplete
	}
	return Unchanged
}

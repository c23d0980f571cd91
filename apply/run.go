package apply

import (
	"context"
	"errors"
	"time"

	"connsync/apply/state"
	"connsync/diff"
)

// ErrNotAnnounced says that the intents could not be stored, so nothing was sent.
var ErrNotAnnounced = errors.New("known state could not be written")

// ErrNotOpened says that a connection is not taken over as it is, since its file does not open: no one knows what it is.
var ErrNotOpened = errors.New("its file does not open")

// Start sets the run's time anew: planning and a person's answer may have taken some of it.
func (p *Prepared) Start(started, expires time.Time) {
	p.sync.Run.Started, p.sync.Run.Expires = started, expires
}

// Run carries out the plan: announce, reveal and send, settle, record. Every change of the plan has
// exactly one result; one failure never stops the others. An interrupted ctx ends it early: no new
// write starts, and what was done is recorded. A plan to delete more than the Limit is not begun.
func (p *Prepared) Run(ctx context.Context) Report {
	s := p.sync
	r := Report{Target: s.Name, Run: s.Run.ID, Plan: p.Plan, Started: s.Clock.now(), Recorded: true}
	recording, cancel := outlive(ctx, recordIn)
	defer cancel()
	o := p.open(ctx)
	defer o.end()
	o.find(ctx)
	var fates map[string]fate
	if cs := p.sendable(); len(cs) > 0 && ctx.Err() == nil {
		err := s.Limit.Check(p.Plan)
		if err == nil {
			err = s.announce(ctx, p.seen, cs)
		}
		if err != nil {
			r.Err, r.Results = err, unrecorded(p.results(nil))
			r.Took = s.Clock.now().Sub(r.Started)
			return r
		}
		fates, r.Err = p.carryOut(ctx, o, cs)
	}
	r.Interrupted = ctx.Err() != nil
	r.Results = p.results(fates)
	if err := p.record(recording, &r, fates); err != nil {
		r.Recorded, r.Kept = false, errors.Is(err, state.ErrUnshared)
		r.Err = errors.Join(r.Err, err)
	}
	r.Took = s.Clock.now().Sub(r.Started)
	return r
}

// sendable are the changes to send, but for those known not to be.
func (p *Prepared) sendable() (out []*diff.Change) {
	for i := range p.Plan.Changes {
		if c := &p.Plan.Changes[i]; c.Write && p.refused[c.Name] == nil && p.equal[c.Name] == nil {
			out = append(out, c)
		}
	}
	return out
}

// newWrite is a change with what is sent for it. It fails where its file does not give it.
func newWrite(c *diff.Change, o opened, before map[string]bool) (*write, error) {
	b, err := body(c.Want, o)
	if err == nil && !o.dated(c.Want) {
		err = ErrFileChanged
	}
	if err != nil {
		return nil, err
	}
	return &write{change: c, body: b, before: before, lastModified: o.lastModified}, nil
}

// opens tells whether an adopted connection's file opened, if it is encrypted at all: what an unopened one says is not recorded.
func opens(c *diff.Change, authentic bool) bool {
	return c.Action != diff.Adopt || c.Write || c.Want.File.Sops == nil || authentic
}

// carryOut sends what was announced, as it is opened, and settles it. Its error is what stopped it early, or the closing list's.
func (p *Prepared) carryOut(ctx context.Context, o *opening, announced []*diff.Change) (map[string]fate, error) {
	final, cancel := outlive(ctx, listIn)
	defer cancel()
	ws, stopped := p.sync.send(ctx, o, len(announced))
	have, listErr := p.sync.settle(ctx, final, ws, p.seen.have)
	out := make(map[string]fate, len(announced))
	for _, c := range announced {
		out[c.Name] = p.unsent(c)
	}
	shown, ids := byName(have), byID(have)
	for _, w := range ws {
		v := outcomeOf(w, shown, ids, listErr)
		v.write = w
		out[w.change.Name] = v
	}
	return out, errors.Join(stopped, listErr)
}

// unsent is what became of an announced change that was not sent: its file did not open, it was as wanted already, or the run ended before.
func (p *Prepared) unsent(c *diff.Change) fate {
	switch {
	case p.refused[c.Name] != nil:
		return fate{outcome: Refused, err: p.refused[c.Name], settled: true}
	case p.equal[c.Name] != nil:
		return fate{outcome: resting(*c), settled: true}
	}
	return fate{outcome: Skipped, settled: true}
}

// results gives every change its one outcome.
func (p *Prepared) results(fates map[string]fate) []Result {
	out := make([]Result, 0, len(p.Plan.Changes))
	for _, c := range p.Plan.Changes {
		r := Result{Name: c.Name, ID: c.ID, Action: c.Action, Pos: c.Pos, Outcome: resting(c)}
		v, announced := fates[c.Name]
		switch err := p.refused[c.Name]; {
		case err != nil:
			r.Outcome, r.Err = Refused, err
		case p.equal[c.Name] != nil:
		case announced:
			r.Outcome, r.Err, r.Duplicates, r.Unconfirmed, r.Warnings = v.outcome, v.err, v.duplicates, v.silent, v.warnings
			if v.write != nil {
				r.Sent, r.RequestIDs = v.write.tried, v.write.sent.RequestIDs
			}
			if v.have != nil {
				r.ID = v.have.ID
			}
		case c.Write, !opens(&c, p.authenticated[c.Name]):
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

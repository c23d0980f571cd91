package apply

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"connsync/apply/state"
	"connsync/diff"
	"connsync/manifest"
	"connsync/secrets"
)

// announce stores the run and the intents of all its writes in one commit, before the first of them is
// sent: whatever happens then, the next run knows what to look for.
func (s Sync) announce(ctx context.Context, o *observation, cs []*diff.Change) error {
	intents := make([]state.Intent, len(cs))
	for i, c := range cs {
		intents[i] = state.Intent{Name: c.Name, Kind: announcedAs(c), ID: c.ID, Run: s.Run.ID, Expires: s.Run.Expires}
	}
	ctx, cancel := outlive(ctx, finishIn) // an announcement without an end must not keep other runs waiting
	defer cancel()
	m := s.Message
	m.Subject = fmt.Sprintf("%s: about to write %d", s.Name, len(cs))
	e := new(state.Edit).Say(m).In(o.place).Announce(s.Run, intents...)
	_, err := s.State.Commit(ctx, e.Forget("", o.abandoned.known...).Settle(o.abandoned.intents...))
	if err != nil {
		return errors.Join(ErrNotAnnounced, err)
	}
	return nil
}

// record stores what was found and done in one commit. Where there is nothing to store it writes nothing. A run shown by
// known state as under way is over, since this one holds the state.
func (p *Prepared) record(ctx context.Context, r *Report, fates map[string]fate) error {
	r.StateCommit = p.seen.known.Commit
	e := p.leftBehind(fates)
	if !e.Changes() {
		return nil
	}
	e.Record(p.settledFiles(e.Recorded())...)
	m := p.sync.Message
	m.Subject, m.Lines = story(p.sync.Name, r.Results)
	m.Trailers = slices.Concat(m.Trailers, causes(r))
	snap, err := p.sync.State.Record(ctx, e.Say(m))
	if snap.Commit != "" {
		r.StateCommit = snap.Commit
	}
	return err
}

// leftBehind is what of a run is to be known from now on.
func (p *Prepared) leftBehind(fates map[string]fate) *state.Edit {
	e := new(state.Edit).In(p.seen.place).Forget(p.sync.Commit, p.seen.abandoned.known...)
	if len(fates) == 0 { // otherwise the announcement has settled them
		e.Settle(p.seen.abandoned.intents...)
	}
	if len(fates) > 0 || p.seen.known.Run != nil {
		e.EndRun()
	}
	written := p.recordsWritten(fates)
	for i := range p.Plan.Changes {
		c := &p.Plan.Changes[i]
		v, announced := fates[c.Name]
		switch w := p.equal[c.Name]; {
		case w != nil:
			e.Record(p.recordConcealed(w))
		case announced:
			p.recordWritten(e, c, v, written[i])
		case !c.Write:
			p.recordResting(e, c)
		}
		if settles(c, v, announced) {
			e.Settle(c.Name)
		}
	}
	if e.Records() {
		e.Applied(p.sync.Commit, p.sync.CommitAt, p.sync.Dirty)
	}
	return e
}

// recordsWritten are the records of what was written, by the place of their change in the plan. All cores make them.
func (p *Prepared) recordsWritten(fates map[string]fate) []*diff.Known {
	out := make([]*diff.Known, len(p.Plan.Changes))
	_ = secrets.InParts(len(out), func(from, to int) error { // what a fault keeps from being made is made below
		for i := from; i < to; i++ {
			c := &p.Plan.Changes[i]
			if v := fates[c.Name]; v.have != nil && !v.disputed {
				k := p.written(c, v)
				out[i] = &k
			}
		}
		return nil
	})
	return out
}

// written is what is known of a connection that was written.
func (p *Prepared) written(c *diff.Change, v fate) diff.Known {
	k := diff.Record(*c.Want, *v.have, diff.RecordOptions{
		Commit: p.sync.Commit, Dirty: p.sync.Dirty, LastModified: v.write.lastModified, Unconfirmed: v.silent,
	})
	k.KeepStamp(c.Known)
	k.KeepSeal(c.Want, p.seals[c.Name], c.Known)
	k.KeepAdopted(c.Known)
	return k
}

// recordWritten notes what became of an announced change. made is its record; nil where it is still to be made.
func (p *Prepared) recordWritten(e *state.Edit, c *diff.Change, v fate, made *diff.Known) {
	switch {
	case v.disputed:
		e.Record(disputed(c.Known, v.have))
	case v.have != nil:
		if made == nil {
			k := p.written(c, v)
			made = &k
		}
		e.Record(*made)
		if c.Known != nil && c.Known.Name != c.Name { // the record a rename leaves behind
			e.Forget(p.sync.Commit, c.Known.Name)
		}
	case v.outcome == Deleted && c.Known != nil:
		e.Forget(p.sync.Commit, c.Known.Name)
	}
}

// disputed is what is known of a connection after a write of its secrets, when they are shown as they were: this, and nothing of the write.
func disputed(known *diff.Known, h *diff.Have) diff.Known {
	k := *known
	k.Disputed, k.UpdateTime, k.Modifier, k.Checked = true, h.UpdateTime, h.ModifierName, ""
	return k
}

// recordResting notes what is known by now of a connection without a request.
func (p *Prepared) recordResting(e *state.Edit, c *diff.Change) {
	restamp, verified := c.Restamp && p.authenticated[c.Name], c.Verified && p.authenticated[c.Name]
	switch {
	case c.Action == diff.Unchanged && c.Want != nil && c.Known != nil && (c.Want.Protect != c.Known.Protect || restamp || verified):
		k := *c.Known
		k.Protect, k.Commit, k.Dirty, k.Checked = c.Want.Protect, p.sync.Commit, p.sync.Dirty, ""
		k.Unverified, k.Disputed = k.Unverified && !verified, k.Disputed && !verified
		if s := c.Want.File.Sops; restamp && s != nil {
			k.File, k.Blob, k.LastModified, k.MAC = c.Want.File.Path, c.Want.File.Blob, s.LastModified, s.MAC
			k.KeepSeal(c.Want, p.seals[c.Name], c.Known)
		}
		e.Record(k)
	case c.Action == diff.Adopt && opens(c, p.authenticated[c.Name]):
		k := diff.Record(*c.Want, *c.Have, diff.RecordOptions{Commit: p.sync.Commit, Dirty: p.sync.Dirty, Unverified: true})
		k.Unverified = !verified
		k.KeepSeal(c.Want, p.seals[c.Name], c.Known)
		e.Record(k)
	case c.Action == diff.Forget && c.Known != nil:
		e.Forget(p.sync.Commit, c.Known.Name)
	case c.Action == diff.Orphaned && c.Known == nil && c.Have != nil:
		e.Record(found(c.Name, c.Have))
	}
}

// settles tells whether the intents of a change are done with, this run's and an earlier one's: an
// interrupted create that was found and could not be written stays announced, or the next
// run would take it for another user's.
func settles(c *diff.Change, v fate, announced bool) bool {
	switch {
	case announced && c.Intent != nil && c.ID != "" && c.Action != diff.Delete:
		return v.have != nil
	case announced:
		return v.settled
	case c.Intent == nil || c.Write:
		return false
	}
	return c.Action != diff.Conflict
}

// found records an interrupted create no longer wanted by Git, so that it is known as ours; under the announced name, since
// its name by now may be another connection's.
func found(name string, h *diff.Have) diff.Known {
	w := diff.Want{Connection: manifest.Connection{Name: name, Description: h.Description}, Resolved: h.Plugin}
	return diff.Record(w, *h, diff.RecordOptions{Unverified: true})
}

// causes says why something was written that Git alone does not explain: whose change was undone.
func causes(r *Report) [][2]string {
	var out [][2]string
	for i, c := range r.Plan.Changes {
		if o := r.Results[i].Outcome; o != Updated && o != Created && o != Adopted {
			continue
		}
		for _, cause := range c.Causes {
			if cause == diff.Git {
				continue
			}
			text := fmt.Sprintf("%s %s", c.Name, cause)
			if c.Modifier != "" && (cause == diff.Drift || cause == diff.Touched) {
				text += " by " + c.Modifier
			}
			out = append(out, [2]string{"Cause", text})
		}
	}
	return out
}

// story is the audit record of a run: a line for everything done.
func story(target string, rs []Result) (string, []string) {
	counts := make(map[Outcome]int)
	var lines []string
	for _, r := range rs {
		if r.Outcome == Unchanged || r.Outcome == Orphaned || r.Outcome == Conflicted {
			continue
		}
		counts[r.Outcome]++
		if r.Outcome == Skipped {
			continue
		}
		line := fmt.Sprintf("%s %s %s", r.Outcome, r.Name, r.ID)
		if len(r.RequestIDs) > 0 {
			line += " (request " + strings.Join(r.RequestIDs, ", ") + ")"
		}
		lines = append(lines, line)
	}
	var parts []string
	for _, o := range Outcomes {
		if counts[o] > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", counts[o], o))
		}
	}
	if len(parts) == 0 {
		parts = []string{"recorded"} // a protection, the end of a dead run, or a file written by sops: what is recorded without an outcome
	}
	return target + ": " + strings.Join(parts, ", "), lines
}

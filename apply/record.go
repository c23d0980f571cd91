package apply

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"connsync/apply/state"
	"connsync/diff"
	"connsync/manifest"
)

// announce stores the run and the intents of all its writes in one commit, before the first of them is
// sent: whatever happens then, the next run knows what to look for.
func (s Sync) announce(ctx context.Context, o *observation, ws []*write) error {
	intents := make([]state.Intent, len(ws))
	for i, w := range ws {
		intents[i] = state.Intent{Name: w.change.Name, Kind: w.announcedAs(), ID: w.change.ID, Run: s.Run.ID, Expires: s.Run.Expires}
	}
	ctx, cancel := outlive(ctx, finishIn) // others must not be kept waiting by an announcement that nobody ends
	defer cancel()
	run := s.Run
	m := s.Message
	m.Subject = fmt.Sprintf("%s: about to write %d", s.Name, len(ws))
	_, err := s.State.Commit(ctx, state.Edit{
		Place: o.place, Drop: o.abandoned.known, Settle: o.abandoned.intents, Announce: intents, Run: &run, Message: m,
	})
	if err != nil {
		return errors.Join(ErrNotAnnounced, err)
	}
	return nil
}

// record stores what was found and done in one commit. Where there is nothing to store it writes nothing. A run that
// known state shows as under way is over, since this one holds the state.
func (p *Prepared) record(ctx context.Context, r *Report, fates map[string]fate) error {
	s := p.sync
	gone := p.seen.abandoned
	announced := len(fates) > 0
	e := state.Edit{Place: p.seen.place, Commit: s.Commit, Drop: gone.known, Message: s.Message, EndRun: announced || p.seen.known.Run != nil}
	if !announced { // otherwise the announcement has settled them
		e.Settle = gone.intents
	}
	for i := range p.Plan.Changes {
		p.edit(&e, &p.Plan.Changes[i], fates)
	}
	r.StateCommit = p.seen.known.Commit
	if !e.EndRun && len(e.Put)+len(e.Drop)+len(e.Settle) == 0 {
		return nil
	}
	if len(e.Put) > 0 {
		e.Applied, e.AppliedAt, e.Dirty = s.Commit, s.CommitAt, s.Dirty
	}
	e.Message.Subject, e.Message.Lines = story(s.Name, r.Results)
	e.Message.Trailers = append(append([][2]string(nil), e.Message.Trailers...), causes(r)...)
	snap, err := s.State.Record(ctx, e)
	if snap.Commit != "" {
		r.StateCommit = snap.Commit
	}
	return err
}

// edit adds what one change leaves behind.
func (p *Prepared) edit(e *state.Edit, c *diff.Change, fates map[string]fate) {
	v, written := fates[c.Name]
	switch {
	case written && v.have != nil:
		k := diff.Record(*c.Want, *v.have, diff.RecordOptions{
			Commit: p.sync.Commit, Dirty: p.sync.Dirty, LastModified: v.write.lastModified, Unconfirmed: v.silent,
		})
		k.KeepStamp(c.Known)
		e.Put = append(e.Put, k)
		e.Drop = append(e.Drop, formerName(c)...)
	case written && v.outcome == Deleted && c.Known != nil:
		e.Drop = append(e.Drop, c.Known.Name)
	case c.Write:
	case c.Action == diff.Unchanged && c.Known != nil && (c.Want.Protect != c.Known.Protect || c.Restamp && p.authenticated[c.Name]):
		k := *c.Known
		k.Protect, k.Commit, k.Dirty = c.Want.Protect, p.sync.Commit, p.sync.Dirty
		if s := c.Want.File.Sops; c.Restamp && p.authenticated[c.Name] && s != nil {
			k.File, k.Blob, k.LastModified, k.MAC = c.Want.File.Path, c.Want.File.Blob, s.LastModified, s.MAC
		}
		e.Put = append(e.Put, k)
	case c.Action == diff.Adopt:
		if p.opens(c) {
			e.Put = append(e.Put, diff.Record(*c.Want, *c.Have, diff.RecordOptions{Commit: p.sync.Commit, Dirty: p.sync.Dirty, Unverified: true}))
		}
	case c.Action == diff.Forget && c.Known != nil:
		e.Drop = append(e.Drop, c.Known.Name)
	case c.Action == diff.Orphaned && c.Known == nil && c.Have != nil:
		e.Put = append(e.Put, found(c.Name, c.Have))
	}
	if settles(c, v, written) {
		e.Settle = append(e.Settle, c.Name)
	}
}

// settles tells whether the intents of a change are done with, this run's and an earlier one's: an
// interrupted create that was found and could not be written stays announced, or the next
// run would take it for somebody else's.
func settles(c *diff.Change, v fate, written bool) bool {
	switch {
	case written && c.Intent != nil && c.ID != "" && c.Action != diff.Delete:
		return v.have != nil
	case written:
		return v.settled
	case c.Intent == nil || c.Write:
		return false
	}
	return c.Action != diff.Conflict
}

// formerName is the record that a rename leaves behind.
func formerName(c *diff.Change) []string {
	if c.Known != nil && c.Known.Name != c.Name {
		return []string{c.Known.Name}
	}
	return nil
}

// found records an interrupted create that Git no longer wants, so that it is known as ours; under the name that was announced, since
// the one that it has by now may be another connection's.
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

// story is the audit record of a run: a line for everything that was done.
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
		parts = []string{"recorded"} // a protection, the end of a dead run, or that sops wrote a file: what is recorded without an outcome
	}
	return target + ": " + strings.Join(parts, ", "), lines
}

package state

import (
	"bytes"
	"maps"
	"slices"
	"time"

	"connsync/diff"
)

// Edit is a change of known state, made of what is said about it. The zero Edit changes nothing. The order of the calls does not matter:
// what is forgotten goes before anything is recorded, and what is settled before anything is announced.
type Edit struct {
	message Message

	place     diff.Place
	recorded  []diff.Known
	forgotten []forgotten
	applied   *applied

	run       *Run // begins
	endsRun   bool
	announced []Intent
	settled   []string // names
	dead      *dead

	home string // a repository to share the state from now on; "" for none new
}

// forgotten is a name no longer known, and the commit of the manifests after which it is gone; "" for none.
type forgotten struct{ name, commit string }

// applied is the commit whose manifests were carried out, from a worktree that had changes beside it.
type applied struct {
	commit string
	at     time.Time
	dirty  bool
}

// dead is a run with intents that can have no effect after a time.
type dead struct {
	run string
	at  time.Time
}

// Say sets what the ref's log says of the edit.
func (e *Edit) Say(m Message) *Edit { e.message = m; return e }

// In notes where the target's connections are.
func (e *Edit) In(p diff.Place) *Edit { e.place = p; return e }

// Announce begins a run and says what it is about to write. The run then holds the state.
func (e *Edit) Announce(r Run, intents ...Intent) *Edit {
	r.Started, r.Expires = stamp(r.Started), stamp(r.Expires)
	e.run, e.announced = &r, append(e.announced, intents...)
	return e
}

// Record notes connections as they are now, each under its name.
func (e *Edit) Record(ks ...diff.Known) *Edit { e.recorded = append(e.recorded, ks...); return e }

// Forget drops connections by name. Where they are gone because of a commit of the manifests, it is remembered with them.
func (e *Edit) Forget(commit string, names ...string) *Edit {
	for _, n := range names {
		e.forgotten = append(e.forgotten, forgotten{n, commit})
	}
	return e
}

// Settle drops intents by name: what became of them is known.
func (e *Edit) Settle(names ...string) *Edit { e.settled = append(e.settled, names...); return e }

// Applied notes the commit whose manifests were carried out; dirty where the worktree had changes beside it.
func (e *Edit) Applied(commit string, at time.Time, dirty bool) *Edit {
	e.applied = &applied{commit, at, dirty}
	return e
}

// EndRun lets go of the state.
func (e *Edit) EndRun() *Edit { e.endsRun = true; return e }

// EndDead ends a dead run, and says that none of its intents can have an effect after that time.
func (e *Edit) EndDead(run string, at time.Time) *Edit {
	e.endsRun, e.dead = true, &dead{run, at}
	return e
}

// Records tells whether a connection is recorded.
func (e *Edit) Records() bool { return len(e.recorded) > 0 }

// Recorded are the recorded connections, by name.
func (e *Edit) Recorded() map[string]*diff.Known {
	out := make(map[string]*diff.Known, len(e.recorded))
	for _, k := range e.recorded {
		out[k.Name] = &k
	}
	return out
}

// Changes tells whether the edit ends a run, or says anything about a connection.
func (e *Edit) Changes() bool {
	return e.endsRun || e.Records() || len(e.forgotten)+len(e.settled)+len(e.announced) > 0
}

// apply is the snapshot after an edit. The one before is left as it is.
func (e *Edit) apply(s Snapshot, now time.Time) Snapshot {
	before := s
	s.Known, s.Past, s.Intents = cloned(s.Known), cloned(s.Past), cloned(s.Intents)
	if e.place != (diff.Place{}) {
		s.Place = e.place
	}
	if e.home != "" && !slices.Contains(s.Homes, e.home) {
		s.Homes = slices.Sorted(slices.Values(append(slices.Clone(s.Homes), e.home)))
	}
	e.connections(s, stamp(now))
	s.lines = s.lines.but(e.names())
	e.intents(s)
	if a := e.applied; a != nil && a.commit != "" {
		s.Applied, s.AppliedAt, s.AppliedDirty = a.commit, stamp(a.at), a.dirty
	}
	if e.run != nil || e.endsRun {
		s.Run = e.run
	}
	s.More = s.More.follow(before, s)
	return s
}

// changes tells whether the edit makes another known.jsonl, and gives its intents.jsonl if that is another one. Of thousands of lines it looks at those that it is
// about.
func (e *Edit) changes(before, after Snapshot) (known bool, intents pieces) {
	known = !bytes.Equal(encodeHeader("", before), encodeHeader("", after))
	for _, k := range e.recorded {
		known = known || !bytes.Equal(before.encodeLine(k.Name), after.encodeLine(k.Name))
	}
	for _, f := range e.forgotten {
		known = known || !bytes.Equal(before.encodeLine(f.name), after.encodeLine(f.name))
	}
	if intents = encodeIntents(after); slices.Equal(encodeIntents(before), intents) {
		intents = nil
	}
	return known, intents
}

// names are those whose lines may be others after the edit.
func (e *Edit) names() map[string]bool {
	out := make(map[string]bool, len(e.recorded)+len(e.forgotten))
	for _, k := range e.recorded {
		out[k.Name] = true
	}
	for _, f := range e.forgotten {
		out[f.name] = true
	}
	return out
}

// connections forgets, and then records. Of a gone connection the name, the id and the seal's counter stay known.
func (e *Edit) connections(s Snapshot, now time.Time) {
	there := make(map[string]bool, len(e.recorded))
	for _, k := range e.recorded {
		there[k.ID] = true
	}
	for _, f := range e.forgotten {
		if k, known := s.Known[f.name]; known && !there[k.ID] { // a rename forgets nothing
			s.remember(*k, f.commit, now)
		}
		delete(s.Known, f.name)
	}
	for _, k := range e.recorded {
		s.Known[k.Name] = &k
	}
}

func (e *Edit) intents(s Snapshot) {
	for _, name := range e.settled {
		delete(s.Intents, name)
	}
	for _, i := range e.announced {
		i.Expires = stamp(i.Expires)
		s.Intents[i.Name] = i
	}
	for name, i := range s.Intents {
		if e.dead != nil && i.Run == e.dead.run && i.Expires.After(e.dead.at) {
			i.Expires = stamp(e.dead.at)
			s.Intents[name] = i
		}
	}
}

// stamp is a time as it is stored: in UTC, to the second. The zero time stays what it is.
func stamp(t time.Time) time.Time {
	if t.IsZero() {
		return time.Time{}
	}
	return t.UTC().Truncate(time.Second)
}

// cloned is a writable copy, of nil too.
func cloned[V any](m map[string]V) map[string]V {
	if m == nil {
		return map[string]V{}
	}
	return maps.Clone(m)
}

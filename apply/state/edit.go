package state

import (
	"maps"
	"slices"
	"time"

	"connsync/diff"
)

// apply is the snapshot after an edit. The one before is left as it is.
func (e Edit) apply(s Snapshot, now time.Time) Snapshot {
	before := s
	s.Known, s.Past, s.Intents = cloned(s.Known), cloned(s.Past), cloned(s.Intents)
	if e.Place != (diff.Place{}) {
		s.Place = e.Place
	}
	if e.Home != "" && !slices.Contains(s.Homes, e.Home) {
		s.Homes = slices.Sorted(slices.Values(append(slices.Clone(s.Homes), e.Home)))
	}
	e.connections(s, now.UTC().Truncate(time.Second))
	e.intents(s)
	e.applied(&s)
	switch {
	case e.Run != nil:
		run := *e.Run
		run.Started, run.Expires = run.Started.UTC().Truncate(time.Second), run.Expires.UTC().Truncate(time.Second)
		s.Run = &run
	case e.EndRun:
		s.Run = nil
	}
	s.More = s.More.follow(before, s)
	return s
}

// connections drops, and then puts. Of a connection that is gone its name, its id and its seal's counter stay known.
func (e Edit) connections(s Snapshot, now time.Time) {
	there := make(map[string]bool, len(e.Put))
	for _, k := range e.Put {
		there[k.ID] = true
	}
	for _, name := range e.Drop {
		if k, known := s.Known[name]; known && !there[k.ID] { // a rename forgets nothing
			s.remember(k, e.Commit, now)
		}
		delete(s.Known, name)
	}
	for _, k := range e.Put {
		s.Known[k.Name] = k
	}
}

func (e Edit) intents(s Snapshot) {
	for _, name := range e.Settle {
		delete(s.Intents, name)
	}
	for _, i := range e.Announce {
		i.Expires = i.Expires.UTC().Truncate(time.Second)
		s.Intents[i.Name] = i
	}
	for name, i := range s.Intents {
		if e.Expire != "" && i.Run == e.Expire && i.Expires.After(e.ExpireAt) {
			i.Expires = e.ExpireAt.UTC().Truncate(time.Second)
			s.Intents[name] = i
		}
	}
}

func (e Edit) applied(s *Snapshot) {
	if e.Applied == "" {
		return
	}
	s.Applied, s.AppliedAt, s.AppliedDirty = e.Applied, e.AppliedAt.UTC().Truncate(time.Second), e.Dirty
	if e.AppliedAt.IsZero() {
		s.AppliedAt = time.Time{}
	}
}

// cloned is a copy that can be written to, of nil too.
func cloned[V any](m map[string]V) map[string]V {
	if m == nil {
		return map[string]V{}
	}
	return maps.Clone(m)
}

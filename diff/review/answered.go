package review

import (
	"slices"

	"connsync/diff"
	"connsync/manifest"
	"connsync/secrets"
)

// A manifest may give an answer: a secret once in the clear is another one now (exposed: …). Without a key, connsync believes it, for the commit
// in the answer and for those before it; review decides.

// answered takes up what manifests answer to findings of exposed secrets.
func (r *Review) answered(fs []Finding, told told) []Finding {
	of := map[owner]*manifest.Connection{}
	for i := range r.head.Set.Connections {
		if c := &r.head.Set.Connections[i]; len(c.Exposed) > 0 {
			of[owner{c.Target, c.Name}] = c
		}
	}
	needed := map[owner]map[secrets.Path]bool{}
	for i := range fs {
		s := fs[i].Spot
		if c := of[owner{s.Target, s.Name}]; c != nil {
			r.answer(&fs[i], c, told.trail)
			if needed[owner{s.Target, s.Name}] == nil {
				needed[owner{s.Target, s.Name}] = map[secrets.Path]bool{}
			}
			needed[owner{s.Target, s.Name}][s.Path] = true
		}
	}
	for i := range r.head.Set.Connections {
		c := &r.head.Set.Connections[i]
		for _, e := range c.Exposed {
			if needed[owner{c.Target, c.Name}][e.Setting] {
				continue
			}
			f := Finding{Kind: Needless, Pos: c.At(e.Path), Commit: e.Commit, Merged: r.holds(r.base.Commit, e.Commit)}
			f.Spot = diff.Spot{Target: c.Target, Name: c.Name, Path: e.Setting, File: c.File.Path}
			if f.Merged || told.complete {
				fs = append(fs, f)
			}
		}
	}
	return fs
}

// answer takes up what a connection says of one secret: it must answer for every commit.
func (r *Review) answer(f *Finding, c *manifest.Connection, t *trail) {
	var named []string
	for _, e := range c.Exposed {
		if e.Setting == f.Spot.Path {
			named = append(named, e.Commit)
		}
	}
	if len(named) == 0 {
		return
	}
	f.Named = named[0]
	if f.Proven {
		return
	}
	for _, until := range t.lasts(f.Spot) {
		if !slices.ContainsFunc(named, func(commit string) bool { return r.holds(commit, until) }) {
			f.Until = until
			return
		}
	}
	f.Kind, f.Fatal, f.Named = Replaced, false, ""
}

// maxAsked is how often the history is asked: more answers than a person can review are not believed.
const maxAsked = 200

func (r *Review) holds(commit, earlier string) bool {
	r.asked++
	return r.asked <= maxAsked && r.history.Holds(commit, earlier)
}

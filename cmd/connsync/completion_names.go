package main

import (
	"cmp"
	"context"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"connsync/cmd/connsync/complete"
	"connsync/manifest"
	"connsync/manifest/gitfs"
)

// namesWithin is how long a person who typed Tab waits for names at most, however slow the disk. What was not read by then is not offered.
const namesWithin = time.Second

// namesFor gives the names of a kind, as the flags of a line select them. It decrypts nothing, asks no server, and says no error.
func namesFor(w world) func(kind, typed string, given complete.Given) ([]complete.Candidate, bool) {
	return func(kind, typed string, given complete.Given) ([]complete.Candidate, bool) {
		if kind == "topic" {
			return topicCandidates(), false
		}
		found := gather(func(each func(name) bool) { lookAround(w, kind, given, each) })
		switch kind {
		case "target":
			return candidates(found, func(n name) string { return n.target }), false
		case "pattern":
			return candidates(found, func(n name) string { return manifest.PatternOf(n.name) }), false
		case "setting":
			return settingCandidates(found, typed)
		case "place":
			return candidates(found, func(n name) string { return manifest.PlaceOf(n.target, n.name) }), false
		}
		return candidates(found, func(n name) string { return n.name }), false
	}
}

// name is a target, or a connection of one.
type name struct {
	target, name string
	about        string
	settings     []manifest.Setting
}

// candidates are the texts of names, each once, in order.
func candidates(found []name, text func(name) string) (out []complete.Candidate) {
	for _, n := range found {
		if t := text(n); t != "" {
			out = append(out, complete.Candidate{Text: t, About: n.about})
		}
	}
	byText := func(a, b complete.Candidate) int { return cmp.Compare(a.Text, b.Text) }
	slices.SortStableFunc(out, byText)
	return slices.CompactFunc(out, func(a, b complete.Candidate) bool { return a.Text == b.Text })
}

// settingCandidates are the settings of the typed connection, or else all connections, each with the dot before a setting.
func settingCandidates(found []name, typed string) (out []complete.Candidate, open bool) {
	place, _, err := parsePlace(typed)
	for _, n := range found {
		if err != nil || n.target != place.target || n.name != place.name || typed == manifest.PlaceOf(n.target, n.name) {
			continue
		}
		for _, s := range n.settings {
			out = append(out, complete.Candidate{Text: manifest.PlaceOf(n.target, n.name) + "." + string(s.Path)})
		}
	}
	if len(out) > 0 {
		return out, false
	}
	return candidates(found, func(n name) string { return manifest.PlaceOf(n.target, n.name) + "." }), true
}

func topicCandidates() []complete.Candidate {
	var out []complete.Candidate
	for _, t := range slices.Sorted(maps.Keys(topics)) {
		out = append(out, complete.Candidate{Text: t})
	}
	return out
}

// gather takes what comes in time.
func gather(look func(each func(name) bool)) (out []name) {
	ctx, cancel := context.WithTimeout(context.Background(), namesWithin)
	defer cancel()
	came := make(chan name, 64)
	go func() {
		defer func() { _ = recover() }() // of an unchecked file
		defer close(came)
		look(func(n name) bool {
			select {
			case came <- n:
				return true
			case <-ctx.Done():
				return false
			}
		})
	}()
	for {
		select {
		case n, more := <-came:
			if !more {
				return out
			}
			out = append(out, n)
		case <-ctx.Done():
			return out
		}
	}
}

// lookAround looks into the worktree, or for known connections into known state of this clone, until each has enough.
func lookAround(w world, kind string, given complete.Given, each func(name) bool) {
	g := globals{Dir: last(given["dir"], "."), Config: last(given["config"], cmp.Or(w.env("CONNSYNC_CONFIG"), manifest.ProjectFile)), Target: given["target"]}
	if len(given["repo"]) > 0 {
		return // it may be anywhere
	}
	top, err := gitfs.Top(g.Dir)
	if err != nil {
		top = g.Dir
	}
	tree, err := gitfs.OpenWorktree(top)
	if err != nil {
		return
	}
	defer tree.Close()
	project, err := manifest.LoadProject(tree.FS(), filepath.ToSlash(filepath.Clean(g.Config)))
	if err != nil {
		return
	}
	switch kind {
	case "target":
		for _, t := range slices.Sorted(maps.Keys(project.Targets)) {
			if !each(name{target: t, about: project.Targets[t].Region}) {
				return
			}
		}
	case "known":
		g.State = last(given["state"], w.env("CONNSYNC_STATE"))
		lookAtState(w, &g, project, each)
	default:
		manifest.Each(tree.FS(), project, func(c *manifest.Connection) bool {
			return !g.selects(c.Target) || each(name{target: c.Target, name: c.Name, about: c.Component, settings: manifest.Settings("config", c.Config)})
		})
	}
}

// lookAtState names what known state of this clone knows. A known state elsewhere is not asked.
func lookAtState(w world, g *globals, project manifest.Project, each func(name) bool) {
	if gitfs.IsRemote(g.State) {
		return
	}
	repo, err := gitfs.Open(g.Dir)
	if err != nil {
		return
	}
	src := &source{repo: repo}
	defer src.close()
	for _, t := range g.selected(project, manifest.Set{}) {
		store, err := g.store(w, src, manifest.StatePolicy{Remote: "none"}, t.Name)
		if err != nil {
			continue
		}
		snap, _ := store.Read(context.Background())
		for _, n := range slices.Sorted(maps.Keys(snap.Known)) {
			if !each(name{target: t.Name, name: n, about: t.Name}) {
				return
			}
		}
	}
}

// last is the last of some values, or another where there is none.
func last(values []string, otherwise string) string {
	if len(values) == 0 || strings.TrimSpace(values[len(values)-1]) == "" {
		return otherwise
	}
	return values[len(values)-1]
}

package main

import (
	"fmt"
	"maps"
	"slices"

	"connsync/apply"
	"connsync/manifest"
	"connsync/manifest/strict"
)

// wanted is one target with everything that Git says of it.
type wanted struct {
	manifest.Target
	want []manifest.Connection
	rest []manifest.Rested // what it wants besides, in files that were not read

	destinations string // secrets.destinations of the project
	checks       string // by which want was checked
	restedAt     string // the commit of known state by which rest was passed over
	reread       apply.Reread
}

// checkTargets refuses a --target missing in the project.
func (g *globals) checkTargets(p manifest.Project) error {
	return checkTargets("--target", g.Target, p)
}

func checkTargets(flag string, asked []string, p manifest.Project) error {
	for _, name := range asked {
		if _, ok := p.Targets[name]; ok {
			continue
		}
		hints := []string{"connsync targets  prints the names of all"}
		if near := strict.Nearest(name, slices.Sorted(maps.Keys(p.Targets))); near != "" {
			hints = []string{didYouMean(near)}
		}
		return &advised{&usageError{fmt.Sprintf("%s %s: no such target in %s", flag, name, p.File)}, hints}
	}
	return nil
}

// checkRetarget refuses a --retarget that no selected target has.
func (g *globals) checkRetarget(asked []string, p manifest.Project) error {
	for _, name := range asked {
		if _, ok := p.Targets[name]; ok && !g.selects(name) {
			return &usageError{fmt.Sprintf("--retarget %s: --target does not select it", name)}
		}
	}
	return checkTargets("--retarget", asked, p)
}

// selected are the requested targets, in order of name.
func (g *globals) selected(p manifest.Project, set manifest.Set) []wanted {
	var out []wanted
	for _, name := range slices.Sorted(maps.Keys(p.Targets)) {
		if g.selects(name) {
			out = append(out, wanted{Target: p.Targets[name], want: set.Target(name), rest: set.RestingOf(name), destinations: p.Secrets.Destinations, checks: checksOf(set.RulesDigest)})
		}
	}
	return out
}

// selects tells whether a target was asked for.
func (g *globals) selects(target string) bool {
	return g.Shard.has(target) && (len(g.Target) == 0 || slices.Contains(g.Target, target))
}

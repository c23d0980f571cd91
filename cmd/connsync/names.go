package main

import (
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

	"connsync/apply/state"
	"connsync/manifest"
	"connsync/manifest/strict"
)

// names are the connections patterns may mean: all those wanted by Git or known to connsync, of all selected targets.
type names map[string]bool

func (n names) add(want []manifest.Connection, known state.Snapshot) {
	for _, c := range want {
		n[c.Name] = true
	}
	for name := range known.Known {
		n[name] = true
	}
	for name := range known.Intents {
		n[name] = true
	}
}

// selection is a flag with its patterns.
type selection struct {
	flag     string
	patterns []string
}

// selections are the flags of a command for selecting connections by patterns.
func (g *globals) selections(how planning) []selection {
	return []selection{{"--only", g.Only}, {"--rewrite", how.rewrite}, {"--prune-protected", how.unguard}, {"--new-destination", how.accepted}}
}

// check refuses a pattern without a match: a mistyped one would make a check green, or a sync do nothing.
func (n names) check(all []selection) error {
	for _, s := range all {
		for _, p := range s.patterns {
			if !n.matched(p) {
				return n.unmatched(s.flag, p)
			}
		}
	}
	return nil
}

func (n names) matched(pattern string) bool {
	if pattern == "*" { // everything, also where there is nothing yet
		return true
	}
	is := matcher([]string{pattern})
	for name := range n {
		if is(name) {
			return true
		}
	}
	return false
}

func (n names) unmatched(flag, pattern string) error {
	hint := "connsync diff -v  names every connection"
	if near := n.nearest(pattern); near != "" {
		hint = didYouMean(near)
	}
	return &advised{&usageError{fmt.Sprintf("%s %s: matches no connection that Git wants or connsync knows", flag, pattern)}, []string{hint}}
}

// nearest is the name most likely meant by a pattern. Of one with wildcards, the text before the first is compared with as much
// of each name.
func (n names) nearest(pattern string) string {
	literal := pattern
	if i := strings.IndexAny(pattern, `*?[\`); i >= 0 {
		literal = pattern[:i]
	}
	if literal == "" {
		return ""
	}
	begins := map[string]string{}
	for _, name := range slices.Sorted(maps.Keys(n)) {
		begin := name
		if literal != pattern {
			begin = name[:min(len(name), len(literal))]
		}
		if begins[begin] == "" {
			begins[begin] = name
		}
	}
	return begins[strict.Nearest(literal, slices.Sorted(maps.Keys(begins)))]
}

// slashless has a character that no name holds in place of each "/", as a pattern's wildcards would not match a "/".
func slashless(s string) string { return strings.ReplaceAll(s, "/", "\x00") }

func didYouMean(name string) string { return "did you mean " + name }

// matcher tells whether a name matches one of some patterns; nil where there are none. In a name "/" is a character as any other.
func matcher(patterns []string) func(string) bool {
	if len(patterns) == 0 {
		return nil
	}
	return func(name string) bool {
		return slices.ContainsFunc(patterns, func(p string) bool {
			ok, err := path.Match(slashless(p), slashless(name))
			return err == nil && ok
		})
	}
}

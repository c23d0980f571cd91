package main

import (
	"fmt"
	"sort"
	"strings"

	"connsync/manifest"
)

// policyChanges are the changes of the project file that decide where secrets go and how they are kept.
func policyChanges(was, now manifest.Project) []string {
	var out []string
	changed := func(what, before, after string) {
		if before != after {
			out = append(out, fmt.Sprintf("%s: %s changes from %s to %s", now.File, what, quoted(before), quoted(after)))
		}
	}
	for name, t := range now.Targets {
		b, ok := was.Targets[name]
		if !ok {
			out = append(out, fmt.Sprintf("%s: target %s is new: %s, workspace %s", now.File, name, t.Region, quoted(t.WorkspaceID)))
			continue
		}
		changed("the region of "+name, b.Region, t.Region)
		changed("the project of "+name, b.ProjectID, t.ProjectID)
		changed("the workspace of "+name, b.WorkspaceID, t.WorkspaceID)
	}
	for name := range was.Targets {
		if _, ok := now.Targets[name]; !ok {
			out = append(out, fmt.Sprintf("%s: target %s is gone: nobody looks at its connections any more", now.File, name))
		}
	}
	changed("manifests", strings.Join(was.Manifests, " "), strings.Join(now.Manifests, " "))
	changed("secrets.allow", strings.Join(was.Secrets.Allow, " "), strings.Join(now.Secrets.Allow, " "))
	changed("secrets.mac", macOf(was), macOf(now))
	changed("state.remote", was.State.Remote, now.State.Remote)
	sort.Strings(out)
	return out
}

func macOf(p manifest.Project) string {
	if p.Secrets.FullMAC {
		return "full"
	}
	return "any"
}

// ruleChanges are the changes of .sops.yaml files: they decide who can open what is encrypted from now on.
func ruleChanges(was, now manifest.Rules) []string {
	var out []string
	folders := map[string]bool{}
	for _, rules := range []manifest.Rules{was, now} {
		for dir := range rules {
			folders[dir] = true
		}
	}
	for _, dir := range sortedKeys(folders) {
		file := strings.TrimPrefix(dir+"/", "./") + manifest.RulesFile
		switch before, after := was[dir], now[dir]; {
		case len(before) == 0:
			out = append(out, ruleFileChanges(file, nil, after)...)
		case len(after) == 0:
			out = append(out, file+" has no rules any more")
		default:
			out = append(out, ruleFileChanges(file, before, after)...)
		}
	}
	return out
}

// ruleFileChanges compares rules that have the same path_regex; among those, in order.
func ruleFileChanges(file string, before, after []manifest.Rule) []string {
	var out []string
	left := map[string][]manifest.Rule{}
	for _, r := range before {
		left[r.PathRegex] = append(left[r.PathRegex], r)
	}
	for _, r := range after {
		old := left[r.PathRegex]
		if len(old) == 0 {
			out = append(out, fmt.Sprintf("%s: %s is new: %s", file, ruleName(r), recipientList(r.Recipients)))
			continue
		}
		left[r.PathRegex] = old[1:]
		out = append(out, ruleDifferences(file+": "+ruleName(r), old[0], r)...)
	}
	for _, r := range before {
		if len(left[r.PathRegex]) > 0 {
			left[r.PathRegex] = left[r.PathRegex][1:]
			out = append(out, fmt.Sprintf("%s: %s is gone", file, ruleName(r)))
		}
	}
	if len(out) == 0 && order(before) != order(after) {
		out = append(out, file+": the rules stand in another order, and the first that fits a file holds")
	}
	return out
}

func ruleDifferences(what string, was, now manifest.Rule) []string {
	var out []string
	for _, r := range manifest.Missing(now.Recipients, was.Recipients) {
		out = append(out, what+": recipient added: "+r.String())
	}
	for _, r := range manifest.Missing(was.Recipients, now.Recipients) {
		out = append(out, what+": recipient removed: "+r.String())
	}
	if was.Selector != now.Selector {
		out = append(out, fmt.Sprintf("%s: what is encrypted changes from %s to %s", what, quoted(was.Selector), quoted(now.Selector)))
	}
	if was.MACOnly != now.MACOnly {
		out = append(out, fmt.Sprintf("%s: mac_only_encrypted changes from %t to %t", what, was.MACOnly, now.MACOnly))
	}
	if was.Threshold != now.Threshold {
		out = append(out, fmt.Sprintf("%s: shamir_threshold changes from %d to %d", what, was.Threshold, now.Threshold))
	}
	return out
}

func ruleName(r manifest.Rule) string {
	if r.PathRegex == "" {
		return "the rule for all files"
	}
	return "the rule for " + quoted(r.PathRegex)
}

func recipientList(rs []manifest.Recipient) string {
	words := make([]string, len(rs))
	for i, r := range rs {
		words[i] = r.String()
	}
	return strings.Join(words, ", ")
}

func order(rs []manifest.Rule) string {
	words := make([]string, len(rs))
	for i, r := range rs {
		words[i] = quoted(r.PathRegex)
	}
	return strings.Join(words, " ")
}

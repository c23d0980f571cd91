package review

import (
	"cmp"
	"maps"
	"slices"
	"strconv"
	"strings"

	"connsync/manifest"
)

// RuleKind names what changed of the rules. Everything else is judged by them.
type RuleKind string

// The kinds. Of the project file: where secrets go and how they are kept. Of the catalog of plugins: what is a password. Of .sops.yaml files:
// who can open what is encrypted from now on.
const (
	ProjectUnread RuleKind = "project-unread" // it had mistakes at the base, so what changes in it cannot be told
	ProjectValue  RuleKind = "project-value"  // Setting goes from Was to Now, of Target where there is one
	TargetNew     RuleKind = "target-new"
	TargetGone    RuleKind = "target-gone"

	PluginsGone  RuleKind = "plugins-gone"  // nothing tells any more what the plugins of Target take
	PasswordGone RuleKind = "password-gone" // Setting of the plugin Was is no password any more

	DestinationsReviewed RuleKind = "destinations-reviewed" // as it was before: no seal is compared

	RulesGone        RuleKind = "rules-gone"  // the file has no rules any more
	RulesOrder       RuleKind = "rules-order" // and the first fitting one holds
	RuleNew          RuleKind = "rule-new"
	RuleGone         RuleKind = "rule-gone"
	RecipientAdded   RuleKind = "recipient-added"
	RecipientRemoved RuleKind = "recipient-removed"
	RuleValue        RuleKind = "rule-value" // Setting goes from Was to Now
)

// RuleChange is a change of the rules.
type RuleChange struct {
	Kind       RuleKind
	File       string
	Target     manifest.Target // of the project file
	Rule       manifest.Rule   // of .sops.yaml, as it is at the head, or was
	Setting    string
	Was, Now   string
	Recipients []manifest.Recipient
}

// RuleChanges are the changes of both kinds of rules: those of the project file first.
func (r *Review) RuleChanges() []RuleChange {
	out := append(pluginChanges(r.base.Set.Plugins, r.head.Set.Plugins), sopsRuleChanges(r.base.Set.Rules, r.head.Set.Rules)...)
	out = append(r.standing(), out...)
	switch {
	case r.unread:
		return append([]RuleChange{{Kind: ProjectUnread, File: r.head.Project.File}}, out...)
	case r.fresh:
		return out
	}
	return append(projectChanges(r.base.Project, r.head.Project), out...)
}

// standing are the settings of the project with a high risk in every preview, changed or not.
func (r *Review) standing() []RuleChange {
	if r.head.Project.Secrets.Destinations != manifest.Reviewed || !r.fresh && r.base.Project.Secrets.Destinations != manifest.Reviewed {
		return nil
	}
	return []RuleChange{{Kind: DestinationsReviewed, File: r.head.Project.File}}
}

// projectChanges are those of settings of the whole project, of its targets as such, and then of their places.
func projectChanges(was, now manifest.Project) []RuleChange {
	var out []RuleChange
	changed := func(t manifest.Target, setting, before, after string) {
		if before != after {
			out = append(out, RuleChange{Kind: ProjectValue, File: now.File, Target: t, Setting: setting, Was: before, Now: after})
		}
	}
	var all manifest.Target
	changed(all, "manifests", strings.Join(was.Manifests, " "), strings.Join(now.Manifests, " "))
	changed(all, "secrets.allow", strings.Join(was.Secrets.Allow, " "), strings.Join(now.Secrets.Allow, " "))
	changed(all, "secrets.mac", macOf(was), macOf(now))
	changed(all, "secrets.rule", ruleOf(was), ruleOf(now))
	changed(all, "secrets.destinations", was.Secrets.Destinations, now.Secrets.Destinations)
	changed(all, "secrets.max_age", was.Secrets.MaxAge.String(), now.Secrets.MaxAge.String())
	changed(all, "state.remote", was.State.Remote, now.State.Remote)
	out = append(out, targetChanges(was, now)...)
	for _, part := range []struct {
		setting string
		of      func(manifest.Target) string
	}{
		{"project", func(t manifest.Target) string { return t.ProjectID }},
		{"region", func(t manifest.Target) string { return t.Region }},
		{"workspace", func(t manifest.Target) string { return t.WorkspaceID }},
		{"endpoint", func(t manifest.Target) string { return t.Endpoint }},
		{"iam_endpoint", func(t manifest.Target) string { return t.IAMEndpoint }},
		{"ca", manifest.Target.Authority},
		{"max_age", func(t manifest.Target) string { return t.MaxAge.String() }},
	} {
		for _, name := range slices.Sorted(maps.Keys(now.Targets)) {
			if b, ok := was.Targets[name]; ok {
				changed(now.Targets[name], part.setting, part.of(b), part.of(now.Targets[name]))
			}
		}
	}
	return out
}

// targetChanges are the coming and the going targets, in order of name.
func targetChanges(was, now manifest.Project) []RuleChange {
	var out []RuleChange
	for name, t := range now.Targets {
		if _, ok := was.Targets[name]; !ok {
			out = append(out, RuleChange{Kind: TargetNew, File: now.File, Target: t})
		}
	}
	for name, t := range was.Targets {
		if _, ok := now.Targets[name]; !ok {
			out = append(out, RuleChange{Kind: TargetGone, File: now.File, Target: t})
		}
	}
	slices.SortFunc(out, func(a, b RuleChange) int { return cmp.Compare(a.Target.Name, b.Target.Name) })
	return out
}

// pluginChanges are the changes that make the catalog of plugins check less.
func pluginChanges(was, now manifest.Catalog) []RuleChange {
	var out []RuleChange
	for _, p := range now.Loosened(was) {
		c := RuleChange{Kind: PluginsGone, File: was.File, Target: manifest.Target{Name: p.Target}}
		if p.Plugin != "" {
			c.Kind, c.Was, c.Setting = PasswordGone, p.Plugin+" "+p.Version, p.Setting
		}
		out = append(out, c)
	}
	return out
}

func macOf(p manifest.Project) string {
	if p.Secrets.FullMAC {
		return "full"
	}
	return "any"
}

func ruleOf(p manifest.Project) string {
	if p.Secrets.RuleWarn {
		return "warn"
	}
	return "refuse"
}

// sopsRuleChanges are the changes of .sops.yaml files, in order of folder.
func sopsRuleChanges(was, now manifest.Rules) []RuleChange {
	was, now = readable(was), readable(now)
	folders := manifest.Rules{}
	maps.Copy(folders, was)
	maps.Copy(folders, now)
	var out []RuleChange
	for _, dir := range slices.Sorted(maps.Keys(folders)) {
		file := strings.TrimPrefix(dir+"/", "./") + manifest.RulesFile
		if len(was[dir]) > 0 && len(now[dir]) == 0 {
			out = append(out, RuleChange{Kind: RulesGone, File: file})
			continue
		}
		out = append(out, rulesFileChanges(file, was[dir], now[dir])...)
	}
	return out
}

// readable are the rules of files usable by sops. An unusable one is a mistake.
func readable(rules manifest.Rules) manifest.Rules {
	out := manifest.Rules{}
	for dir, rs := range rules {
		if !slices.ContainsFunc(rs, func(r manifest.Rule) bool { return r.Unread }) {
			out[dir] = rs
		}
	}
	return out
}

// rulesFileChanges compares rules with the same path_regex; among those, in order.
func rulesFileChanges(file string, before, after []manifest.Rule) []RuleChange {
	var out []RuleChange
	left := map[string][]manifest.Rule{}
	for _, r := range before {
		left[r.PathRegex] = append(left[r.PathRegex], r)
	}
	for _, r := range after {
		old := left[r.PathRegex]
		if len(old) == 0 {
			out = append(out, RuleChange{Kind: RuleNew, File: file, Rule: r, Recipients: r.Recipients})
			continue
		}
		left[r.PathRegex] = old[1:]
		out = append(out, ruleDifferences(file, old[0], r)...)
	}
	for _, r := range before {
		if len(left[r.PathRegex]) > 0 {
			left[r.PathRegex] = left[r.PathRegex][1:]
			out = append(out, RuleChange{Kind: RuleGone, File: file, Rule: r})
		}
	}
	if len(out) == 0 && len(before) > 0 && !slices.EqualFunc(before, after, func(a, b manifest.Rule) bool { return a.PathRegex == b.PathRegex }) {
		out = append(out, RuleChange{Kind: RulesOrder, File: file})
	}
	return out
}

func ruleDifferences(file string, was, now manifest.Rule) []RuleChange {
	var out []RuleChange
	for _, r := range manifest.Missing(now.Recipients, was.Recipients) {
		out = append(out, RuleChange{Kind: RecipientAdded, File: file, Rule: now, Recipients: []manifest.Recipient{r}})
	}
	for _, r := range manifest.Missing(was.Recipients, now.Recipients) {
		out = append(out, RuleChange{Kind: RecipientRemoved, File: file, Rule: now, Recipients: []manifest.Recipient{r}})
	}
	changed := func(setting, before, after string) {
		if before != after {
			out = append(out, RuleChange{Kind: RuleValue, File: file, Rule: now, Setting: setting, Was: before, Now: after})
		}
	}
	changed("selector", was.Selector, now.Selector)
	changed("mac_only_encrypted", strconv.FormatBool(was.MACOnly), strconv.FormatBool(now.MACOnly))
	changed("shamir_threshold", strconv.Itoa(was.Threshold), strconv.Itoa(now.Threshold))
	return out
}

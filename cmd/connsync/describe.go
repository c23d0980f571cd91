package main

import (
	"sort"
	"strings"

	"connsync/diff"
	"connsync/secrets"
)

// actions are all of them, in the order in which they are shown: what must not be overlooked comes last, next to the totals.
var actions = []diff.Action{
	diff.Create, diff.Update, diff.Rename, diff.Adopt, diff.Delete, diff.Remove, diff.Unchanged, diff.Orphaned, diff.Forget, diff.Conflict,
}

// describe puts plans into words. all says that unchanged connections are named too.
func describe(plans []diff.Plan, offline, all bool) sheet {
	s := sheet{offline: offline}
	counts := map[diff.Action]int{}
	moved := moves(plans)
	for _, plan := range plans {
		s.sections = append(s.sections, describeTarget(plan, moved, offline, all))
		for i := range plan.Changes {
			counts[plan.Changes[i].Action]++
		}
	}
	for _, a := range actions {
		s.totals = append(s.totals, total{a, counts[a]})
	}
	if !offline {
		s.hash = diff.Hash(plans...)
	}
	s.next = next(s)
	return s
}

func describeTarget(plan diff.Plan, moved map[string]string, offline, all bool) section {
	out := section{
		target: plan.Target, place: plan.Place.Region + "/" + cut(plan.Place.WorkspaceID, 8),
		want: cutHash(plan.WantCommit), known: cutHash(plan.KnownCommit), notes: remarks(plan),
	}
	for i := range plan.Changes {
		c := &plan.Changes[i]
		if c.Action == diff.Unchanged {
			out.unchanged++
			if len(c.Warnings) == 0 && !all {
				continue
			}
		}
		out.cards = append(out.cards, describeChange(c, moved[plan.Target+"\x00"+c.Name], all))
	}
	sort.SliceStable(out.cards, func(i, j int) bool { return rank(out.cards[i].action) < rank(out.cards[j].action) })
	return out
}

func rank(a diff.Action) int {
	for i, other := range actions {
		if a == other {
			return i
		}
	}
	return len(actions)
}

// describeChange puts one change into words. movesTo is the target that gains what this one loses.
func describeChange(c *diff.Change, movesTo string, all bool) card {
	out := card{action: c.Action, name: c.Name, file: c.Pos.File, line: c.Pos.Line, why: why(c)}
	if c.From != c.Name {
		out.from = c.From
	}
	if movesTo != "" {
		out.why = append(out.why, "moves to target "+movesTo+", where it is created")
	}
	if c.Action == diff.Create || c.Action == diff.Adopt {
		out.plugin = pluginText(c.Plugin)
	}
	if c.Action != diff.Create || all {
		for _, f := range c.Fields {
			out.fields = append(out.fields, describeField(c, f))
		}
	}
	if c.Action != diff.Unchanged {
		out.secrets = c.Secrets
	}
	if c.Action != diff.Unchanged || all {
		out.extra = plain(c.Extra)
	}
	for _, r := range c.Risks {
		out.risks = append(out.risks, alert{riskMark + riskText(r), lineOf(c, r.Path)})
	}
	for _, w := range c.Warnings {
		out.warnings = append(out.warnings, warning(w))
	}
	if c.Conflict != nil {
		out.conflict, out.hints = conflict(c)
	}
	return out
}

// why says what no field of the change shows.
func why(c *diff.Change) []string {
	var out []string
	for _, cause := range c.Causes {
		switch cause {
		case diff.Touched:
			out = append(out, "touched in SecMaster"+by(c.Modifier)+"; nothing visible differs, a secret may")
		case diff.Interrupted:
			out = append(out, "an earlier run announced this write and did not confirm it")
		case diff.Rewrite:
			out = append(out, "written again, as asked with --rewrite")
		case diff.Missing:
			out = append(out, "written before, and no longer in SecMaster")
		}
	}
	switch {
	case c.Action == diff.Adopt && !c.Write:
		out = append(out, "in SecMaster already ("+cut(c.ID, 8)+"), with equal settings: recorded, not written")
	case c.Action == diff.Adopt:
		out = append(out, "in SecMaster already ("+cut(c.ID, 8)+"): taken over, and written once")
	case c.Action == diff.Orphaned:
		out = append(out, "no longer in Git; left alone")
	case c.Action == diff.Remove:
		out = append(out, "no longer in Git; a sync leaves it alone, and sync --prune deletes it")
	case c.Action == diff.Delete:
		out = append(out, "no longer in Git")
	case c.Action == diff.Forget:
		out = append(out, "no longer in Git, nor in SecMaster")
	}
	return out
}

func describeField(c *diff.Change, f diff.Field) cardField {
	out := cardField{path: string(f.Path), line: lineOf(c, f.Path), cause: causesOf(c, f)}
	old, oldText := f.Old.(string)
	text, newText := f.New.(string)
	if oldText && newText && !f.OldHidden && !f.NewHidden && strings.Contains(old+text, "\n") {
		out.lines = lineDiffs(old, text)
		return out
	}
	out.new = shown(f.New)
	if f.NewHidden {
		out.new = notShown
	}
	switch {
	case f.OldHidden:
		out.old = notShown
	case f.Old != nil:
		out.old = shown(f.Old)
	}
	return out
}

// lineOf is the line of a field in the manifest; the connection's own where the field is not there.
func lineOf(c *diff.Change, p secrets.Path) int {
	if c.Want == nil {
		return 0
	}
	if p == "plugin" {
		p = "component"
	}
	return c.Want.At(p).Line
}

// notShown stands for a value that could be a secret.
const notShown = "(not shown)"

func causesOf(c *diff.Change, f diff.Field) string {
	if c.Action == diff.Create {
		return ""
	}
	words := make([]string, len(f.Causes))
	for i, cause := range f.Causes {
		words[i] = string(cause)
		if cause == diff.Drift {
			words[i] += by(c.Modifier)
		}
	}
	return strings.Join(words, ", ")
}

func by(modifier string) string {
	if modifier == "" {
		return ""
	}
	return " by " + modifier
}

func pluginText(p diff.Plugin) string {
	if p.Component != "" && p.Version != "" {
		return p.Component + " " + p.Version
	}
	return p.ComponentID + " " + p.VersionID
}

func riskText(r diff.Risk) string {
	switch r.Kind {
	case diff.RiskMoved:
		return bare(r.Path) + " was " + spot(r.From) + ": it does not open here; set it with sops"
	case diff.RiskRepointed:
		return "a sync refuses the new " + string(r.Path) + ": sops did not write the file, and whoever sends its secrets elsewhere must hold its key"
	case diff.RiskCopied:
		return bare(r.Path) + " is a copy of " + spot(r.From) + ": it does not open here; set it with sops"
	}
	return "unchanged secrets will go to the new " + string(r.Path)
}

func spot(s diff.Spot) string { return bare(s.Path) + " of " + s.Name + " in target " + s.Target }

// bare is a setting's path without the config that all of them stand under.
func bare(p secrets.Path) string { return strings.TrimPrefix(string(p), "config.") }

// secretWord is what is said of one secret, which is all that is ever said of one.
func secretWord(s diff.SecretChange) string { return secretWordOf(bare(s.Path), s.Word) }

func secretWordOf(path string, w diff.Word) string {
	if w == diff.Set {
		return path + " (set)"
	}
	return path + " " + string(w)
}

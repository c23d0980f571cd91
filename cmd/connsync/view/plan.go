package view

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"connsync/diff"
	"connsync/manifest"
	"connsync/secrets"
)

// Page puts a diff into words. all says that unchanged connections are named too.
func (d Diff) Page(all bool) Page {
	p := Page{Offline: d.Offline, Alarms: d.Alarms, Findings: slices.Concat(d.Findings, d.Failed)}
	counts, newTarget := map[diff.Action]int{}, newTargets(d.Plans)
	for i, plan := range d.Plans {
		t := target(fmt.Sprintf("t%d", i+1), plan, newTarget, d.Offline, all)
		t.Files = d.Files[plan.Target]
		if d.Others {
			t.Notes = append(t.Notes, others(plan)...)
		}
		p.Targets = append(p.Targets, t)
		for i := range plan.Changes {
			counts[plan.Changes[i].Action]++
		}
	}
	for _, a := range Actions {
		p.Totals = append(p.Totals, Total{a, counts[a]})
	}
	if !d.Offline {
		p.Hash = diff.Hash(d.Plans...)
	}
	if p.Next = next(p); d.Again != nil {
		p.Next = d.Again(p.Next)
	}
	return p
}

// PlaceName is where a target's connections live, in short.
func PlaceName(p diff.Place) string {
	name := p.Region + "/" + Cut(p.WorkspaceID, 8)
	if p.Endpoint != "" {
		name += " at " + p.Endpoint
	}
	return name
}

func target(anchor string, plan diff.Plan, newTarget map[[2]string]string, offline, all bool) Target {
	out := Target{
		Anchor: anchor, Name: plan.Target, Place: PlaceName(plan.Place),
		Commits: commits(plan, offline), Notes: remarks(plan),
	}
	if changed := len(plan.Changes) - plan.Count(diff.Unchanged); changed > 0 {
		out.Cards = make([]Card, 0, changed)
	}
	for i := range plan.Changes {
		c := &plan.Changes[i]
		if c.Action == diff.Unchanged {
			out.Unchanged++
			if len(c.Warnings) == 0 && !all {
				continue
			}
		}
		out.Cards = append(out.Cards, card(c, newTarget[[2]string{plan.Target, c.Name}], all))
	}
	slices.SortStableFunc(out.Cards, func(a, b Card) int { return cmp.Compare(rank(a.Action), rank(b.Action)) })
	for i := range out.Cards {
		out.Cards[i].Anchor = fmt.Sprintf("%s-%d", anchor, i+1)
	}
	return out
}

func commits(plan diff.Plan, offline bool) (out []Commit) {
	want, known := "Git", "state"
	if offline {
		want, known = "head", "base"
	}
	for _, c := range []Commit{{want, CutHash(plan.WantCommit)}, {known, CutHash(plan.KnownCommit)}} {
		if c.Hash != "" {
			out = append(out, c)
		}
	}
	return out
}

// rank is an action's place in the order of Actions; one that is not among them comes last.
func rank(a diff.Action) int {
	if i := slices.Index(Actions, a); i >= 0 {
		return i
	}
	return len(Actions)
}

// card puts one change into words. movesTo is the target that gains what this one loses.
func card(c *diff.Change, movesTo string, all bool) Card {
	out := Card{Action: c.Action, Name: c.Name, Of: c.Plugin.String(), File: c.Pos.File, Line: c.Pos.Line, Why: why(c)}
	if c.From != c.Name {
		out.From = c.From
	}
	if movesTo != "" {
		out.Why = append(out.Why, "moves to target "+movesTo+", where it is created")
	}
	if c.Action == diff.Create || c.Action == diff.Adopt || c.Action == diff.Incomplete {
		out.Plugin = c.Plugin.String()
	}
	for _, f := range c.Fields {
		out.Fields = append(out.Fields, field(c, f))
	}
	if c.Action != diff.Unchanged {
		for _, s := range c.Secrets {
			out.Secrets = append(out.Secrets, Secret{bare(s.Path), s.Word})
		}
	}
	if c.Action != diff.Unchanged || all {
		out.Extra = Paths(c.Extra)
	}
	for _, r := range c.Risks {
		out.Risks = append(out.Risks, Risk{Line: lineOf(c, r.Path), Text: riskText(r)})
	}
	out.Warnings = warnings(c.Warnings)
	out.tellUsers(c)
	switch {
	case c.Conflict != nil:
		out.Conflict, out.Hints = Conflict(c)
	case c.Want != nil && len(c.Want.Missing) > 0:
		out.Hints = []string{fillHint(c.Want)}
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
			out = append(out, "an earlier run was interrupted during this write")
		case diff.Rewrite:
			out = append(out, "written again, as asked with --rewrite")
		case diff.Missing:
			out = append(out, "written before, and no longer in SecMaster")
		}
	}
	if slices.ContainsFunc(c.Secrets, func(s diff.SecretChange) bool { return s.Word == diff.Differs }) {
		out = append(out, "drift"+by(c.Modifier)+": SecMaster shows another value of a secret")
	}
	if c.Want != nil && len(c.Want.Missing) > 0 && c.Conflict == nil {
		out = append(out, "without a value yet: "+List(Paths(c.Want.Missing))+"; it is not written before it has one")
	}
	switch {
	case c.Action == diff.Incomplete && c.ID != "":
		out = append(out, "in SecMaster already ("+Cut(c.ID, 8)+"): it will be taken over")
	case c.Action == diff.Adopt && !c.Write:
		out = append(out, "in SecMaster already ("+Cut(c.ID, 8)+"), with equal settings: recorded, not written")
	case c.Action == diff.Adopt:
		out = append(out, "in SecMaster already ("+Cut(c.ID, 8)+"): taken over, and written once if anything differs")
	case c.Action == diff.Orphaned && len(c.Warnings) == 0:
		out = append(out, "no longer in Git; left alone, and sync --prune deletes it")
	case c.Action == diff.Orphaned: // a warning may say that nothing deletes it
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

func field(c *diff.Change, f diff.Field) Field {
	out := Field{Path: string(f.Path), Line: lineOf(c, f.Path), Cause: causesOf(c, f)}
	old, oldText := f.Old.(string)
	text, newText := f.New.(string)
	both := oldText && newText && !f.OldHidden && !f.NewHidden
	if both && strings.Contains(old+text, "\n") {
		out.Lines = differences(old, text)
		return out
	}
	show := value
	if f.Destination() {
		show = spelled
	}
	out.New = show(f.New)
	if f.NewHidden {
		out.New = notShown
	}
	switch {
	case f.OldHidden:
		out.Old = notShown
	case both:
		a, b := apart(old, text)
		out.Old, out.New = a.quoted(f.Destination()), b.quoted(f.Destination())
	case f.Old != nil:
		out.Old = show(f.Old)
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

func riskText(r diff.Risk) string {
	switch r.Kind {
	case diff.RiskMoved:
		return bare(r.Path) + " was " + spot(r.From) + ": it does not open here"
	case diff.RiskAdopt:
		return "the existing connection of this id is taken over, and overwritten with what stands here"
	case diff.RiskUnprotected:
		return "no longer protected: once it is gone from Git, sync --prune may delete it"
	case diff.RiskExposed:
		return "a secret that stood in the clear is said to be another one now, without proof: " + string(r.Path)
	case diff.RiskException:
		return "what looks like a secret may stand in the clear: " + string(r.Path)
	case diff.RiskRepointed:
		return "a sync refuses the new " + string(r.Path) + ": the connection was not sealed since"
	case diff.RiskSealed:
		return "sealed anew: a sync checks that a holder of the file's key did it"
	case diff.RiskCopied:
		return bare(r.Path) + " is a copy of " + spot(r.From) + ": it does not open here"
	}
	return "unchanged secrets will go to the new " + string(r.Path)
}

func spot(s diff.Spot) string {
	return bare(s.Path) + " of " + manifest.SaidName(s.Name) + " in target " + s.Target
}

// bare is a setting's path without the config that all secrets stand under.
func bare(p secrets.Path) string { return strings.TrimPrefix(string(p), "config.") }

package main

import (
	"bufio"
	"fmt"
	"strings"
	"unicode/utf8"

	"connsync/diff"
	"connsync/secrets"
)

const planIndent = "              "

// plans shows plans in the format that was asked for.
func (p *printer) plans(plans []diff.Plan, format string) error {
	if format == "json" {
		out := plansJSON(plans)
		if p.offline {
			out.Hash = ""
		}
		return writeJSON(p.out, out)
	}
	p.moves = moves(plans)
	b := bufio.NewWriter(p.out)
	l := &lines{w: b}
	for _, plan := range plans {
		p.plan(l, plan)
	}
	p.totals(l, plans)
	if l.err != nil {
		return l.err
	}
	return b.Flush()
}

// plan shows one target: its place first, then what changes, then what is to be known.
func (p *printer) plan(l *lines, plan diff.Plan) {
	want, known := "want", "known"
	if p.offline {
		want, known = "head", "base"
	}
	place := plan.Place.Region + "/" + short(plan.Place.WorkspaceID, 8)
	l.printf("%s  %s", p.outTint.bold(safe(plan.Target)), place)
	if plan.WantCommit != "" {
		l.printf("   %s %s", want, abbreviated(plan.WantCommit))
	}
	if plan.KnownCommit != "" {
		l.printf("   %s %s", known, abbreviated(plan.KnownCommit))
	}
	l.printf("\n\n")
	before := l.changes
	for i := range plan.Changes {
		p.change(l, plan.Target, &plan.Changes[i])
	}
	if l.changes == before {
		l.printf("  nothing to do\n")
	}
	l.printf("\n")
	for _, s := range remarks(plan) {
		l.printf("  %s %s\n", p.outTint.cyan("note:"), s)
	}
	if len(remarks(plan)) > 0 {
		l.printf("\n")
	}
}

// remarks are what a plan's reader should know beside its changes.
func remarks(plan diff.Plan) []string {
	var out []string
	if n := plan.Unverified; n > 0 {
		out = append(out, fmt.Sprintf("%s could not be verified: no record of writing %s\n"+
			"        share known state, or write once more: connsync sync --rewrite '*'", count(n, "secret"), them(n)))
	}
	if plan.BlindToTouch {
		out = append(out, "SecMaster gives no update time: secrets that are changed in its\n        console cannot be seen")
	}
	if plan.Unmanaged > 0 {
		out = append(out, count(plan.Unmanaged, "connection")+" in SecMaster not managed by connsync (never touched)")
	}
	return out
}

func them(n int) string {
	if n == 1 {
		return "it"
	}
	return "them"
}

// mark is an action's symbol and word, which always go together: colour is an addition.
func (t tint) mark(c *diff.Change) string {
	switch c.Action {
	case diff.Create:
		return t.green("+ create   ")
	case diff.Update:
		return t.yellow("~ update   ")
	case diff.Adopt:
		return t.green("= adopt    ")
	case diff.Delete:
		return t.red("- delete   ")
	case diff.Orphaned:
		return t.dim("o orphaned ")
	case diff.Forget:
		return t.dim("x forget   ")
	case diff.Conflict:
		return t.red("! conflict ")
	}
	return "  " + string(c.Action)
}

func (p *printer) change(l *lines, target string, c *diff.Change) {
	if c.Action == diff.Unchanged && len(c.Warnings) == 0 && !p.verbose {
		return
	}
	l.changes++
	name := p.outTint.bold(safe(c.Name))
	if c.From != "" && c.From != c.Name {
		name = safe(c.From) + " -> " + name
	}
	l.printf("  %s %s", p.outTint.mark(c), name)
	if c.Pos.File != "" {
		l.printf("   %s", p.outTint.dim(safe(c.Pos.String())))
	}
	l.printf("\n")
	p.why(l, c)
	if to := p.moves[target+"\x00"+c.Name]; to != "" {
		l.printf(planIndent+"moves to target %s, where it is created\n", safe(to))
	}
	if c.Action == diff.Create || c.Action == diff.Adopt {
		l.printf(planIndent+"plugin     %s\n", plugin(c.Plugin))
	}
	for _, f := range c.Fields {
		if c.Action != diff.Create || p.verbose {
			p.field(l, c, f)
		}
	}
	p.secretWords(l, c)
	p.extra(l, c)
	p.warnings(l, c)
	p.conflict(l, c)
}

// why says what no field of the change shows.
func (p *printer) why(l *lines, c *diff.Change) {
	for _, cause := range c.Causes {
		switch cause {
		case diff.Touched:
			l.printf(planIndent+"%s in SecMaster%s; nothing visible differs, a secret may\n", p.outTint.yellow("touched"), by(c.Modifier))
		case diff.Interrupted:
			l.printf(planIndent + "an earlier run announced this write and did not confirm it\n")
		case diff.Rewrite:
			l.printf(planIndent + "written again, as asked with --rewrite\n")
		case diff.Missing:
			l.printf(planIndent + "written before, and no longer in SecMaster\n")
		}
	}
	switch {
	case c.Action == diff.Adopt && !c.Write:
		l.printf(planIndent+"in SecMaster already (%s), with equal settings: recorded, not written\n", short(c.ID, 8))
	case c.Action == diff.Adopt:
		l.printf(planIndent+"in SecMaster already (%s): taken over, and written once\n", short(c.ID, 8))
	case c.Action == diff.Orphaned:
		l.printf(planIndent + "no longer in Git; left alone\n")
	case c.Action == diff.Delete:
		l.printf(planIndent + "no longer in Git\n")
	case c.Action == diff.Forget:
		l.printf(planIndent + "no longer in Git, nor in SecMaster\n")
	}
}

// moves finds the connections that one target loses and another one gains: to people, that is one move.
func moves(plans []diff.Plan) map[string]string {
	created := map[string]string{}
	for _, p := range plans {
		for i := range p.Changes {
			if p.Changes[i].Action == diff.Create {
				created[p.Changes[i].Name] = p.Target
			}
		}
	}
	out := map[string]string{}
	for _, p := range plans {
		for i := range p.Changes {
			c := &p.Changes[i]
			if to := created[c.Name]; to != "" && to != p.Target && (c.Action == diff.Orphaned || c.Action == diff.Delete) {
				out[p.Target+"\x00"+c.Name] = to
			}
		}
	}
	return out
}

func by(modifier string) string {
	if modifier == "" {
		return ""
	}
	return " by " + safe(modifier)
}

func plugin(p diff.Plugin) string {
	if p.Component != "" && p.Version != "" {
		return safe(p.Component + " " + p.Version)
	}
	return safe(p.ComponentID + " " + p.VersionID)
}

// field shows a setting in the clear that changes. A value of several lines is shown as the difference of its lines.
func (p *printer) field(l *lines, c *diff.Change, f diff.Field) {
	causes := p.outTint.dim(causesOf(c, f))
	before, after := shown(f.Old), shown(f.New)
	if f.OldHidden {
		before = "(not shown)"
	}
	old, oldText := f.Old.(string)
	text, newText := f.New.(string)
	if oldText && newText && strings.Contains(old+text, "\n") {
		l.printf(planIndent+"%s  %s\n", safe(string(f.Path)), causes)
		p.lineDiff(l, old, text)
		return
	}
	if f.Old == nil && !f.OldHidden {
		l.printf(planIndent+"%s  %s  %s\n", safe(string(f.Path)), after, causes)
		return
	}
	gap := " "
	if len(planIndent)+utf8.RuneCountInString(string(f.Path)+before+after) > 66 { // 80 with what stands around them
		gap = "\n" + planIndent + "  "
	}
	l.printf(planIndent+"%s  %s%s-> %s  %s\n", safe(string(f.Path)), before, gap, after, causes)
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

// secretWords says what happens to each secret, which is all that is ever said of one.
func (p *printer) secretWords(l *lines, c *diff.Change) {
	if len(c.Secrets) == 0 || c.Action == diff.Unchanged {
		return
	}
	parts := make([]string, len(c.Secrets))
	for i, s := range c.Secrets {
		word := string(s.Word)
		if s.Word != diff.Same && s.Word != diff.Unverified {
			word = p.outTint.yellow(word)
		}
		parts[i] = bare(s.Path) + " " + word
		if s.Word == diff.Set {
			parts[i] = bare(s.Path) + " (set)"
		}
	}
	l.printf(planIndent+"secrets    %s\n", strings.Join(parts, ", "))
}

func (p *printer) extra(l *lines, c *diff.Change) {
	if len(c.Extra) > 0 && (c.Action != diff.Unchanged || p.verbose) {
		l.printf(planIndent+"also there %s (only in SecMaster)\n", paths(c.Extra))
	}
	for _, r := range c.Risks {
		l.printf(planIndent+"%s unchanged secrets will go to the new %s\n", p.outTint.red("high risk:"), safe(string(r.Path)))
	}
}

func paths(ps []secrets.Path) string {
	words := make([]string, len(ps))
	for i, p := range ps {
		words[i] = safe(string(p))
	}
	return strings.Join(words, ", ")
}

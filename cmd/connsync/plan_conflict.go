package main

import (
	"fmt"
	"strings"

	"connsync/diff"
)

func (p *printer) warnings(l *lines, c *diff.Change) {
	for _, w := range c.Warnings {
		l.printf(planIndent+"%s %s\n", p.outTint.yellow("warning:"), warning(c, w))
	}
}

func warning(c *diff.Change, w diff.Warning) string {
	switch w.Kind {
	case diff.WarnDuplicate:
		return fmt.Sprintf("SecMaster has %s more of this name (%s); they are not touched", count(len(w.IDs), "connection"), list(w.IDs))
	case diff.WarnPreviouslyIgnored:
		return "previously is ignored: the new name is bound already; remove the line"
	case diff.WarnProtected:
		return "protected: it is never deleted"
	case diff.WarnInUse:
		return "in use by a workflow: SecMaster does not allow to delete it"
	}
	return safe(string(w.Kind))
}

// conflict says why nothing is done, and what to write where.
func (p *printer) conflict(l *lines, c *diff.Change) {
	if c.Conflict == nil {
		return
	}
	text, hints := conflict(c)
	l.printf(planIndent+"%s\n", text)
	for _, h := range hints {
		l.printf(planIndent+"%s %s\n", p.outTint.cyan("hint:"), h)
	}
}

// conflict is the story of a conflict in one line, and what to do about it.
func conflict(c *diff.Change) (string, []string) {
	d := c.Conflict
	takeOver := adoptHint(c, first(d.IDs))
	switch d.Kind {
	case diff.ConflictDiffers:
		return fmt.Sprintf("in SecMaster (%s), not written by connsync, and different: %s", list(d.IDs), paths(d.Fields)), []string{takeOver}
	case diff.ConflictReplaced:
		return fmt.Sprintf("the connection that connsync wrote is gone, and another one (%s) has its name", list(d.IDs)), []string{takeOver}
	case diff.ConflictDuplicate:
		return fmt.Sprintf("SecMaster has %d connections of this name, none written by connsync: %s", len(d.IDs), list(d.IDs)),
			[]string{"choose one: add  adopt: ID  at " + safe(c.Pos.String())}
	case diff.ConflictNameTaken:
		return fmt.Sprintf("in SecMaster under the name %s, and its wanted name belongs to another one (%s)", safe(c.From), list(d.IDs)),
			[]string{"rename or remove the other one in SecMaster, or here"}
	case diff.ConflictAdoptNone:
		return fmt.Sprintf("adopt names %s, and SecMaster has no such connection", list(d.IDs)), []string{"correct or remove the line  adopt:  at " + safe(c.Pos.String())}
	case diff.ConflictAdoptBusy:
		return fmt.Sprintf("adopt names %s, which belongs to another wanted connection", list(d.IDs)), []string{"correct or remove the line  adopt:  at " + safe(c.Pos.String())}
	case diff.ConflictPlugin:
		return "the workspace has no plugin " + safe(c.Want.Plugin()), nearHint(d.Near)
	case diff.ConflictRename:
		return "previously names a connection that connsync did not write, or the new name belongs to another one: " + list(d.IDs),
			[]string{"correct or remove the line  previously:  at " + safe(c.Pos.String())}
	}
	return safe(string(d.Kind)), nil
}

func adoptHint(c *diff.Change, id string) string {
	return fmt.Sprintf("to take it over, add  adopt: %s  at %s", safe(id), safe(c.Pos.String()))
}

func nearHint(near []string) []string {
	const most = 12
	if len(near) == 0 {
		return []string{"the workspace lists no plugin at all"}
	}
	more := ""
	if len(near) > most {
		near, more = near[:most], ", …"
	}
	return []string{"it has: " + list(near) + more}
}

func list(texts []string) string {
	words := make([]string, len(texts))
	for i, t := range texts {
		words[i] = safe(t)
	}
	return strings.Join(words, ", ")
}

func first(texts []string) string {
	if len(texts) == 0 {
		return ""
	}
	return texts[0]
}

// totals is the last line of a plan: what it comes to, and its hash.
func (p *printer) totals(l *lines, plans []diff.Plan) {
	n := func(a diff.Action) int {
		sum := 0
		for _, plan := range plans {
			sum += plan.Count(a)
		}
		return sum
	}
	parts := []string{
		fmt.Sprintf("%d to create", n(diff.Create)),
		fmt.Sprintf("%d to update", n(diff.Update)),
		fmt.Sprintf("%d to adopt", n(diff.Adopt)),
		fmt.Sprintf("%d to delete", n(diff.Delete)),
		fmt.Sprintf("%d unchanged", n(diff.Unchanged)),
	}
	for _, rare := range []struct {
		action diff.Action
		one    string
	}{{diff.Orphaned, "orphaned"}, {diff.Forget, "to forget"}} {
		if k := n(rare.action); k > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", k, rare.one))
		}
	}
	if k := n(diff.Conflict); k > 0 {
		parts = append(parts, p.outTint.red(count(k, "conflict")))
	}
	last := "plan " + diff.Hash(plans...)
	if p.offline {
		last = "between two commits; what a sync does: connsync sync --dry-run"
	}
	l.printf("%s %s.\n%s\n", p.outTint.bold("Plan:"), strings.Join(parts, ", "), p.outTint.dim(last))
}

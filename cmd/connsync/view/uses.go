package view

import (
	"fmt"
	"slices"
	"strings"

	"connsync/diff"
	"connsync/manifest"
)

// tellUsers says who uses a connection: as a warning where it goes, or is given up.
func (c *Card) tellUsers(of *diff.Change) {
	said := usedBy(of.Users)
	switch {
	case said == "":
	case of.Action == diff.Delete || of.Action == diff.Orphaned:
		inUse := warning(diff.Warning{Kind: diff.WarnInUse})
		if of.Users.Hidden { // it says the same, and more than is known
			c.Warnings = slices.DeleteFunc(c.Warnings, func(w string) bool { return w == inUse })
		}
		c.Warnings = append(c.Warnings, said)
	default:
		c.Why = append(c.Why, said)
	}
}

// usedBy says who uses a connection; "" where no user was found, or no one was asked.
func usedBy(u *diff.Users) string {
	if u == nil {
		return ""
	}
	if u.Hidden {
		return "in use by something that could not be found: SecMaster does not allow to delete it"
	}
	var on, off []string
	for _, w := range u.Workflows {
		to := &off
		if w.Enabled {
			to = &on
		}
		*to = append(*to, workflowName(w))
	}
	var parts []string
	if len(on) > 0 {
		parts = append(parts, "used by "+Count(len(on), "enabled workflow")+": "+firstOf(on))
	}
	if len(off) > 0 {
		parts = append(parts, "used by "+Count(len(off), "disabled workflow")+": "+firstOf(off))
	}
	if u.Policies > 0 {
		parts = append(parts, "used by "+counted(diff.UserPolicies, u.Policies))
	}
	return strings.Join(parts, "; ")
}

// firstOf are the first of some names.
func firstOf(names []string) string {
	const most = 5
	if len(names) <= most {
		return List(names)
	}
	return List(names[:most]) + ", …"
}

// workflowName is a workflow's name as it stands in a sentence; its id where it has none.
func workflowName(w diff.Workflow) string {
	if w.Name == "" {
		return w.ID
	}
	return manifest.SaidName(w.Name)
}

// searched says where users of connections were looked for, and where not.
func searched(s *diff.Search) []string {
	if s == nil {
		return nil
	}
	var out []string
	if s.Workflows+s.Policies > 0 || len(s.Gaps) == 0 {
		out = append(out, fmt.Sprintf("who uses the connections was looked for in %s and %s", counted(diff.UserWorkflows, s.Workflows), counted(diff.UserPolicies, s.Policies)))
	}
	for _, g := range s.Gaps {
		out = append(out, unsearched(g))
	}
	return out
}

// unsearched says what was not looked at, and why.
func unsearched(g diff.Gap) string {
	of, left := named(g), "are left"
	if g.N == 1 {
		left = "is left"
	}
	switch g.Why {
	case diff.GapDenied:
		return of + notLooked(g.N) + ": a permission is missing; which ones it takes: connsync iam --uses --for diff"
	case diff.GapAbsent:
		return of + notLooked(g.N) + ": SecMaster has no such call here"
	case diff.GapLimit:
		if g.N == 0 {
			return "not all looked at: the list of " + of + " takes more than 200 requests, or a minute"
		}
		return "not all looked at: " + of + " " + left + " after 200 requests, or a minute"
	case diff.GapUnreadable:
		if g.N == 0 {
			return "not all looked at: the list of " + of + " cannot be read"
		}
		return "not all looked at: " + of + " cannot be read"
	}
	return "not all looked at: SecMaster gave no answer about " + of
}

func notLooked(n int) string {
	if n == 1 {
		return " was not looked at"
	}
	return " were not looked at"
}

// named is what a gap is about: how many, or all of them.
func named(g diff.Gap) string {
	if g.N == 0 {
		_, all, _ := strings.Cut(counted(g.Of, 0), " ")
		return all
	}
	return counted(g.Of, g.N)
}

// counted is "3 workflows".
func counted(of diff.UserKind, n int) string {
	switch {
	case of == diff.UserWorkflows:
		return Count(n, "workflow")
	case n == 1:
		return "1 emergency policy"
	}
	return fmt.Sprintf("%d emergency policies", n)
}

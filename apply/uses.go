package apply

import (
	"context"
	"errors"
	"maps"
	"slices"

	"connsync/apply/secmaster"
	"connsync/diff"
)

// uses notes who uses the connections a plan deletes, or with Target.Uses all it touches. Where there are none, it asks no one. All
// connections of the workspace are looked for at once, so what is remembered of a workflow serves another plan, too.
func (o *observation) uses(ctx context.Context, r Reader, t Target, p *diff.Plan) {
	var concerned []*diff.Change
	for i := range p.Changes {
		if c := &p.Changes[i]; c.Deletes() || t.Uses && c.Touches() {
			concerned = append(concerned, c)
		}
	}
	if len(concerned) == 0 {
		return
	}
	usage := r.Uses(ctx, slices.Sorted(maps.Keys(o.ids())))
	for _, c := range concerned {
		c.Users = users(c, usage)
	}
	p.Search = &diff.Search{Workflows: usage.SearchedWorkflows, Policies: usage.SearchedPolicies}
	for _, g := range usage.Gaps {
		p.Search.Gaps = append(p.Search.Gaps, gap(g))
	}
}

// users are who uses the connection of a change.
func users(c *diff.Change, usage secmaster.Usage) *diff.Users {
	out := &diff.Users{Policies: usage.Policies[c.ID]}
	for _, w := range usage.Workflows[c.ID] {
		out.Workflows = append(out.Workflows, diff.Workflow(w))
	}
	locked := c.Have.CanBeDeleted != nil && !*c.Have.CanBeDeleted
	out.Hidden = locked && len(out.Workflows)+out.Policies == 0
	return out
}

func gap(g secmaster.Gap) diff.Gap {
	out := diff.Gap{Of: diff.UserWorkflows, Why: diff.GapFailed, N: g.N}
	if g.Policies {
		out.Of = diff.UserPolicies
	}
	for _, k := range []struct {
		err error
		why diff.GapKind
	}{
		{secmaster.ErrDenied, diff.GapDenied}, {secmaster.ErrAbsent, diff.GapAbsent}, {secmaster.ErrEnough, diff.GapLimit}, {secmaster.ErrUnreadable, diff.GapUnreadable},
	} {
		if errors.Is(g.Why, k.err) {
			out.Why = k.why
		}
	}
	return out
}

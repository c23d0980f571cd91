package diff

import "slices"

// bind decides about a connection of connsync's own, still in SecMaster: what differs, and why.
func (d *decider) bind(c Change, h *Have) Change {
	c.ID, c.Have, c.Action = h.ID, h, Unchanged
	if h.Name != c.Name {
		c.From = h.Name
		if others := d.others(c.Name, h.ID); len(others) > 0 {
			return d.conflict(c, ConflictDetail{Kind: ConflictNameTaken, IDs: others})
		}
	}
	c.Fields = d.fields(c.Want, h, c.Known)
	c.Secrets = d.secretWords(c.Want, c.Known)
	c.Extra = d.extra(c.Want, h)
	c.Causes = d.causes(c, h)
	if len(c.Causes) > 0 {
		c.Action, c.Write = Update, true
		c.Risks = risks(c)
	}
	if has(c.Causes, Drift) || has(c.Causes, Touched) {
		c.Modifier = h.ModifierName
	}
	restamp(&c)
	c.Verified = c.Action == Unchanged && c.Known.Unverified && verified(c.Secrets)
	c.Warnings = append(c.Warnings, d.left(c)...)
	return d.warnDuplicates(c)
}

// causes are why a bound connection is written; none where it is left alone.
func (d *decider) causes(c Change, h *Have) []Cause {
	var git, drift bool
	for _, f := range c.Fields {
		git, drift = git || has(f.Causes, Git), drift || has(f.Causes, Drift)
	}
	for _, s := range c.Secrets {
		git = git || s.Word != Same && s.Word != Unverified && s.Word != Differs
		drift = drift || s.Word == Differs
	}
	touched := c.Known.UpdateTime != "" && h.UpdateTime != "" && c.Known.UpdateTime != h.UpdateTime
	var out []Cause
	for _, cause := range []struct {
		holds bool
		cause Cause
	}{
		{git, Git},
		{drift, Drift},
		{touched && !git && !drift && !d.allVisible(c, h), Touched},
		{c.Intent != nil, Interrupted},
		{d.rewrites(c.Name), Rewrite},
	} {
		if cause.holds {
			out = append(out, cause.cause)
		}
	}
	return out
}

// allVisible tells whether SecMaster shows every setting. Then nothing can have been changed out of sight.
func (d *decider) allVisible(c Change, h *Have) bool {
	l := d.leaves[c.Name]
	if len(l.secrets) > 0 {
		return false
	}
	for _, s := range l.clear {
		if _, seen := visible(h, s.path); !seen {
			return false
		}
	}
	return true
}

func has(causes []Cause, c Cause) bool {
	return slices.Contains(causes, c)
}

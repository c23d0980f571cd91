package diff

// Contains tells whether what was applied from a commit is part of the plan's commit: the commit itself, or the content of
// the applied file (its Git name; "" where it is not known). Its error says: the history needed for the answer is not here.
type Contains func(commit, file, blob string) (bool, error)

// Forward makes a conflict of every change that would undo what was applied from a commit, unless the plan's commit contains it: an older
// or a parted checkout must not bring back what another one replaced. allow leaves the change, and warns. past are the names
// known before: a deleted connection comes back only by a commit that contains the deleting one.
// Where it cannot be told, allow assumes that the change undoes something; without it, changes are judged up to the first error.
func (p *Plan) Forward(past map[string]Past, contains Contains, allow bool) error {
	for i := range p.Changes {
		c := &p.Changes[i]
		commit, file, blob := c.appliedFrom(past)
		if commit == "" || commit == p.WantCommit {
			continue
		}
		contained, err := contains(commit, file, blob)
		if err != nil && !allow {
			return err
		}
		if err != nil || !contained {
			c.behind(commit, allow)
		}
	}
	return nil
}

// appliedFrom is the commit that a change would undo, and the file applied from it; "" where a change undoes nothing.
func (c *Change) appliedFrom(past map[string]Past) (commit, file, blob string) {
	switch {
	case c.Known != nil && (c.Write || c.Restamp || c.Verified || c.unprotects()):
		return c.Known.Commit, c.Known.File, c.Known.Blob
	case c.Known == nil && c.Write:
		return past[c.Name].Commit, "", ""
	}
	return "", "", ""
}

// unprotects tells whether nothing is sent, and the record would lose its protection.
func (c *Change) unprotects() bool {
	return c.Action == Unchanged && c.Want != nil && c.Known.Protect && !c.Want.Protect
}

func (c *Change) behind(commit string, allow bool) {
	switch {
	case allow:
		c.Warnings = append(c.Warnings, Warning{Kind: WarnBehind, Commit: commit})
	case c.Write || c.unprotects():
		c.Action, c.Write, c.Conflict = Conflict, false, &ConflictDetail{Kind: ConflictBehind, Commit: commit}
	}
	c.Restamp, c.Verified = false, false
}

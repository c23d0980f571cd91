package diff

import "connsync/manifest"

// wanted decides about one connection wanted by Git. What its rule for sops would encrypt is not sent from the clear.
func (d *decider) wanted(w *Want) Change {
	if len(w.Missing) > 0 {
		return d.incomplete(w)
	}
	c := d.decided(w)
	if c.Write && len(w.InClear) > 0 && !w.Tolerated {
		return d.conflict(c, ConflictDetail{Kind: ConflictInClear, Fields: w.InClear})
	}
	return c
}

// incomplete decides about a connection that cannot be written: settings have no value yet. What it is, or will be, bound to is neither
// orphaned nor free. One that connsync wrote, or is writing, lost what it had: that is for people to decide.
func (d *decider) incomplete(w *Want) Change {
	c := Change{Action: Incomplete, Name: w.Name, Pos: w.Pos, Plugin: w.Resolved, Want: w}
	if h := d.byID[w.Adopt]; h != nil {
		c.ID, c.Have, d.taken[h.ID] = h.ID, h, true
	}
	for _, name := range []string{w.Name, w.Previously} {
		if k, ok := d.in.Known[name]; ok && c.Known == nil {
			c.Known = k
			d.taken[k.ID], d.renamed[k.Name] = d.byID[k.ID] != nil, true
		}
	}
	i, announced := d.in.Intents[w.Name]
	if announced {
		c.Intent = &i
	}
	if c.Known != nil || announced {
		return d.conflict(c, ConflictDetail{Kind: ConflictHole, Fields: w.Missing})
	}
	return c
}

// decided decides by the id it names, by an open intent, by the known id, by the
// name it had before, and last by its name.
func (d *decider) decided(w *Want) Change {
	k, known := d.in.Known[w.Name]
	c := Change{Name: w.Name, Pos: w.Pos, Plugin: w.Resolved, Want: w}
	if i, ok := d.in.Intents[w.Name]; ok {
		c.Intent = &i
	}
	if known {
		c.Known = k
		d.taken[k.ID] = d.byID[k.ID] != nil
	}
	if why := d.unproven(w, c.Known); why != nil {
		return d.conflict(c, *why)
	}
	switch bound := known && d.byID[k.ID] != nil; {
	case w.Unresolved:
		return d.conflict(c, ConflictDetail{Kind: ConflictPlugin, Near: w.Near})
	case w.Adopt != "" && !(bound && k.ID == w.Adopt) && !d.spent(w):
		return d.adopt(c, bound)
	case c.Intent != nil && c.Intent.Kind == IntentCreate && !bound:
		return d.announced(c)
	case known:
		return d.known(c)
	case w.Previously != "":
		return d.previously(c)
	}
	return d.unknown(c)
}

// spent tells that a line  adopt:  was carried out before: it decides nothing any more, so a connection deleted since is created
// anew, and bound by its new id from then on.
func (d *decider) spent(w *Want) bool {
	k, known := d.in.Known[w.Name]
	if !known {
		k = d.in.Known[w.Previously]
	}
	return k != nil && k.Adopted == w.Adopt
}

// conflict ends a decision: nothing is done.
func (d *decider) conflict(c Change, detail ConflictDetail) Change {
	c.Action, c.Conflict, c.Write = Conflict, &detail, false
	c.Causes, c.Secrets = nil, nil
	if c.Known != nil && d.byID[c.Known.ID] != nil {
		c.ID = c.Known.ID
	}
	return c
}

// create ends a decision: nothing of it is there.
func (d *decider) create(c Change, causes ...Cause) Change {
	c.Action, c.Write, c.Causes = Create, true, causes
	if c.Intent != nil {
		c.Causes = append(c.Causes, Interrupted)
	}
	c.Fields = d.leaves[c.Name].asNew()
	c.Secrets = d.leaves[c.Name].words(Set)
	if !manifest.UsualName(c.Name) {
		c.Warnings = append(c.Warnings, Warning{Kind: WarnName})
	}
	return c
}

// adopt takes over exactly the connection with the id in the manifest.
func (d *decider) adopt(c Change, bound bool) Change {
	id := c.Want.Adopt
	h := d.byID[id]
	switch {
	case h == nil:
		return d.conflict(c, ConflictDetail{Kind: ConflictAdoptNone, IDs: []string{id}})
	case bound, d.foreign(id, c.Name):
		return d.conflict(c, ConflictDetail{Kind: ConflictAdoptBusy, IDs: []string{id}})
	}
	others := d.others(c.Name, id)
	if h.Name != c.Name && len(others) > 0 {
		c.From = h.Name
		return d.conflict(c, ConflictDetail{Kind: ConflictNameTaken, IDs: others})
	}
	if d.rewrites(c.Name) {
		return d.takeOver(c, h, Rewrite)
	}
	return d.takeOver(c, h)
}

// takeOver records a connection and writes all of the wish to it once.
func (d *decider) takeOver(c Change, h *Have, causes ...Cause) Change {
	d.taken[h.ID] = true
	c.Action, c.Write, c.ID, c.Have, c.Causes = Adopt, true, h.ID, h, causes
	if c.Known != nil && c.Known.ID != h.ID {
		c.Known = nil
	}
	if h.Name != c.Name {
		c.From = h.Name
	}
	c.Fields = d.fields(c.Want, h, nil)
	c.Secrets = d.leaves[c.Name].words(Set)
	c.Modifier = h.ModifierName
	return d.warnDuplicates(c)
}

// announced looks for what an interrupted create left behind.
func (d *decider) announced(c Change) Change {
	if h := d.byID[c.Intent.ID]; h != nil && !d.foreign(h.ID, c.Name) {
		return d.takeOver(c, h, Interrupted)
	}
	switch found := d.byName[c.Name]; len(found) {
	case 0:
		return d.create(c)
	case 1:
		if !d.foreign(found[0].ID, c.Name) {
			return d.takeOver(c, found[0], Interrupted)
		}
		return d.conflict(c, ConflictDetail{Kind: ConflictNameTaken, IDs: ids(found)})
	default:
		return d.conflict(c, ConflictDetail{Kind: ConflictDuplicate, IDs: ids(found)})
	}
}

// known decides about a connection written by connsync before.
func (d *decider) known(c Change) Change {
	h := d.byID[c.Known.ID]
	if h == nil {
		if others := d.byName[c.Name]; len(others) > 0 {
			return d.conflict(c, ConflictDetail{Kind: ConflictReplaced, IDs: ids(others)})
		}
		return d.create(c, Missing)
	}
	c = d.bind(c, h)
	if c.Want.Previously != "" && c.Action != Conflict {
		c.Warnings = append(c.Warnings, Warning{Kind: WarnPreviouslyIgnored})
	}
	return c
}

// previously decides about a connection that had another name when connsync wrote it.
func (d *decider) previously(c Change) Change {
	old, ours := d.in.Known[c.Want.Previously]
	if !ours {
		if there := d.byName[c.Want.Previously]; len(there) > 0 {
			return d.conflict(c, ConflictDetail{Kind: ConflictRename, IDs: ids(there)})
		}
		return d.unknown(c)
	}
	h := d.byID[old.ID]
	if h == nil || d.foreign(h.ID, c.Name) {
		return d.unknown(c)
	}
	d.taken[h.ID], d.renamed[old.Name] = true, true // also in a conflict: it is wanted, and not orphaned
	if others := d.others(c.Name, h.ID); len(others) > 0 {
		return d.conflict(c, ConflictDetail{Kind: ConflictRename, IDs: others})
	}
	c.Known = old
	if why := d.unproven(c.Want, old); why != nil {
		return d.conflict(c, *why)
	}
	return d.bind(c, h)
}

// unknown decides by the name alone, about a connection that connsync has no record of.
func (d *decider) unknown(c Change) Change {
	found := d.byName[c.Name]
	switch {
	case len(found) == 0:
		return d.create(c)
	case len(found) > 1:
		return d.conflict(c, ConflictDetail{Kind: ConflictDuplicate, IDs: ids(found)})
	}
	h := found[0]
	if d.foreign(h.ID, c.Name) {
		return d.conflict(c, ConflictDetail{Kind: ConflictNameTaken, IDs: ids(found)})
	}
	if differ := unique(append(d.visibleDifferences(c.Want, h), d.otherwise(c.Name)...)); len(differ) > 0 {
		return d.conflict(c, ConflictDetail{Kind: ConflictDiffers, IDs: ids(found), Fields: differ})
	}
	if unseen := d.unseen(c.Want, h); len(unseen) > 0 && !d.in.ByName {
		return d.conflict(c, ConflictDetail{Kind: ConflictUnseen, IDs: ids(found), Fields: unseen})
	}
	if d.rewrites(c.Name) {
		return d.takeOver(c, h, Rewrite)
	}
	d.taken[h.ID] = true
	c.Action, c.ID, c.Have = Adopt, h.ID, h
	c.Secrets = d.leaves[c.Name].words(Unverified)
	for i := range c.Secrets {
		c.Secrets[i].Word = d.compared(c.Name, c.Secrets[i].Path, false)
	}
	c.Verified = verified(c.Secrets)
	c.Extra = d.extra(c.Want, h)
	return c
}

func (d *decider) rewrites(name string) bool { return d.in.Rewrite != nil && d.in.Rewrite(name) }

// others are the ids of a name, without one.
func (d *decider) others(name, without string) []string {
	var out []string
	for _, h := range d.byName[name] {
		if h.ID != without {
			out = append(out, h.ID)
		}
	}
	return out
}

func ids(hs []*Have) []string {
	out := make([]string, len(hs))
	for i, h := range hs {
		out[i] = h.ID
	}
	return out
}

func (d *decider) warnDuplicates(c Change) Change {
	if others := d.others(c.Name, c.ID); len(others) > 0 {
		c.Warnings = append(c.Warnings, Warning{Kind: WarnDuplicate, IDs: others})
	}
	return c
}

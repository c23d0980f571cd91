package diff

// orphans decides about what Git does not want: what connsync wrote, and what a run announced.
func (d *decider) orphans() {
	for name, k := range d.in.Known {
		if d.wants[name] || d.renamed[name] {
			continue
		}
		d.add(d.orphan(name, k))
	}
	for name, i := range d.in.Intents {
		if _, known := d.in.Known[name]; d.wants[name] || known || d.renamed[name] {
			continue
		}
		if c, ok := d.abandoned(name, i); ok {
			d.add(c)
		}
	}
}

// orphan decides about a connection written by connsync and no longer wanted by Git.
func (d *decider) orphan(name string, k *Known) Change {
	c := Change{Name: name, Action: Forget, Known: k, Plugin: k.Plugin}
	if i, ok := d.in.Intents[name]; ok {
		c.Intent = &i
	}
	h := d.byID[k.ID]
	if h == nil && c.Intent != nil && c.Intent.Kind == IntentCreate {
		if found := d.byName[name]; len(found) == 1 && d.free(found[0].ID) {
			c.Action, c.Known, c.ID, c.Have = Orphaned, nil, found[0].ID, found[0]
			return c
		}
	}
	if h == nil || d.taken[h.ID] {
		return c
	}
	c.Action, c.ID, c.Have = Orphaned, h.ID, h
	if h.Name != name {
		c.From = h.Name
	}
	switch {
	case !d.in.Prune:
	case !k.Written.ByConnsync():
		c.Warnings = append(c.Warnings, Warning{Kind: WarnNotWritten})
	case k.Protect && !(d.in.Unguard != nil && d.in.Unguard(name)):
		c.Warnings = append(c.Warnings, Warning{Kind: WarnProtected})
	case h.CanBeDeleted != nil && !*h.CanBeDeleted:
		c.Warnings = append(c.Warnings, Warning{Kind: WarnInUse})
	default:
		c.Action, c.Write = Delete, true
	}
	return c
}

// abandoned decides about an announced write of a connection neither known nor wanted: what an
// interrupted create left is ours, and is recorded; what left nothing is cleared once it can leave nothing any more.
func (d *decider) abandoned(name string, i Intent) (Change, bool) {
	c := Change{Name: name, Action: Forget, Intent: &i}
	found := d.byName[name]
	if h := d.byID[i.ID]; i.ID != "" && h != nil {
		found = []*Have{h}
	}
	switch {
	case i.Kind == IntentCreate && len(found) == 1 && d.free(found[0].ID):
		c.Action, c.ID, c.Have, c.Plugin = Orphaned, found[0].ID, found[0], found[0].Plugin
		return c, true
	case i.Kind == IntentCreate && len(found) > 1:
		return d.conflict(c, ConflictDetail{Kind: ConflictDuplicate, IDs: ids(found)}), true
	}
	return c, i.Settled || i.Kind != IntentCreate || len(found) > 0
}

// free tells whether no wanted connection is bound to an id and none is known by it.
func (d *decider) free(id string) bool {
	_, owned := d.owner[id]
	return !owned && !d.taken[id]
}

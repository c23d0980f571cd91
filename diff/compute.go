package diff

import (
	"cmp"
	"slices"
	"sort"
	"strings"

	"connsync/manifest"
)

// Compute decides about every connection wanted by Git, known to connsync or announced by a run. The
// same input in any order gives the same plan.
func Compute(in Input) Plan {
	d := newDecider(in)
	unread := d.rest()
	if len(unread) > 0 {
		slices.Sort(unread)
		return Plan{Target: in.Target, Place: in.Place, Unread: slices.Compact(unread)}
	}
	for i := range d.want {
		if w := &d.want[i]; !w.Rests {
			d.changes[i] = d.wanted(w)
		}
		d.note(&d.changes[i])
	}
	d.orphans()
	p := Plan{Target: in.Target, Place: in.Place, Changes: d.changes, Wanted: len(in.Want), Recorded: len(in.Known), Reviewed: in.Destinations == manifest.Reviewed}
	sort.Slice(p.Changes, func(i, j int) bool { return p.Changes[i].Name < p.Changes[j].Name })
	p.count()
	p.Others = d.unmanaged()
	p.Unmanaged = len(p.Others)
	return p
}

// count adds up what the changes say of secrets and of evidence.
func (p *Plan) count() {
	for i := range p.Changes {
		c := &p.Changes[i]
		for _, s := range c.Secrets {
			if s.Word == Unverified {
				p.Unverified++
			}
		}
		if c.Want != nil && c.Known != nil && c.Known.Written == WrittenUnconfirmed {
			p.Unconfirmed++
		}
		if c.Have != nil && c.Have.UpdateTime == "" && c.Want != nil && len(c.Secrets) > 0 && c.Action != Conflict {
			p.BlindToTouch = true
		}
	}
}

// unmanaged are what SecMaster has beside the changes, in order of name.
func (d *decider) unmanaged() (out []Other) {
	for _, h := range d.in.Have {
		if !h.Defense && !d.noticed[h.ID] {
			out = append(out, Other{h.Name, h.ID})
		}
	}
	slices.SortFunc(out, func(a, b Other) int { return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.ID, b.ID)) })
	return out
}

// decider holds the input, indexed, and what has been decided so far.
type decider struct {
	in      Input
	want    []Want
	leaves  map[string]leaves // of a wanted connection, by name
	byID    map[string]*Have
	byName  map[string][]*Have // in order of id; without emergency policies
	wants   map[string]bool
	owner   map[string]string // the known name of an id
	renewed map[string]bool   // files: all their secrets moved together with the data key

	changes []Change
	noticed map[string]bool   // ids with some change about them
	claims  map[string]string // the wanted connection of an id, by more than a name
	taken   map[string]bool   // ids bound to a wanted connection
	renamed map[string]bool   // known names, used up by a rename
}

func newDecider(in Input) *decider {
	d := &decider{
		in: in, want: in.Want,
		leaves: make(map[string]leaves, len(in.Want)),
		byID:   make(map[string]*Have, len(in.Have)), byName: make(map[string][]*Have, len(in.Have)),
		wants: make(map[string]bool, len(in.Want)), owner: make(map[string]string, len(in.Known)),
		noticed: make(map[string]bool, len(in.Want)), taken: make(map[string]bool, len(in.Want)), renamed: map[string]bool{},
	}
	if !inOrder(d.want) {
		d.want = slices.Clone(d.want)
		InOrder(d.want)
	}
	for i := range in.Have {
		h := &in.Have[i]
		d.byID[h.ID] = h
		if !h.Defense {
			d.byName[h.Name] = append(d.byName[h.Name], h)
		}
	}
	for _, hs := range d.byName {
		if len(hs) > 1 {
			sort.Slice(hs, func(i, j int) bool { return hs[i].ID < hs[j].ID })
		}
	}
	for name, k := range in.Known {
		d.owner[k.ID] = name
	}
	for i := range d.want {
		d.wants[d.want[i].Name] = true
		if !d.want[i].Rests {
			d.leaves[d.want[i].Name] = leavesOf(&d.want[i])
		}
	}
	d.renewed = d.renewedFiles()
	d.claims = d.claimed()
	return d
}

// InOrder puts wanted connections in order of name. They are large: what has the order is only looked at.
func InOrder(all []Want) {
	if !inOrder(all) {
		slices.SortStableFunc(all, func(a, b Want) int { return strings.Compare(a.Name, b.Name) })
	}
}

func inOrder(all []Want) bool {
	return sort.SliceIsSorted(all, func(i, j int) bool { return all[i].Name < all[j].Name })
}

// claimed says which ids belong to a wanted connection because it was written under that id, names it, is announced to be
// taken over under it, or was renamed from it; in this order, where two claim the same.
func (d *decider) claimed() map[string]string {
	out := make(map[string]string, len(d.want))
	claim := func(id, name string) {
		if _, claimed := out[id]; !claimed && d.byID[id] != nil {
			out[id] = name
		}
	}
	for i := range d.want {
		w := &d.want[i]
		claim(d.in.Known[w.Name].ID, w.Name)
	}
	for i := range d.want {
		if w := &d.want[i]; w.Adopt != "" {
			claim(w.Adopt, w.Name)
		}
	}
	for i := range d.want {
		w := &d.want[i]
		if i := d.in.Intents[w.Name]; i.Kind == IntentCreate {
			claim(i.ID, w.Name)
		}
	}
	for i := range d.want {
		w := &d.want[i]
		if _, known := d.in.Known[w.Name]; !known && w.Previously != "" {
			claim(d.in.Known[w.Previously].ID, w.Name)
		}
	}
	return out
}

// foreign tells whether an id belongs to another wanted connection.
func (d *decider) foreign(id, name string) bool {
	owner, claimed := d.claims[id]
	return claimed && owner != name
}

func (d *decider) add(c Change) {
	d.changes = append(d.changes, c)
	d.note(&d.changes[len(d.changes)-1])
}

// note keeps in mind what a change is about.
func (d *decider) note(c *Change) {
	if c.ID != "" {
		d.noticed[c.ID] = true
	}
	if h := d.byID[c.ID]; h != nil && c.Want != nil {
		c.Warnings = append(c.Warnings, h.Warnings()...)
	}
	if c.Conflict != nil {
		for _, id := range c.Conflict.IDs {
			d.noticed[id] = true
		}
	}
	for _, w := range c.Warnings {
		for _, id := range w.IDs {
			d.noticed[id] = true
		}
	}
}

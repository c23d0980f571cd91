package diff

import (
	"cmp"
	"iter"
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
	for i, w := range d.wishes {
		if w.read != nil {
			d.changes[i] = d.wanted(w.read)
		}
		d.note(&d.changes[i])
	}
	d.orphans()
	p := Plan{Target: in.Target, Place: in.Place, Changes: d.changes, Wanted: len(d.wishes), Recorded: len(in.Known), Reviewed: in.Destinations == manifest.Reviewed}
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
		if c.Wanted() && c.Known != nil && c.Known.Written == WrittenUnconfirmed {
			p.Unconfirmed++
		}
		if c.Have != nil && c.Have.UpdateTime == "" && c.Wanted() && len(c.Secrets) > 0 && c.Action != Conflict {
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
	wishes  []wish            // all that Git wants, in order of name
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
		in: in, wishes: wishes(in),
		leaves: make(map[string]leaves, len(in.Want)),
		byID:   make(map[string]*Have, len(in.Have)), byName: make(map[string][]*Have, len(in.Have)),
		wants: make(map[string]bool, len(in.Want)+len(in.Rest)), owner: make(map[string]string, len(in.Known)),
		noticed: make(map[string]bool, len(in.Have)), taken: make(map[string]bool, len(in.Have)), renamed: map[string]bool{},
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
	for _, w := range d.wishes {
		d.wants[w.name()] = true
	}
	for w := range d.read() {
		d.leaves[w.Name] = leavesOf(w)
	}
	d.renewed = d.renewedFiles()
	d.claims = d.claimed()
	return d
}

// wish is a connection that Git wants: of a file that was read, or of one that rests.
type wish struct {
	read  *Want
	rests *manifest.Rested
}

func (w wish) name() string {
	if w.read != nil {
		return w.read.Name
	}
	return w.rests.Name
}

// read are the wanted connections of files that were read, in order of name.
func (d *decider) read() iter.Seq[*Want] {
	return func(yield func(*Want) bool) {
		for _, w := range d.wishes {
			if w.read != nil && !yield(w.read) {
				return
			}
		}
	}
}

// wishes are all that Git wants, in order of name.
func wishes(in Input) []wish {
	out := make([]wish, 0, len(in.Want)+len(in.Rest))
	for i := range in.Want {
		out = append(out, wish{read: &in.Want[i]})
	}
	for i := range in.Rest {
		out = append(out, wish{rests: &in.Rest[i]})
	}
	slices.SortStableFunc(out, func(a, b wish) int { return strings.Compare(a.name(), b.name()) })
	return out
}

// claimed says which ids belong to a wanted connection because it was written under that id, names it, is announced to be
// taken over under it, or was renamed from it; in this order, where two claim the same.
func (d *decider) claimed() map[string]string {
	out := make(map[string]string, len(d.wishes))
	claim := func(id, name string) {
		if _, claimed := out[id]; !claimed && d.byID[id] != nil {
			out[id] = name
		}
	}
	for _, w := range d.wishes {
		if k := d.in.Known[w.name()]; k != nil {
			claim(k.ID, w.name())
		}
	}
	for w := range d.read() {
		if w.Adopt != "" {
			claim(w.Adopt, w.Name)
		}
	}
	for w := range d.read() {
		if i := d.in.Intents[w.Name]; i.Kind == IntentCreate {
			claim(i.ID, w.Name)
		}
	}
	for w := range d.read() {
		if was := d.in.Known[w.Previously]; was != nil && d.in.Known[w.Name] == nil {
			claim(was.ID, w.Name)
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
	if h := d.byID[c.ID]; h != nil && c.Wanted() {
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

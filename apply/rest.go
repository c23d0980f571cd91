package apply

import (
	"context"
	"errors"
	"slices"

	"connsync/diff"
	"connsync/manifest"
	"connsync/secrets"
)

// ErrUnread says that a file was not read although something is to be done about a connection of it. It is never sent from what is remembered.
var ErrUnread = errors.New("its file was not read")

// unvouched are the resting files not vouched for by known state as it stands now: it was read anew since they were passed over.
func (o *observation) unvouched(t Target) []string {
	if len(t.Rest) == 0 || t.RestedAt != "" && t.RestedAt == o.known.Commit && o.abandoned.known == nil {
		return nil
	}
	vouched := diff.Resting(o.known.Known, t.Checks)
	var out []string
	for _, c := range t.Rest {
		if v := vouched[c.File.Path]; v.Blob != c.File.Blob || !slices.Contains(v.Names, c.Name) {
			out = append(out, c.File.Path)
		}
	}
	return slices.Compact(out)
}

// reread has more files read. Where an asked-for file still rests afterwards, nothing is planned.
func (o *observation) reread(ctx context.Context, r Reader, t Target, files []string) error {
	if t.Reread == nil {
		return ErrUnread
	}
	want, rest, err := t.Reread(files)
	if err != nil {
		return err
	}
	if slices.ContainsFunc(rest, func(r manifest.Rested) bool { return slices.Contains(files, r.File.Path) }) {
		return ErrUnread
	}
	return o.wants(ctx, r, want, rest)
}

// wants notes what Git wants, with the plugins' ids. What rests has its own from the record.
func (o *observation) wants(ctx context.Context, r Reader, want []manifest.Connection, rest []manifest.Rested) (err error) {
	o.rest = rest
	o.want, err = resolve(ctx, r, want, o.plugins)
	return err
}

// settled are the records of files that may rest from now on: all connections of each are in the plan, with a record after this run, and the record says all
// the file does. recorded are the records made by this run, by name.
func (p *Prepared) settledFiles(recorded map[string]*diff.Known) []diff.Known {
	if p.sync.Checks == "" {
		return nil
	}
	after := func(c *diff.Change) *diff.Known {
		k, now := recorded[c.Name]
		switch {
		case c.Want == nil || c.Action == diff.Conflict || c.Action == diff.Incomplete:
			return nil
		case now && c.Want.Settled(k, p.sync.Place):
			return k
		case !now && !c.Write && c.Known != nil && c.Want.Settled(c.Known, p.sync.Place):
			return c.Known
		}
		return nil
	}
	settled := make([]*diff.Known, len(p.Plan.Changes))
	if secrets.InParts(len(settled), func(from, to int) error {
		for i := from; i < to; i++ {
			settled[i] = after(&p.Plan.Changes[i])
		}
		return nil
	}) != nil {
		return nil // what is not known to rest is read again
	}
	all, of := map[string]int{}, map[string][]diff.Known{}
	for i := range p.seen.want {
		all[p.seen.want[i].File.Path]++ // what rests, does so as a whole file, and is vouched for already
	}
	for _, k := range settled {
		if k != nil {
			of[k.File] = append(of[k.File], *k)
		}
	}
	var out []diff.Known
	for file, ks := range of {
		if len(ks) == all[file] {
			out = append(out, checked(ks, p.sync.Checks)...)
		}
	}
	return out
}

// checked are the records of one file with what vouches for them, except those with it already.
func checked(ks []diff.Known, checks string) (out []diff.Known) {
	names := make([]string, len(ks))
	for i := range ks {
		names[i] = ks[i].Name
	}
	slices.Sort(names)
	together := diff.Together(names)
	for _, k := range ks {
		if by := k.CheckedBy(checks, together); by != k.Checked {
			k.Checked = by
			out = append(out, k)
		}
	}
	return out
}

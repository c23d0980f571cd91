package apply

import (
	"context"
	"errors"
	"slices"

	"connsync/apply/secmaster"
	"connsync/diff"
	"connsync/manifest"
	"connsync/secrets"
)

// lot is what is to be done about the connections of one manifest. It is opened once for all of them, and what it held is dropped with the last body.
type lot struct {
	file    manifest.File
	changes []*diff.Change
	first   bool    // it is opened before anything is announced
	opened  *opened // by the comparison before; nil where it is yet to be
}

// verdict is what is done about one change, once its file was opened.
type verdict struct {
	of        *lot
	change    *diff.Change
	write     *write // nil for what is only recorded
	refused   error
	equal     bool // its write would change nothing: it is recorded, and not sent
	seal      *diff.Seal
	authentic bool // of what is only recorded: its file's time and MAC are fit for it
}

// past is what the history says of seals: the largest counters by name; or why it cannot be read.
type past struct {
	largest map[string]int64
	unread  error
}

// lots are the changes to send or to note, by their manifests, and the deletes.
func (p *Prepared) lots() (lots []*lot, deletes []*write) {
	at := map[string]*lot{}
	for i := range p.Plan.Changes {
		c := &p.Plan.Changes[i]
		switch {
		case c.Write && c.Action == diff.Delete:
			deletes = append(deletes, &write{change: c})
			continue
		case !c.Write && !c.Restamp && !c.Verified && c.Action != diff.Adopt:
			continue
		}
		file := fileOf(c)
		l := at[file.Path]
		if l == nil {
			l = &lot{file: file}
			if o, ok := p.opened[l.file.Path]; ok && o.err == nil {
				l.opened = &o
			}
			at[l.file.Path], lots = l, append(lots, l)
		}
		l.changes = append(l.changes, c)
		l.first = l.first || opensFirst(c)
	}
	p.opened = nil
	slices.SortStableFunc(lots, func(a, b *lot) int { return rank(a) - rank(b) })
	return lots, deletes
}

// fileOf is the manifest of a wanted connection; of one that was not read, its path alone.
func fileOf(c *diff.Change) manifest.File {
	if c.Want == nil {
		return manifest.File{Path: c.Pos.File}
	}
	return c.Want.File
}

func rank(l *lot) int {
	if l.first {
		return 0
	}
	return 1
}

// opensFirst tells whether a change is announced only once its file was opened: what is only recorded is never announced, and the intent of what
// takes over a connection, or stands for an earlier run's, would say more than is known.
func opensFirst(c *diff.Change) bool {
	return !c.Write || c.Intent != nil || c.ID != "" && announcedAs(c) == diff.IntentCreate
}

// judge opens a lot, and finds what is done about its changes. What it held goes into their bodies only.
func (p *Prepared) judge(ctx context.Context, l *lot, h past, before map[string]bool) []verdict {
	o := opened{err: secrets.ErrPanic} // unless it opens
	_ = secrets.Contained(func() error { o = p.contentOf(ctx, l); return nil })()
	out := make([]verdict, len(l.changes))
	for i, c := range l.changes {
		out[i] = verdict{of: l, change: c, refused: secrets.ErrPanic}
		_ = secrets.Contained(func() error { out[i] = p.verdict(l, c, o, h, before); return nil })()
	}
	return out
}

// contentOf opens a lot that is encrypted, unless it was opened before.
func (p *Prepared) contentOf(ctx context.Context, l *lot) (o opened) {
	switch {
	case l.opened != nil:
		o, l.opened = *l.opened, nil
	case l.file.Sops != nil:
		o = p.sync.open(ctx, l.file)
	}
	return o
}

func (p *Prepared) verdict(l *lot, c *diff.Change, o opened, h past, before map[string]bool) verdict {
	v := verdict{of: l, change: c}
	if c.Want == nil {
		v.refused = ErrUnread
		return v
	}
	v.seal, v.refused = p.sealOf(c, o, h)
	if !c.Write {
		v.authentic = c.Want.File.Sops != nil && o.err == nil && o.dated(c.Want) &&
			(c.Want.Seal == nil || v.seal != nil || p.sync.Destinations == manifest.Reviewed)
		if v.refused == nil && !opens(c, v.authentic) {
			v.refused = errors.Join(o.err, ErrNotOpened)
		}
		return v
	}
	if v.refused != nil {
		return v
	}
	if v.write, v.refused = newWrite(c, o, before); v.refused == nil && (v.write.concealed(o) || c.Equal(o.secrets)) {
		v.equal, v.write.body = true, secmaster.Body{}
	}
	return v
}

// sealOf is what is to be recorded of a connection's seal. Its error refuses the connection.
func (p *Prepared) sealOf(c *diff.Change, o opened, h past) (*diff.Seal, error) {
	if c.Want.Seal == nil {
		return nil, nil
	}
	s, err := p.prove(c, o, h.largest)
	if n, _ := p.newest(c, nil); err == nil && h.unread != nil && n == 0 {
		return nil, h.unread
	}
	return s, err
}

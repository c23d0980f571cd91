package apply

import (
	"context"
	"runtime"

	"connsync/diff"
)

// opening is the opening of a plan's files, ahead of the wire.
type opening struct {
	p         *Prepared
	lots      *ahead[[]verdict]
	turns     *turns
	cancel    context.CancelFunc
	first     int      // lots that are opened before anything is announced, not yet taken
	encrypted int      // encrypted lots not yet taken
	of        int      // … and how many there were
	keyed     bool     // something of an encrypted file is ready to be sent
	ready     []*write // opened, and not yet sent
	deletes   []*write
}

// open begins to open what the plan needs.
func (p *Prepared) open(ctx context.Context) *opening {
	lots, deletes := p.lots()
	ctx, cancel := context.WithCancel(ctx)
	o := &opening{p: p, turns: newTurns(), cancel: cancel, deletes: deletes}
	var all []*diff.Change
	for _, l := range lots {
		all = append(all, l.changes...)
		if l.first {
			o.first++
		}
		if l.file.Sops != nil {
			o.encrypted++
		}
	}
	o.of = o.encrypted
	p.refused, p.equal, p.authenticated, p.seals = map[string]error{}, map[string]*write{}, map[string]bool{}, map[string]*diff.Seal{}
	var h past
	h.largest, h.unread = p.sealHistory(ctx, all)
	before := p.seen.ids()
	o.lots = begin(lots, p.sync.openers(), 4*p.sync.Parallelism, func(l *lot) []verdict {
		o.turns.await()
		return p.judge(ctx, l, h, before)
	})
	return o
}

// find opens until it is known that there is something to announce: all that is opened first, and then until something of an encrypted
// file is ready to be sent. A machine without a key opens all, and has nothing to announce.
func (o *opening) find(ctx context.Context) {
	for o.first > 0 || o.encrypted > 0 && !o.keyed {
		if !o.take(ctx) {
			return
		}
		o.p.sync.progress("revealing", o.of-o.encrypted, o.of)
	}
}

// take notes what was found of the next lot. It is false where none is left, or the run was interrupted: what was not opened for want of
// time is not refused.
func (o *opening) take(ctx context.Context) bool {
	found, more := o.lots.next(o.turns.starve)
	if !more || ctx.Err() != nil {
		return false
	}
	for _, v := range found {
		o.note(v)
	}
	if found[0].of.first {
		o.first--
	}
	if found[0].of.file.Sops != nil {
		o.encrypted--
	}
	return true
}

// next is the next write to send; nil where there is none left.
func (o *opening) next(ctx context.Context) *write {
	for len(o.ready) == 0 {
		if !o.take(ctx) {
			return nil
		}
	}
	return pop(&o.ready)
}

// end opens nothing more, and drops what was not sent.
func (o *opening) end() {
	o.cancel()
	o.turns.end()
	if o.lots != nil {
		o.lots.end()
	}
	o.lots, o.ready = nil, nil
}

func (o *opening) nextDelete() *write { return pop(&o.deletes) }

func pop(ws *[]*write) *write {
	if len(*ws) == 0 {
		return nil
	}
	w := (*ws)[0]
	*ws = (*ws)[1:]
	return w
}

func (o *opening) note(v verdict) {
	name := v.change.Name
	if v.seal != nil {
		o.p.seals[name] = v.seal
	}
	switch {
	case v.refused != nil:
		o.p.refused[name] = v.refused
	case v.equal:
		o.p.equal[name] = v.write
	case v.write != nil:
		o.ready = append(o.ready, v.write)
		o.keyed = o.keyed || v.of.file.Sops != nil
	}
	if v.write == nil {
		o.p.authenticated[name] = v.authentic
	}
}

func (s Sync) openers() int {
	if s.Openers > 0 {
		return s.Openers
	}
	return runtime.GOMAXPROCS(0)
}

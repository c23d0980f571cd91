package apply

import (
	"context"

	"connsync/diff"
)

// compare opens the files of connections with unverified secrets shown by SecMaster in the clear, and plans again by what they hold. Where a file does
// not open, its secrets stay unverified. A resting file has none: every run reads what is not verified, and opens nothing for what connsync wrote.
// Where known state was lost, what is taken over by name may be older than Git, and is only recorded.
func (p *Prepared) compare(ctx context.Context) error {
	cs := p.comparable()
	if len(cs) == 0 || p.sync.ByName {
		return nil
	}
	p.opened = p.sync.reveal(ctx, cs)
	compared := diff.Compared{}
	for _, c := range cs {
		if o := p.opened[c.Want.File.Path]; o.err != nil {
			continue
		} else if told := c.Compare(o.secrets); len(told) > 0 {
			compared[c.Name] = told
		}
	}
	if len(compared) == 0 {
		return nil
	}
	p.seen.compared = compared
	plan, err := p.seen.plan(ctx, p.sync.Client, p.sync.Target)
	p.Plan = plan
	return err
}

func (p *Prepared) comparable() []*diff.Change {
	var out []*diff.Change
	for i := range p.Plan.Changes {
		if c := &p.Plan.Changes[i]; c.Want != nil && c.Comparable() {
			out = append(out, c)
		}
	}
	return out
}

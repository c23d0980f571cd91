package main

import (
	"context"

	"connsync/apply"
	"connsync/apply/secmaster"
	"connsync/secrets"
)

// earlyLook asks for a long list while manifests are read.
type earlyLook struct {
	reader *secmaster.Reader
	list   *apply.AheadReader
	begun  func() error // waits until both are there, and gives the error where they are not
}

// promised has the list of a target asked for once its known state promises more than a page of so many connections, but of no more targets than are looked
// at side by side. With --verbose nothing is early, so that a target's requests stand together. Wrong manifests stop a command all the same: only a
// list was asked for.
func (v *preview) promised(ctx context.Context, t wanted, connections int) {
	if v.early[t.Name] == nil && secmaster.PagesOf(connections) > 1 && len(v.early) < targetsOnce && !v.g.Verbose {
		v.early[t.Name] = v.listEarly(ctx, t, connections)
	}
}

// listEarly begins with a list, likely of so many connections.
func (v *preview) listEarly(ctx context.Context, t wanted, likely int) *earlyLook {
	e := &earlyLook{}
	e.begun = secrets.Begun(func() (err error) {
		if e.reader, err = v.reader(ctx, t); err == nil {
			e.list = apply.ListAhead(ctx, e.reader, likely, apply.Clock{})
		}
		return err
	})
	return e
}

// stopEarly ends what no one needs.
func (v *preview) stopEarly() {
	for _, e := range v.early {
		if e.begun() == nil {
			e.list.Stop()
			e.reader.Close()
		}
	}
}

// reader reads the workspace of a target.
func (v *preview) reader(ctx context.Context, t wanted) (*secmaster.Reader, error) {
	options, err := v.g.client(ctx, v.w, t.Target, need{job: secmaster.JobDiff, uses: v.how.uses || v.how.prune})
	if err != nil {
		return nil, err
	}
	return secmaster.NewReader(options)
}

// lister is the reader of a target, and the same with a list that was asked for already, where there is one.
func (v *preview) lister(ctx context.Context, t wanted) (r *secmaster.Reader, list apply.Reader, err error) {
	if e := v.early[t.Name]; e != nil {
		err = e.begun()
		return e.reader, e.list, err
	}
	r, err = v.reader(ctx, t)
	return r, r, err
}

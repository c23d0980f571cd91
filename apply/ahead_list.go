package apply

import (
	"context"
	"time"

	"connsync/diff"
	"connsync/secrets"
)

// AheadReader is a Reader whose list was asked for before it is needed: what it waits for is read meanwhile.
type AheadReader struct {
	Reader
	asked   time.Time
	cancel  context.CancelFunc
	ended   func() error // nil once the list was given
	listed  []diff.Have
	plugins func() error // waits for the plugins, where they were asked for
}

// ListAhead asks for the list at once, in the background, and takes it apart: it is likely to have so many connections, at least. Where there may be none, no plugin
// is known either, and they are asked for, too. It serves the first look at the workspace. Stop has to be called.
func ListAhead(ctx context.Context, r Reader, likely int, c Clock) *AheadReader {
	ctx, cancel := context.WithCancel(ctx)
	a := &AheadReader{Reader: r, asked: c.now(), cancel: cancel, plugins: func() error { return nil }}
	if likely == 0 {
		p := askForPlugins(ctx, r)
		a.Reader, a.plugins = p, p.ended
	}
	a.ended = secrets.Begun(func() (err error) { a.listed, err = listed(ctx, r, likely); return err })
	return a
}

// pending tells whether the list is still to be given.
func (a *AheadReader) pending() bool { return a != nil && a.ended != nil }

// listed is the workspace's list, taken apart.
func listed(ctx context.Context, r Reader, likely int) ([]diff.Have, error) {
	if a, ok := r.(*AheadReader); ok && a.pending() {
		err := a.ended() // its context ends with the one of the command
		listed := a.listed
		a.ended, a.listed = nil, nil
		return listed, err
	}
	r.Expect(likely)
	all, err := r.List(ctx)
	if err != nil {
		return nil, err
	}
	return haves(all)
}

// Stop breaks off a list that no one needs, and waits for its end.
func (a *AheadReader) Stop() {
	a.cancel()
	if a.ended != nil {
		_ = a.ended()
	}
	_ = a.plugins()
}

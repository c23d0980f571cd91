package apply

import (
	"context"

	"connsync/apply/secmaster"
	"connsync/secrets"
)

// AheadReader is a Reader whose list was asked for before it is needed: what it waits for is read meanwhile.
type AheadReader struct {
	Reader
	cancel context.CancelFunc
	done   chan struct{}
	listed []secmaster.Connection
	err    error
}

// ListAhead asks for the list at once, in the background. The first List gives it. Stop has to be called.
func ListAhead(ctx context.Context, r Reader) *AheadReader {
	ctx, cancel := context.WithCancel(ctx)
	a := &AheadReader{Reader: r, cancel: cancel, done: make(chan struct{})}
	go func() {
		defer close(a.done)
		a.err = secrets.Contained(func() (err error) { a.listed, err = r.List(ctx); return err })()
	}()
	return a
}

// List is Reader's. It is for one goroutine.
func (a *AheadReader) List(ctx context.Context) ([]secmaster.Connection, error) {
	if a.done == nil {
		return a.Reader.List(ctx)
	}
	<-a.done // its context ends with the one of the command
	listed, err := a.listed, a.err
	a.done, a.listed = nil, nil
	return listed, err
}

// Stop breaks off a list that no one needs, and waits for its end.
func (a *AheadReader) Stop() {
	a.cancel()
	if a.done != nil {
		<-a.done
	}
}

package apply

import (
	"context"

	"connsync/diff"
	"connsync/secrets"
)

// AheadReader is a Reader whose list was asked for before it is needed: what it waits for is read meanwhile.
type AheadReader struct {
	Reader
	cancel context.CancelFunc
	done   chan struct{} // nil once the list was given
	listed []diff.Have
	err    error
}

// ListAhead asks for the list at once, in the background, and takes it apart. It serves the first look at the workspace. Stop has to be called.
func ListAhead(ctx context.Context, r Reader) *AheadReader {
	ctx, cancel := context.WithCancel(ctx)
	a := &AheadReader{Reader: r, cancel: cancel, done: make(chan struct{})}
	go func() {
		defer close(a.done)
		a.err = secrets.Contained(func() (err error) { a.listed, err = listed(ctx, r); return err })()
	}()
	return a
}

// listed is the workspace's list, taken apart.
func listed(ctx context.Context, r Reader) ([]diff.Have, error) {
	if a, ok := r.(*AheadReader); ok && a.done != nil {
		<-a.done // its context ends with the one of the command
		listed, err := a.listed, a.err
		a.done, a.listed = nil, nil
		return listed, err
	}
	all, err := r.List(ctx)
	if err != nil {
		return nil, err
	}
	return haves(all)
}

// Stop breaks off a list that no one needs, and waits for its end.
func (a *AheadReader) Stop() {
	a.cancel()
	if a.done != nil {
		<-a.done
	}
}

package gitfs

import (
	"errors"
	"sync"

	"github.com/go-git/go-git/v5/plumbing"
)

// borrowed are private repositories whose objects a repository reads like its own while it is open. They come first: Git checked what it
// fetched, and the repository's own object of the same name may be a damaged one.
type borrowed struct {
	sync.RWMutex
	from []*private
}

func (b *borrowed) add(p *private) {
	b.Lock()
	defer b.Unlock()
	b.from = append(b.from, p)
}

func (b *borrowed) object(t plumbing.ObjectType, hash plumbing.Hash) (plumbing.EncodedObject, bool) {
	b.RLock()
	defer b.RUnlock()
	for _, p := range b.from {
		if o, err := p.storage.EncodedObject(t, hash); err == nil {
			return o, true
		}
	}
	return nil, false
}

func (b *borrowed) remove() error {
	b.Lock()
	defer b.Unlock()
	var err error
	for _, p := range b.from {
		err = errors.Join(err, p.remove())
	}
	b.from = nil
	return err
}

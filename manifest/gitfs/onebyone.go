package gitfs

import (
	"sync"

	"github.com/go-git/go-billy/v5"
	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/cache"
	"github.com/go-git/go-git/v5/storage/filesystem"
)

// oneByOne is go-git's storage of a folder for several goroutines: go-git reads packs through shared handles, and finds them through shared maps. What it
// gives is whole, or reads through a handle of its own.
type oneByOne struct {
	*filesystem.Storage
	mu *sync.Mutex
}

func newStorage(files billy.Filesystem, size cache.FileSize, options filesystem.Options) oneByOne {
	return oneByOne{filesystem.NewStorageWithOptions(files, cache.NewObjectLRU(size), options), new(sync.Mutex)}
}

// EncodedObject is storer.EncodedObjectStorer.
func (s oneByOne) EncodedObject(t plumbing.ObjectType, hash plumbing.Hash) (plumbing.EncodedObject, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	o, err := s.Storage.EncodedObject(t, hash)
	if err == nil {
		o.Hash() // go-git finds it when it is asked for first, and keeps it in the object, which others have, too
	}
	return o, err
}

// HasEncodedObject is storer.EncodedObjectStorer.
func (s oneByOne) HasEncodedObject(hash plumbing.Hash) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.Storage.HasEncodedObject(hash)
}

// EncodedObjectSize is storer.EncodedObjectStorer.
func (s oneByOne) EncodedObjectSize(hash plumbing.Hash) (int64, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.Storage.EncodedObjectSize(hash)
}

// HashesWithPrefix finds the objects of a short name.
func (s oneByOne) HashesWithPrefix(prefix []byte) ([]plumbing.Hash, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.Storage.HashesWithPrefix(prefix)
}

// Reindex finds what another program wrote.
func (s oneByOne) Reindex() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.Storage.Reindex()
}

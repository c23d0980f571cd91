package state

import (
	"bytes"
	"errors"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/object"
)

// errBroken says that something else is stored under an object's name.
var errBroken = errors.New("an object does not have its content")

// errAbsent says that nothing is stored under an object's name.
var errAbsent = errors.New("an object is not here")

// tooLargeError says that an object is larger than any of known state may be.
type tooLargeError struct{ most int64 } // bytes

func (e *tooLargeError) Error() string { return "an object is too large to be read" }

// mostObject is how large an object may be: known state of a hundred thousand connections is far below it, and reading takes several times as
// much memory.
const mostObject = 256 << 20

// content reads an object and checks it against its name: go-git does not, and would take what a disk mixed up, or what was
// damaged unnoticed by its compression, for what was written. An object in a file of its own is read without go-git: go-git copies it
// several times and keeps it; whatever is wrong with that file is for go-git to say.
func (s *Store) content(t plumbing.ObjectType, hash plumbing.Hash) ([]byte, error) {
	if content, err := s.readLoose(t, hash, mostObject); err == nil {
		return []byte(content), nil
	}
	return s.readStored(t, hash, mostObject)
}

// readStored reads an object of so many bytes at most by go-git.
func (s *Store) readStored(t plumbing.ObjectType, hash plumbing.Hash, most int64) ([]byte, error) {
	if size, err := s.repo.Git.Storer.EncodedObjectSize(hash); err == nil && size > most {
		return nil, &tooLargeError{most}
	}
	stored, err := s.repo.Git.Storer.EncodedObject(plumbing.AnyObject, hash) // of another type it would seem to be absent
	switch {
	case errors.Is(err, plumbing.ErrObjectNotFound):
		return nil, errAbsent
	case err != nil:
		return nil, err
	}
	content, err := contentOf(stored)
	if err != nil {
		return nil, err
	}
	if plumbing.ComputeHash(t, content) != hash {
		return nil, errBroken
	}
	return content, nil
}

// object is content as go-git takes it.
func (s *Store) object(t plumbing.ObjectType, hash plumbing.Hash) (*plumbing.MemoryObject, error) {
	content, err := s.content(t, hash)
	if err != nil {
		return nil, err
	}
	checked := &plumbing.MemoryObject{}
	checked.SetType(t)
	_, err = checked.Write(content)
	return checked, err
}

func (s *Store) commit(hash string) (*object.Commit, error) {
	o, err := s.object(plumbing.CommitObject, plumbing.NewHash(hash))
	if err != nil {
		return nil, err
	}
	return object.DecodeCommit(s.repo.Git.Storer, o)
}

// parent is the commit before another one; "" for none. The history of a state is a line.
func parent(c *object.Commit) string {
	if len(c.ParentHashes) == 0 {
		return ""
	}
	return c.ParentHashes[0].String()
}

func (s *Store) tree(hash plumbing.Hash) (*object.Tree, error) {
	o, err := s.object(plumbing.TreeObject, hash)
	if err != nil {
		return nil, err
	}
	return object.DecodeTree(s.repo.Git.Storer, o)
}

// text is the content of a file of so many bytes at most.
func (s *Store) text(hash plumbing.Hash, most int64) (string, error) {
	if text, err := s.readLoose(plumbing.BlobObject, hash, most); err == nil {
		return text, nil
	}
	text, err := s.readStored(plumbing.BlobObject, hash, most)
	return string(text), err
}

func contentOf(o plumbing.EncodedObject) ([]byte, error) {
	r, err := o.Reader()
	if err != nil {
		return nil, err
	}
	defer r.Close()
	b := bytes.NewBuffer(make([]byte, 0, min(max(o.Size(), 0), mostSized)+bytes.MinRead))
	_, err = b.ReadFrom(r)
	return b.Bytes(), err
}

// mostSized is for how much of an object room is made before it is read, because it says so itself.
const mostSized = 64 << 20

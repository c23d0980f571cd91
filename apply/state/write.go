package state

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"unicode"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/filemode"
	"github.com/go-git/go-git/v5/plumbing/object"
)

// encodable is a Git object that go-git can write.
type encodable interface {
	Encode(plumbing.EncodedObject) error
}

// write stores the objects of a state commit and gives the commit's name. The ref does not move yet.
func (s *Store) write(parent string, known, intents []byte, m Message) (string, error) {
	var hashes [2]plumbing.Hash
	for i, text := range [][]byte{intents, known} {
		blob := s.repo.Git.Storer.NewEncodedObject()
		blob.SetType(plumbing.BlobObject)
		w, err := blob.Writer()
		if err != nil {
			return "", ErrDisk
		}
		if _, err := w.Write(text); err != nil || w.Close() != nil {
			return "", ErrDisk
		}
		if hashes[i], err = s.store(blob); err != nil {
			return "", err
		}
	}
	tree, err := s.encode(&object.Tree{Entries: []object.TreeEntry{
		{Name: intentsFile, Mode: filemode.Regular, Hash: hashes[0]},
		{Name: knownFile, Mode: filemode.Regular, Hash: hashes[1]},
	}})
	if err != nil {
		return "", err
	}
	who := object.Signature{Name: "connsync", Email: "connsync@localhost", When: s.repo.Now().UTC()}
	commit := object.Commit{Author: who, Committer: who, Message: m.text(), TreeHash: tree}
	if parent != "" {
		commit.ParentHashes = []plumbing.Hash{plumbing.NewHash(parent)}
	}
	hash, err := s.encode(&commit)
	return hash.String(), err
}

func (s *Store) encode(o encodable) (plumbing.Hash, error) {
	encoded := s.repo.Git.Storer.NewEncodedObject()
	if err := o.Encode(encoded); err != nil {
		return plumbing.ZeroHash, ErrDisk
	}
	return s.store(encoded)
}

// store writes an object and makes it durable: a ref must never outlive what it names.
func (s *Store) store(o plumbing.EncodedObject) (plumbing.Hash, error) {
	file := s.objectFile(o.Hash())
	if err := s.discardBroken(o, file); err != nil {
		return plumbing.ZeroHash, err
	}
	hash, err := s.repo.Git.Storer.SetEncodedObject(o)
	if err != nil {
		return hash, onDisk(err)
	}
	f, err := os.Open(file)
	if err != nil {
		return hash, onDisk(err)
	}
	defer f.Close()
	if err := f.Sync(); err != nil {
		return hash, onDisk(err)
	}
	return hash, syncFolder(filepath.Dir(file))
}

func (s *Store) objectFile(hash plumbing.Hash) string {
	name := hash.String()
	return s.path(filepath.Join("objects", name[:2], name[2:]))
}

// discardBroken removes what a failure may have left under an object's name, where it is not the object: go-git would
// take it for that, and write nothing.
func (s *Store) discardBroken(o plumbing.EncodedObject, file string) error {
	if _, err := os.Lstat(file); err != nil {
		return nil
	}
	_, err := s.object(o.Type(), o.Hash())
	if err == nil {
		return nil
	}
	var cannotRead syscall.Errno
	if errors.As(err, &cannotRead) {
		return onDisk(err)
	}
	if err := os.Remove(file); err != nil {
		return onDisk(err)
	}
	return nil
}

// text is the commit's message: a subject, lines, and trailers.
func (m Message) text() string {
	var b strings.Builder
	b.WriteString(clean(m.Subject) + "\n")
	if len(m.Lines) > 0 {
		b.WriteString("\n")
	}
	for _, l := range m.Lines {
		b.WriteString(clean(l) + "\n")
	}
	if len(m.Trailers) > 0 {
		b.WriteString("\n")
	}
	for _, t := range m.Trailers {
		b.WriteString(clean(t[0]) + ": " + clean(t[1]) + "\n")
	}
	return b.String()
}

// clean keeps a text on one line and harmless to whoever reads the log on a terminal.
func clean(s string) string {
	return strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) || r == unicode.ReplacementChar {
			return '?'
		}
		return r
	}, s)
}

package gitfs

import (
	"compress/zlib"
	"crypto"
	"io"
	"os"
	"path/filepath"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/hash"
	"github.com/go-git/go-git/v5/plumbing/object"
	"github.com/go-git/go-git/v5/plumbing/storer"
)

// readable tells whether a commit is there with its files, and is what its name says. What once was, is not looked at again.
func (r *Repository) readable(commit string) bool {
	if _, known := r.whole.Load(commit); known {
		return true
	}
	if !whole(r.git.Storer, r.layout.commonDir, commit) {
		return false
	}
	r.whole.Store(commit, true)
	return true
}

// whole tells whether a commit and its files are there and have their contents, in a storage whose own objects are in a folder; "" where that is not known.
func whole(s storer.EncodedObjectStorer, dir, commit string) bool {
	if !sound(s, plumbing.NewHash(commit)) {
		return false
	}
	c, err := object.GetCommit(s, plumbing.NewHash(commit))
	if err != nil || !sound(s, c.TreeHash) {
		return false
	}
	t, err := object.GetTree(s, c.TreeHash)
	if err != nil {
		return false
	}
	for _, e := range t.Entries {
		if e.Mode.IsFile() && !looseSound(dir, e.Hash) && !sound(s, e.Hash) {
			return false
		}
	}
	return true
}

// sound tells whether an object is there and has its content.
func sound(s storer.EncodedObjectStorer, hash plumbing.Hash) bool {
	o, err := s.EncodedObject(plumbing.AnyObject, hash)
	if err != nil {
		return false
	}
	text, err := read(o)
	return err == nil && plumbing.ComputeHash(o.Type(), text) == hash
}

// mostLoose is more than an object of known state may have.
const mostLoose = 257 << 20

// looseSound is sound of an object in a file of its own, without holding it: an object's name is the SHA-1 of what its file packs (gitformat-loose(5)). "No" is no
// last word.
func looseSound(dir string, name plumbing.Hash) bool {
	file := filepath.Join(dir, "objects", name.String()[:2], name.String()[2:])
	if at, err := os.Lstat(file); dir == "" || err != nil || !at.Mode().IsRegular() { // a pipe would not let go
		return false
	}
	f, err := os.Open(file)
	if err != nil {
		return false
	}
	defer f.Close()
	z, err := zlib.NewReader(f)
	if err != nil {
		return false
	}
	h := hash.New(crypto.SHA1)
	n, err := io.Copy(h, io.LimitReader(z, mostLoose))
	return err == nil && n < mostLoose && plumbing.Hash(h.Sum(nil)) == name
}

package gitfs

import (
	"io"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/object"
)

// Version is the content that a commit gave a file.
type Version struct {
	Commit  Commit
	File    string   // slash path
	Blob    string   // Git's hash of the content
	Outside bool     // the commit is not of the branch: one of the branch was made from it
	Before  []string // Git's hashes of what the file was in the commit's parents; of a version of Since and All
	Cut     bool     // a parent of the commit is not here
	repo    *Repository
}

// Read reads the content. An error is a *MissingObjectError, or a *RefusedError where it is larger than 8 MiB.
func (v Version) Read() ([]byte, error) {
	hash := plumbing.NewHash(v.Blob)
	switch size, err := v.repo.git.Storer.EncodedObjectSize(hash); {
	case err != nil:
		return nil, &MissingObjectError{v.File}
	case size > maxFile:
		return nil, &RefusedError{v.File, "larger than 8 MiB"}
	}
	text, err := v.repo.blob(hash)
	if err != nil {
		return nil, &MissingObjectError{v.File}
	}
	return text, nil
}

func (r *Repository) version(c *object.Commit, file string, blob plumbing.Hash) Version {
	return Version{Commit: Commit{Hash: c.Hash.String(), Time: c.Committer.When, Author: c.Author.Name}, File: file, Blob: blob.String(), repo: r}
}

// blob reads one object, if it is no larger than a manifest may be.
func (r *Repository) blob(hash plumbing.Hash) ([]byte, error) {
	b, err := object.GetBlob(r.git.Storer, hash)
	if err != nil {
		return nil, err
	}
	in, err := b.Reader()
	if err != nil {
		return nil, err
	}
	defer in.Close()
	return io.ReadAll(io.LimitReader(in, maxFile))
}

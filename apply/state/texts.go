package state

import (
	"runtime"

	"github.com/go-git/go-git/v5/plumbing"
	"golang.org/x/sync/errgroup"

	"connsync/secrets"
)

// mostPart is how large a part may be, so that all of them together are no larger than one object.
const mostPart = mostObject / parts

// texts reads the files of a commit.
func (s *Store) texts(b blobs) (t texts, err error) {
	if t.intents, err = s.text(b.intents, mostObject); err != nil {
		return t, s.unread(intentsFile, err)
	}
	if t.known, err = s.text(b.known, mostObject); err != nil {
		return t, s.unread(knownFile, err)
	}
	t.partly, err = s.partTexts(b.partly)
	return t, err
}

// partTexts reads the parts from files of their own, some at a time, and then what is elsewhere: go-git is for one goroutine.
func (s *Store) partTexts(hashes []plumbing.Hash) ([]string, error) {
	if hashes == nil {
		return nil, nil
	}
	out, there := make([]string, len(hashes)), make([]bool, len(hashes))
	var g errgroup.Group
	g.SetLimit(runtime.GOMAXPROCS(0))
	for i, hash := range hashes {
		g.Go(secrets.Contained(func() (err error) {
			out[i], err = s.readLoose(plumbing.BlobObject, hash, mostPart)
			there[i] = err == nil
			return nil
		}))
	}
	_ = g.Wait() // what could not be read so, is read below
	for i, hash := range hashes {
		if there[i] {
			continue
		}
		text, err := s.readStored(plumbing.BlobObject, hash, mostPart)
		if err != nil {
			return nil, s.unread(partFile(i), err)
		}
		out[i] = string(text)
	}
	return out, nil
}

// schemaOf is the schema that a snapshot is written in.
func (s *Store) schemaOf(snap Snapshot) int {
	names := len(snap.Known)
	for name := range snap.Past {
		if _, known := snap.Known[name]; !known {
			names++
		}
	}
	if names < s.repo.PartsFrom {
		return schema
	}
	return schemaParts
}

package state

import (
	"bytes"
	"compress/zlib"
	"encoding/json"
	"io"
	"os"

	"github.com/go-git/go-git/v5/plumbing"
)

// lineSize is what a line of known.jsonl takes, in bytes: 450 to 1,300, least of a connection with few settings.
const lineSize = 750

// longestHeader is more than the header of known.jsonl takes.
const longestHeader = 64 << 10

// Estimate is about how many connections known state holds as it stands here, told without reading it. It says so itself; where it was written before it did, or is
// packed as a whole, there may be two times as many, or half. It is 0 where that cannot be told.
func (s *Store) Estimate() int {
	at, err := s.local()
	if err != nil || at == "" {
		return 0
	}
	commit, err := s.commit(at)
	if err != nil {
		return 0
	}
	named, err := s.blobs(commit)
	if err != nil {
		return 0
	}
	var h knownHeader
	if head := s.head(named.known); json.Unmarshal(head, &h) == nil && h.Connections > 0 {
		return h.Connections
	}
	size, err := s.repo.Git.Storer.EncodedObjectSize(named.known)
	if err != nil {
		return 0
	}
	return int(size / lineSize)
}

// head is the first line of a file; nil where it cannot be had without reading much.
func (s *Store) head(hash plumbing.Hash) []byte {
	if line := s.looseHead(hash); line != nil {
		return line
	}
	if size, err := s.repo.Git.Storer.EncodedObjectSize(hash); err != nil || size > longestHeader {
		return nil
	}
	text, _ := s.text(hash, longestHeader)
	line, _, _ := bytes.Cut([]byte(text), []byte("\n"))
	return line
}

// looseHead is the first line of an object in a file of its own.
func (s *Store) looseHead(hash plumbing.Hash) []byte {
	if at, err := os.Lstat(s.loosePath(hash)); err == nil && !at.Mode().IsRegular() { // a pipe would not let go
		return nil
	}
	f, err := os.Open(s.loosePath(hash))
	if err != nil {
		return nil
	}
	defer f.Close()
	z, err := zlib.NewReader(f)
	if err != nil {
		return nil
	}
	text, _ := io.ReadAll(io.LimitReader(z, longestHeader)) // what is behind it, may be broken
	_, text, _ = bytes.Cut(text, []byte{0})
	line, _, _ := bytes.Cut(text, []byte("\n"))
	return line
}

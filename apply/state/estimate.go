package state

import "os"

// What a line of known.jsonl takes, about: in a file of its own, and unpacked.
const (
	linePacked = 230
	lineSize   = 1200
)

// Estimate is about how many connections known state holds as it stands here, told without reading it; 0 where it cannot be told.
func (s *Store) Estimate() int {
	at, err := s.local()
	if err != nil || at == "" {
		return 0
	}
	commit, err := s.commit(at)
	if err != nil {
		return 0
	}
	if _, err := s.stateTree(commit); err != nil {
		return 0
	}
	known := s.named[at][1]
	if file, err := os.Lstat(s.loosePath(known)); err == nil {
		return int(file.Size() / linePacked)
	}
	size, err := s.repo.Git.Storer.EncodedObjectSize(known)
	if err != nil {
		return 0
	}
	return int(size / lineSize)
}

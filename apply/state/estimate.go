package state

import "os"

// What a line of known.jsonl takes, in bytes: 100 to 240 in a file of its own, and 450 to 1,300 unpacked. One with few settings takes least.
const (
	linePacked = 150
	lineSize   = 750
)

// Estimate is about how many connections known state holds as it stands here, told without reading it: there may be two times as many, or half. It is 0 where that
// cannot be told.
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

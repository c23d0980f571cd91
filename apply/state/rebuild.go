package state

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"
)

// Rebuild begins anew, for state that cannot be read: with an empty one, on top of the broken commit where there is such
// a commit, so that its history stays and a shared ref need not be forced. A ref that names no commit is set aside in
// the repository's folder "connsync". It gives the new commit. The next sync adopts what SecMaster has.
func (s *Store) Rebuild(ctx context.Context, wait time.Duration) (string, error) {
	l, err := s.hold(ctx, wait)
	if err != nil {
		return "", err
	}
	defer l.Close()
	local, problem := s.current()
	if problem != "" {
		aside := s.path(fmt.Sprintf("connsync/broken-%s-%d", s.target, s.repo.Now().Unix()))
		err := os.Rename(s.path(s.ref), aside)
		if errors.Is(err, fs.ErrNotExist) {
			return "", &CorruptError{s.ref, problem}
		}
		if err != nil {
			return "", onDisk(err)
		}
		if local, problem = s.current(); problem != "" {
			return "", &CorruptError{s.ref, problem}
		}
	}
	shared, parent := "", local
	if s.repo.Remote != nil {
		if shared, err = s.repo.Remote.Head(ctx, s.ref); err != nil {
			return "", err
		}
		if shared != "" {
			parent = shared
		}
	}
	if !s.isCommit(parent) {
		parent = ""
	}
	known, intents := encode(s.target, Snapshot{})
	hash, err := s.write(parent, known, intents, Message{Subject: s.target + ": begun anew", Lines: []string{"the state before could not be read"}})
	if err != nil {
		return "", err
	}
	if s.repo.Remote != nil {
		if err := s.repo.Remote.Replace(ctx, s.ref, shared, hash); err != nil {
			return "", err
		}
	}
	return hash, s.replace(local, hash)
}

func (s *Store) isCommit(hash string) bool {
	if hash == "" {
		return false
	}
	_, err := s.commit(hash)
	return err == nil
}

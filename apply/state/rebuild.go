package state

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"
)

// Rebuilt is what Rebuild did.
type Rebuilt struct {
	Commit   string // that the ref names now
	Restored bool   // it is the remote's, which can be read
}

// Rebuild repairs state that cannot be read. Where the remote's can, the local ref follows that again. Else it begins anew: with
// an empty one, on top of the broken commit where there is such a commit, so that its history stays and a shared ref need not be forced. What
// the local ref was is set aside in the repository's folder "connsync". The next sync adopts what SecMaster has.
//
// State is not begun anew that can be read here (*ReadableError), that was written by a newer connsync, or of which a partial clone lacks objects.
func (s *Store) Rebuild(ctx context.Context, wait time.Duration) (Rebuilt, error) {
	l, err := s.hold(ctx, wait)
	if err != nil {
		return Rebuilt{}, err
	}
	defer l.Close()
	shared, readable, err := s.judgeShared(ctx)
	if err != nil {
		return Rebuilt{}, err
	}
	local, problem := s.current()
	if problem == "" {
		err = s.judgeLocal(local)
	}
	if err != nil {
		return Rebuilt{}, err
	}
	if local, err = s.setAside(local, problem); err != nil {
		return Rebuilt{}, err
	}
	if readable {
		return Rebuilt{shared, true}, s.follow(ctx, local, shared)
	}
	hash, err := s.beginAnew(ctx, local, shared)
	return Rebuilt{Commit: hash}, err
}

// judgeShared tells whether the remote's state can be read. An error is a reason to leave all as it is.
func (s *Store) judgeShared(ctx context.Context) (shared string, readable bool, err error) {
	if s.repo.Remote == nil {
		return "", false, nil
	}
	if shared, err = s.repo.Remote.Head(ctx, s.ref); err != nil || shared == "" {
		return "", false, err
	}
	if err = s.atHome(shared); err != nil {
		return "", false, err
	}
	_, err = s.at(shared)
	if corrupt := (*CorruptError)(nil); errors.As(err, &corrupt) {
		return shared, false, nil
	}
	return shared, err == nil, err
}

// judgeLocal is an error where the local state is not lost.
func (s *Store) judgeLocal(local string) error {
	_, err := s.at(local)
	var missing *MissingError
	var newer *SchemaError
	switch {
	case err == nil && local != "":
		return &ReadableError{Ref: s.ref, Commit: local}
	case errors.As(err, &newer), errors.As(err, &missing) && s.repo.Partial:
		return err
	}
	return nil
}

// setAside keeps what the ref was, and gives the commit that it names from then on: what was no commit's name is gone from it.
func (s *Store) setAside(local, problem string) (string, error) {
	if local == "" && problem == "" {
		return "", nil
	}
	aside := s.path(fmt.Sprintf("connsync/broken-%s-%d", s.target, s.repo.Now().Unix()))
	if problem == "" {
		if err := os.WriteFile(aside, []byte(local+"\n"), 0o666); err != nil {
			return "", onDisk(err)
		}
		return local, nil
	}
	err := os.Rename(s.path(s.ref), aside)
	if errors.Is(err, fs.ErrNotExist) { // what is broken is in no file of its own
		return "", &CorruptError{s.ref, problem}
	}
	if err != nil {
		return "", onDisk(err)
	}
	if local, problem = s.current(); problem != "" {
		return "", &CorruptError{s.ref, problem}
	}
	return local, nil
}

// beginAnew makes an empty state of both refs.
func (s *Store) beginAnew(ctx context.Context, local, shared string) (string, error) {
	parent := local
	if shared != "" {
		parent = shared
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
		if parent != "" && parent == shared {
			err = s.keep(ctx, shared)
		}
		if err == nil {
			err = s.repo.Remote.Replace(ctx, s.ref, shared, hash)
		}
		if err != nil {
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

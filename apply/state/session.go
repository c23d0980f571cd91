package state

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/gofrs/flock"
)

// Session holds the lock on a target's known state, from before its first read to its end. It is for one goroutine at a time.
type Session struct {
	store *Store
	lock  *flock.Flock
	base  Snapshot
}

// Lock is Hold and Read.
func (s *Store) Lock(ctx context.Context, wait time.Duration) (*Session, error) {
	return s.lockPast(ctx, wait, "")
}

// lockPast is Lock, but does not wait for one run.
func (s *Store) lockPast(ctx context.Context, wait time.Duration, run string) (*Session, error) {
	session, err := s.Hold(ctx, wait)
	if err != nil {
		return nil, err
	}
	if err := session.read(ctx, wait, run); err != nil {
		_ = session.Close()
		return nil, err
	}
	return session, nil
}

// Hold takes the kernel's lock on a target, so a dead process leaves none; nothing is read yet. Where another one holds it for longer than wait, the
// error is a *BusyError. Whoever takes the locks of several targets takes them in one order everywhere, or two would wait for each other.
func (s *Store) Hold(ctx context.Context, wait time.Duration) (*Session, error) {
	if s.checkedOut() {
		return nil, ErrCheckedOut
	}
	l, err := s.hold(ctx, wait)
	if err != nil {
		return nil, err
	}
	return &Session{store: s, lock: l}, nil
}

// Read reads the state under the lock, also once more after another run of another machine was first. Where such a run holds the state for longer than
// wait, the error is a *HeldError.
func (s *Session) Read(ctx context.Context, wait time.Duration) error { return s.read(ctx, wait, "") }

// read makes the local ref what is shared, and stands on it. It waits for a run under way on another machine.
func (s *Session) read(ctx context.Context, wait time.Duration, past string) (err error) {
	if s.store.repo.Remote == nil {
		s.base, err = s.store.Read(ctx)
		return err
	}
	deadline := s.store.repo.Now().Add(wait)
	var told func()
	for pause := time.Second; ; pause = min(2*pause, 10*time.Second) {
		err := s.store.align(ctx)
		if err == nil {
			s.base, err = s.store.Read(ctx)
		}
		if err != nil && !errors.Is(err, ErrReplaced) {
			return err
		}
		now := s.store.repo.Now()
		if err == nil && (!s.base.heldAt(now) || s.base.Run.ID == past) {
			return nil
		}
		if now.Add(pause).After(deadline) {
			if err == nil {
				err = &HeldError{Run: *s.base.Run}
			}
			return err
		}
		if err == nil && told == nil {
			told = s.store.repo.waits((&HeldError{Run: *s.base.Run}).Error(), deadline)
			defer told()
		}
		if err := s.store.repo.sleep(ctx, pause); err != nil {
			return err
		}
	}
}

// takeOverAfter is how long after its expiry a run still holds the state: its last write may be under way, and clocks differ.
const takeOverAfter = time.Minute

// heldAt tells whether a run with announced writes may still send some.
func (s Snapshot) heldAt(now time.Time) bool {
	return s.Run != nil && now.Before(s.Run.Expires.Add(takeOverAfter))
}

// Close gives the lock back.
func (s *Session) Close() error { return s.lock.Close() }

// Snapshot is the state under the session: what was read, or what Commit wrote last.
func (s *Session) Snapshot() Snapshot { return s.base }

// Commit stores an edit of the session's snapshot as one commit and stands on it from then on. An edit that changes
// nothing writes nothing. Where the state is shared, the remote's ref moves first, or nothing does; and not before this disk lets
// its own move: a run announced on the remote and unable to go on would hold the state until it expires. Its errors are
// ErrReplaced, *LockedRefError, *CorruptError, ErrDisk and the Remote's.
func (s *Session) Commit(ctx context.Context, e *Edit) (Snapshot, error) {
	next, err := s.prepare(e)
	if err != nil {
		return s.base, err
	}
	err = s.publish(ctx, next)
	return s.base, err
}

// publish makes the refs name what was prepared.
func (s *Session) publish(ctx context.Context, next Snapshot) error {
	if next.Commit == s.base.Commit {
		return nil
	}
	err := s.store.replaceAfter(s.base.Commit, next.Commit, func() error {
		if s.store.repo.Remote == nil {
			return nil
		}
		return s.store.repo.Remote.Replace(ctx, s.store.ref, s.base.Commit, next.Commit)
	})
	if err == nil {
		s.base = next
	}
	return err
}

// recordTries are the pushes of what was done, before it is left to the next run.
const recordTries = 4

// Record is Commit for what has been done already: it must not get lost. Where another run's commit is in the way, the edit (it
// holds only what this run did) is made on top of it; where the remote cannot be reached, the local ref moves all the
// same, and the next session pushes it: the error is then an ErrUnshared. After any other error it is not recorded at all.
func (s *Session) Record(ctx context.Context, e *Edit) (Snapshot, error) {
	next, err := s.prepare(e)
	if err != nil {
		return s.base, err
	}
	for try := range recordTries {
		if err = s.publish(ctx, next); err == nil || s.store.repo.Remote == nil {
			return s.base, err
		}
		if try == recordTries-1 || s.store.repo.sleep(ctx, time.Second<<try) != nil {
			break
		}
		if errors.Is(err, ErrReplaced) && s.store.align(ctx) == nil {
			before := s.base
			if s.base, err = s.store.Read(ctx); err != nil {
				return s.base, err
			}
			e = e.onto(before, s.base)
			if next, err = s.prepare(e); err != nil {
				return s.base, err
			}
		}
	}
	// What may have been pushed all the same, and be seen there later, is the very commit kept here.
	if kept := s.store.replace(s.base.Commit, next.Commit); kept != nil {
		return s.base, errors.Join(err, kept)
	}
	s.base = next
	return s.base, errors.Join(ErrUnshared, err)
}

// prepare writes the objects of an edit, and gives what it makes of the snapshot: at the same commit where it changes nothing.
func (s *Session) prepare(edit *Edit) (Snapshot, error) {
	e, home := *edit, s.store.repo.Home
	if s.store.accepted {
		e.home = home // a change of its own
	}
	next := e.apply(s.base, s.store.repo.Now())
	knownTo, intents := e.changes(s.base, next)
	if s.base.Commit != "" && !knownTo && intents == nil {
		return s.base, nil
	}
	if s.store.repo.Remote != nil {
		e.message.Lines = append(slices.Clone(e.message.Lines), "[skip ci]")
	}
	if home != "" && len(next.Homes) == 0 { // the first shared one says where
		e.home, knownTo = home, true
		next = e.apply(s.base, s.store.repo.Now())
	}
	next.Schema = s.store.schemaOf(next)
	var f files
	switch {
	case s.base.Commit == "" || s.base.Schema != next.Schema:
		f, intents = encodeKnown(s.store.target, next, nil), encodeIntents(next)
	case knownTo:
		f = encodeKnown(s.store.target, next, e.names())
	}
	f.intents = intents
	var err error
	next.Commit, err = s.store.write(s.base.Commit, f, e.message)
	return next, err
}

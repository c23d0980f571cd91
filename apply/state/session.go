package state

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/gofrs/flock"

	"connsync/diff"
)

// Session holds the lock on a target's known state, from its first read to its end. It is for one goroutine.
type Session struct {
	store *Store
	lock  *flock.Flock
	base  Snapshot
}

// Lock takes the kernel's lock on a target, so that a process that dies leaves none, and reads the state. Where another
// one holds it for longer than wait, the error is a *BusyError.
func (s *Store) Lock(ctx context.Context, wait time.Duration) (*Session, error) {
	if s.checkedOut() {
		return nil, ErrCheckedOut
	}
	file := s.path("connsync/" + s.target + ".lock") // permanent: removing it would let two hold it
	if err := os.MkdirAll(filepath.Dir(file), 0o777); err != nil {
		return nil, ErrDisk
	}
	l := flock.New(file)
	limited, cancel := context.WithTimeout(ctx, wait)
	defer cancel()
	got, err := l.TryLock()
	if err == nil && !got {
		got, err = l.TryLockContext(limited, 100*time.Millisecond)
	}
	switch {
	case got:
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case errors.Is(err, context.DeadlineExceeded) || err == nil:
		return nil, &BusyError{holder(file)}
	default:
		return nil, ErrDisk
	}
	host, _ := os.Hostname()
	_ = os.WriteFile(file, fmt.Appendf(nil, "process %d on %s since %s\n", os.Getpid(), host, s.repo.Now().UTC().Format(time.RFC3339)), 0o666)
	session := &Session{store: s, lock: l}
	if err := session.read(ctx); err != nil {
		_ = session.Close()
		return nil, err
	}
	return session, nil
}

func holder(file string) string {
	text, err := os.ReadFile(file)
	if err != nil || len(text) > 200 {
		return ""
	}
	return clean(strings.TrimSpace(string(text)))
}

func (s *Session) read(ctx context.Context) (err error) {
	if r := s.store.repo.Remote; r != nil {
		if err := r.Fetch(ctx, s.store.ref); err != nil {
			return err
		}
	}
	s.base, err = s.store.Read(ctx)
	return err
}

// Close gives the lock back.
func (s *Session) Close() error { return s.lock.Close() }

// Snapshot is the state that the session stands on: what was read, or what Commit wrote last.
func (s *Session) Snapshot() Snapshot { return s.base }

// Commit stores an edit of the session's snapshot as one commit and stands on it from then on. An edit that changes
// nothing writes nothing. Its errors are ErrMoved, *LockedRefError, *CorruptError, ErrDisk and the Remote's.
func (s *Session) Commit(ctx context.Context, e Edit) (Snapshot, error) {
	next := e.apply(s.base)
	known, intents := encode(s.store.target, next)
	if s.base.Commit != "" {
		before, open := encode(s.store.target, s.base)
		if string(before) == string(known) && string(open) == string(intents) {
			return s.base, nil
		}
	}
	hash, err := s.store.write(s.base.Commit, known, intents, e.Message)
	if err != nil {
		return s.base, err
	}
	if r := s.store.repo.Remote; r != nil {
		if err := r.Replace(ctx, s.store.ref, s.base.Commit, hash); err != nil {
			return s.base, err
		}
	}
	if err := s.store.replace(s.base.Commit, hash); err != nil {
		return s.base, err
	}
	next.Commit = hash
	s.base = next
	return next, nil
}

// apply is the snapshot after an edit. The one before is left as it is.
func (e Edit) apply(s Snapshot) Snapshot {
	s.Known, s.Intents = maps.Clone(s.Known), maps.Clone(s.Intents)
	if s.Known == nil {
		s.Known = map[string]diff.Known{}
	}
	if s.Intents == nil {
		s.Intents = map[string]Intent{}
	}
	if e.Place != (diff.Place{}) {
		s.Place = e.Place
	}
	for _, name := range e.Drop {
		delete(s.Known, name)
	}
	for _, k := range e.Put {
		s.Known[k.Name] = k
	}
	for _, name := range e.Settle {
		delete(s.Intents, name)
	}
	for _, i := range e.Announce {
		i.Expires = i.Expires.UTC().Truncate(time.Second)
		s.Intents[i.Name] = i
	}
	if e.Applied != "" {
		s.Applied = e.Applied
	}
	switch {
	case e.Run != nil:
		run := *e.Run
		run.Started, run.Expires = run.Started.UTC().Truncate(time.Second), run.Expires.UTC().Truncate(time.Second)
		s.Run = &run
	case e.EndRun:
		s.Run = nil
	}
	return s
}

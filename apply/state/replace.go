package state

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"time"
)

const (
	lockTries = 40 // of a ref's lock file
	lockPause = 50 * time.Millisecond
)

// replace makes the ref name another commit, if it names old ("" for absent), the way Git does it: an exclusive lock
// file, the comparison under it, and a rename. go-git's own storer compares and then truncates the file in
// place: this loses the ref where the process dies between.
func (s *Store) replace(old, new string) error {
	return s.replaceAfter(old, new, func() error { return nil })
}

// replaceAfter is replace, if something else succeeds while the ref is locked. What a full disk or another Git program can make fail comes
// before that, but for the rename.
func (s *Store) replaceAfter(old, new string, first func() error) error {
	defer s.discard()
	if err := s.writeFile("ref", s.own(), 0o666, []byte(new+"\n")); err != nil {
		return onDisk(err)
	}
	if err := s.lockRef(); err != nil {
		return err
	}
	now, problem := s.current()
	switch {
	case problem != "":
		s.unlockRef()
		return &CorruptError{s.ref, problem}
	case now != old:
		s.unlockRef()
		return ErrReplaced
	}
	if err := first(); err != nil {
		s.unlockRef()
		return err
	}
	err := s.repo.effect("rename ref lock", func() error { return os.Rename(s.refLock(), s.path(s.ref)) })
	if err != nil {
		s.unlockRef()
		return onDisk(err)
	}
	err = s.repo.effect("sync ref folder", func() error { return syncFolder(filepath.Dir(s.path(s.ref))) })
	if err != nil {
		return onDisk(err)
	}
	return nil
}

func (s *Store) refLock() string { return s.path(s.ref) + ".lock" }

func (s *Store) unlockRef() { _ = s.remove("ref lock", s.refLock()) }

func (s *Store) remove(what, name string) error {
	return s.repo.effect("remove "+what, func() error { return os.Remove(name) })
}

// own is the file to become the ref's lock file, and then the ref. It is linked, so it distinguishes our own lock file, left by a dead
// session, from the one of another Git program.
func (s *Store) own() string { return s.path("connsync/" + s.target + ".ref") }

// discard removes what a failed or dead session left of a replacement, or of an object: also the ref's lock file, if
// it is ours. Only the holder of the kernel's lock may do so.
func (s *Store) discard() {
	if _, err := os.Lstat(s.unfinished()); err == nil {
		_ = s.remove("unfinished object", s.unfinished())
	}
	if _, err := os.Lstat(s.own()); err != nil {
		return
	}
	if s.ownsLock() && s.remove("ref lock", s.refLock()) != nil {
		return // or else its owner could not be told any more
	}
	_ = s.remove("ref", s.own())
}

func (s *Store) ownsLock() bool {
	own, err := os.Lstat(s.own())
	if err != nil {
		return false
	}
	lock, err := os.Lstat(s.refLock())
	return err == nil && os.SameFile(own, lock)
}

// lockRef makes our file the ref's lock file. It waits for a Git program with the lock, and the
// folder is made again where Git removed it because it was empty.
func (s *Store) lockRef() error {
	for try := 0; ; try++ {
		err := s.repo.effect("make ref folder", func() error { return os.MkdirAll(filepath.Dir(s.refLock()), 0o777) })
		if errors.Is(err, syscall.ENOTDIR) {
			return &CorruptError{s.ref, "a branch named connsync-state is in its way"}
		}
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return onDisk(err)
		}
		err = s.linkRef()
		switch {
		case err == nil:
			return nil
		case errors.Is(err, fs.ErrExist) && try >= lockTries:
			return &LockedRefError{s.refLock()}
		case !errors.Is(err, fs.ErrExist) && !errors.Is(err, fs.ErrNotExist), try >= lockTries:
			return onDisk(err)
		}
		_ = s.repo.sleep(context.Background(), lockPause) // a Git program is done soon, and what is recorded must not be lost by an interruption
	}
}

// linkRef links our file, or copies it where the file system has no links: what a crash leaves of the copy then has
// no owner, and a user has to remove it by hand. A failing disk is no such file system.
func (s *Store) linkRef() error {
	err := s.repo.effect("link ref lock", func() error { return os.Link(s.own(), s.refLock()) })
	if err != nil && s.ownsLock() {
		return nil // a file server may do it, and say when asked again: it is there
	}
	for _, other := range []error{nil, fs.ErrExist, fs.ErrNotExist, syscall.ENOSPC, syscall.EDQUOT, syscall.EIO, syscall.EROFS} {
		if errors.Is(err, other) {
			return err
		}
	}
	text, err := os.ReadFile(s.own())
	if err != nil {
		return err
	}
	return s.writeFile("ref lock", s.refLock(), 0o666, text)
}

package state

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"time"
)

const (
	lockTries = 40 // of a ref's lock file
	lockPause = 50 * time.Millisecond
)

var (
	validHash = regexp.MustCompile(`^[0-9a-f]{40}$`)
	noHash    = strings.Repeat("0", 40)
)

// current is the commit that the ref names: from its own file, or else from packed-refs. "" is an absent ref; a
// problem is a ref that is there and names none.
func (s *Store) current() (hash, problem string) {
	text, err := os.ReadFile(s.path(s.ref))
	switch {
	case err == nil:
		hash = strings.TrimSuffix(string(text), "\n")
		if !validHash.MatchString(hash) || hash == noHash {
			return "", "its file does not hold the name of a commit"
		}
		return hash, ""
	case errors.Is(err, syscall.ENOTDIR):
		return "", "its file cannot be read: another branch is in its place"
	case !errors.Is(err, fs.ErrNotExist):
		if info, statErr := os.Stat(s.path(s.ref)); statErr != nil || !info.IsDir() {
			return "", "its file cannot be read"
		}
	}
	return s.packed()
}

// packed finds the ref in packed-refs. A line that is damaged may be the one that is looked for, so it is a problem wherever it stands.
func (s *Store) packed() (hash, problem string) {
	text, err := os.ReadFile(s.path("packed-refs"))
	if errors.Is(err, fs.ErrNotExist) {
		return "", ""
	}
	if err != nil {
		return "", "packed-refs cannot be read"
	}
	for line := range strings.Lines(string(text)) {
		named, name, ok := packedLine(line)
		if !ok {
			return "", "a line of packed-refs cannot be read"
		}
		if name == s.ref {
			hash = named
		}
	}
	return hash, ""
}

// packedLine takes a line of packed-refs apart: the header, a ref, or what the tag before it names, which has no name of its own.
func packedLine(line string) (hash, name string, ok bool) {
	line, whole := strings.CutSuffix(line, "\n")
	if strings.HasPrefix(line, "# pack-refs with:") {
		return "", "", whole && !strings.Contains(line, "/") // with one it has swallowed the line behind it
	}
	line, peeled := strings.CutPrefix(line, "^")
	hash, name, named := strings.Cut(line, " ")
	ok = whole && validHash.MatchString(hash) && named != peeled
	return hash, name, ok && (peeled || strings.HasPrefix(name, "refs/") && !strings.Contains(name, " "))
}

func (s *Store) path(name string) string {
	return filepath.Join(s.repo.CommonDir, filepath.FromSlash(name))
}

// replace makes the ref name another commit, if it names old ("" for absent), the way Git does it: an exclusive lock
// file, the comparison under it, and a rename. go-git's own storer compares and then truncates the file in
// place, which loses the ref where the process dies between.
func (s *Store) replace(old, new string) error {
	lock, err := s.lockRef()
	if err != nil {
		return err
	}
	replaced := false
	defer func() {
		if !replaced {
			_ = os.Remove(lock.Name())
		}
	}()
	_, err = lock.WriteString(new + "\n")
	if err = errors.Join(err, lock.Sync(), lock.Close()); err != nil {
		return onDisk(err)
	}
	now, problem := s.current()
	if problem != "" {
		return &CorruptError{s.ref, problem}
	}
	if now != old {
		return ErrMoved
	}
	if err := os.Rename(lock.Name(), s.path(s.ref)); err != nil {
		return onDisk(err)
	}
	replaced = true
	return syncFolder(filepath.Dir(s.path(s.ref)))
}

// lockRef creates the ref's lock file. A Git program that holds it is waited for, and the
// folder is made again where Git removed it because it was empty.
func (s *Store) lockRef() (*os.File, error) {
	name := s.path(s.ref) + ".lock"
	for try := 0; ; try++ {
		err := os.MkdirAll(filepath.Dir(name), 0o777)
		if errors.Is(err, syscall.ENOTDIR) {
			return nil, &CorruptError{s.ref, "a branch named connsync-state is in its way"}
		}
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, onDisk(err)
		}
		f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
		switch {
		case err == nil:
			return f, nil
		case errors.Is(err, fs.ErrExist) && try >= lockTries:
			return nil, &LockedRefError{name}
		case !errors.Is(err, fs.ErrExist) && !errors.Is(err, fs.ErrNotExist), try >= lockTries:
			return nil, onDisk(err)
		}
		time.Sleep(lockPause)
	}
}

// syncFolder makes a rename in a folder durable. Some file systems cannot sync a folder, and say so; what else fails is a
// failure: after a loss of power the rename could be undone, and with it an announcement that was relied on.
func syncFolder(name string) error {
	d, err := os.Open(name)
	if err != nil {
		return onDisk(err)
	}
	defer d.Close()
	err = d.Sync()
	for _, cannot := range []error{syscall.EINVAL, syscall.EBADF, errors.ErrUnsupported, fs.ErrPermission} {
		if errors.Is(err, cannot) {
			return nil
		}
	}
	if err != nil {
		return onDisk(err)
	}
	return nil
}

// checkedOut tells whether some worktree works on the ref's branch: its files would then seem changed.
func (s *Store) checkedOut() bool {
	heads, _ := filepath.Glob(s.path("worktrees/*/HEAD"))
	for _, head := range append(heads, s.path("HEAD")) {
		text, err := os.ReadFile(head)
		if err == nil && strings.TrimSpace(string(text)) == "ref: "+s.ref {
			return true
		}
	}
	return false
}

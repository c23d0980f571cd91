package state

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"connsync/lazy"
)

var (
	validHash = lazy.New(`^[0-9a-f]{40}$`)
	noHash    = strings.Repeat("0", 40)
)

// current is the commit named by the ref: from its own file, or else from packed-refs. "" is an absent ref; a
// problem is a present ref without a commit.
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

// packed finds the ref in packed-refs. A damaged line may be the ref's own, so it is a problem wherever it stands.
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

// packedLine takes a line of packed-refs apart: the header, a ref, or what the tag before it names: that has no name of its own.
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

// syncFolder makes a rename in a folder durable. Some file systems cannot sync a folder, and say so; what else fails is a
// failure: a loss of power could undo the rename, and with it an announcement already relied on.
func syncFolder(name string) error {
	d, err := os.Open(name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil // Git packed what was in it, and syncs the pack itself
	case err != nil:
		return err
	}
	defer d.Close()
	return synced(d.Sync())
}

// synced is the error of a sync, except the errors of a file system unable to sync a folder.
func synced(err error) error {
	for _, cannot := range []error{syscall.EINVAL, syscall.EBADF, errors.ErrUnsupported, fs.ErrPermission} {
		if errors.Is(err, cannot) {
			return nil
		}
	}
	return err
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

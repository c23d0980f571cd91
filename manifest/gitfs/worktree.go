package gitfs

import (
	"bytes"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"sync"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/filemode"
)

// maxFile is more than any manifest may have: a larger file is not read into memory first.
const maxFile = 8 << 20

// Worktree reads the files under a folder, and nothing outside of it.
type Worktree struct {
	root *os.Root

	links func(name string) bool // whether a folder is a submodule's; nil where it is unknown

	mu      sync.Mutex
	folders map[string]bool  // known to be no link
	held    map[string]*held // open ones
	asked   uint64           // how often one was asked for
}

// Of has the worktree know the submodules of a commit: one that was not checked out is an empty folder, like any other.
func (w *Worktree) Of(r *Repository, commit string) {
	w.links = func(name string) bool {
		c, err := r.git.CommitObject(plumbing.NewHash(commit))
		if err != nil {
			return false
		}
		t, err := c.Tree()
		if err != nil {
			return false
		}
		e, err := t.FindEntry(name)
		return err == nil && e.Mode == filemode.Submodule
	}
}

// submodule is why a folder of another repository is not read, checked out or not, of a worktree or of a commit.
const submodule = "a submodule, or another repository; its files are not read"

// OpenWorktree opens a folder, whether it is in a repository or not.
func OpenWorktree(top string) (*Worktree, error) {
	root, err := os.OpenRoot(top)
	if err != nil {
		return nil, &fs.PathError{Op: "open", Path: top, Err: fs.ErrNotExist}
	}
	return &Worktree{root: root, folders: map[string]bool{".": true}, held: map[string]*held{}}, nil
}

// Close gives the folder back.
func (w *Worktree) Close() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, folder := range w.held {
		_ = folder.Close()
	}
	return w.root.Close()
}

// FS is its files. Links are refused wherever they lead: a commit has none that could be followed, and a plan must not depend
// on where it is made. Devices and pipes are refused too. It may be used concurrently.
func (w *Worktree) FS() fs.FS { return worktreeFS{w} }

type worktreeFS struct{ w *Worktree }

func (f worktreeFS) Open(name string) (fs.File, error) {
	if err := f.w.check("open", name); err != nil {
		return nil, err
	}
	return f.w.root.Open(filepath.FromSlash(name))
}

// Stat is fs.StatFS.
func (f worktreeFS) Stat(name string) (fs.FileInfo, error) {
	if err := f.w.check("stat", name); err != nil {
		return nil, err
	}
	return f.w.root.Lstat(filepath.FromSlash(name))
}

// ReadDir is fs.ReadDirFS: in order of name.
func (f worktreeFS) ReadDir(name string) ([]fs.DirEntry, error) {
	if err := f.w.check("readdir", name); err != nil {
		return nil, err
	}
	entries, err := f.w.entries(name)
	for _, e := range entries {
		if e.Name() == ".git" && name != "." {
			return nil, &RefusedError{name, submodule}
		}
	}
	if len(entries) == 0 && err == nil && f.w.links != nil && f.w.links(name) {
		return nil, &RefusedError{name, submodule}
	}
	return entries, err
}

// ReadFile is fs.ReadFileFS.
func (f worktreeFS) ReadFile(name string) ([]byte, error) {
	if data, err := f.w.near(name, nil); err == nil {
		return data, nil
	}
	return f.readNow(name)
}

// readNow is ReadFile of what stands at a path now, whatever took its folder's place.
func (f worktreeFS) readNow(name string) ([]byte, error) {
	file, err := f.Open(name)
	if err != nil {
		return nil, err
	}
	return contentOf(name, file)
}

func contentOf(name string, file fs.File) ([]byte, error) {
	defer file.Close()
	var data bytes.Buffer
	if info, err := file.Stat(); err == nil {
		data.Grow(int(min(info.Size(), maxFile)) + bytes.MinRead)
	}
	_, err := data.ReadFrom(io.LimitReader(file, maxFile+1))
	if err == nil && data.Len() > maxFile {
		return nil, &RefusedError{name, "larger than 8 MiB"}
	}
	return data.Bytes(), err
}

// check refuses a name that leads through a link, or to something that is neither a file nor a folder.
func (w *Worktree) check(op, name string) error {
	if !fs.ValidPath(name) {
		return &fs.PathError{Op: op, Path: name, Err: fs.ErrInvalid}
	}
	if err := w.folder(path.Dir(name)); err != nil {
		return err
	}
	info, err := w.root.Lstat(filepath.FromSlash(name))
	if err != nil {
		return err
	}
	return refuse(name, info.Mode())
}

func refuse(name string, mode fs.FileMode) error {
	switch {
	case mode&fs.ModeSymlink != 0:
		return &RefusedError{name, "a link; links are not followed"}
	case !mode.IsRegular() && !mode.IsDir():
		return &RefusedError{name, "neither a file nor a folder"}
	}
	return nil
}

// folder checks a folder and those above it, each once.
func (w *Worktree) folder(name string) error {
	w.mu.Lock()
	known := w.folders[name]
	w.mu.Unlock()
	if known {
		return nil
	}
	if err := w.folder(path.Dir(name)); err != nil {
		return err
	}
	info, err := w.root.Lstat(filepath.FromSlash(name))
	if err == nil {
		err = refuse(name, info.Mode())
	}
	if err != nil {
		return err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.folders[name] = true
	return nil
}

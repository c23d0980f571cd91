package gitfs

import (
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
	"sync"

	"github.com/go-git/go-git/v5/plumbing"
)

// near reads a file in its folder, which is held open: of thousands of files the way there is walked once. room is used where it is large enough. Its errors are no last word: Open
// gives that.
func (w *Worktree) near(name string, room []byte) ([]byte, error) {
	if !fs.ValidPath(name) {
		return nil, fs.ErrInvalid
	}
	folder, err := w.hold(path.Dir(name))
	if err != nil {
		return nil, err
	}
	defer w.release(folder)
	return folder.read(path.Base(name), room)
}

// hashing is what it takes to hash a file that nothing else is done with.
type hashing struct {
	room []byte
	plumbing.Hasher
}

// hashings are used again and again. Their SHA-1 notices what was made to collide, as Git's own does.
var hashings = sync.Pool{New: func() any { return &hashing{Hasher: plumbing.NewHasher(plumbing.BlobObject, 0)} }}

// Holds tells whether a file has a content, by Git's name of it. Where it cannot be read, Open tells why.
func (f worktreeFS) Holds(name, blob string) (size int, ok bool) {
	h := hashings.Get().(*hashing)
	defer hashings.Put(h)
	text, err := f.w.near(name, h.room)
	if err == nil {
		h.room = text
	} else if text, err = f.readNow(name); err != nil {
		return 0, false
	}
	h.Reset()
	_, _ = fmt.Fprintf(h, "blob %d\x00", len(text)) // it cannot fail
	_, _ = h.Write(text)
	return len(text), h.Sum() == plumbing.NewHash(blob)
}

// entries are what is in a folder, in order of name.
func (w *Worktree) entries(name string) ([]fs.DirEntry, error) {
	if folder, err := w.holdNow(name); err == nil {
		defer w.release(folder)
		if found, err := folder.entries(); err == nil {
			for i, e := range found {
				found[i] = shallow{e.Name(), e.Type(), worktreeFS{w}, path.Join(name, e.Name())}
			}
			slices.SortFunc(found, func(a, b fs.DirEntry) int { return strings.Compare(a.Name(), b.Name()) })
			return found, nil
		}
	}
	return fs.ReadDir(w.root.FS(), name)
}

// shallow is what a folder says of something in it. More is asked of the worktree, which follows no link.
type shallow struct {
	name string
	mode fs.FileMode
	in   worktreeFS
	path string
}

// Name is fs.DirEntry's.
func (e shallow) Name() string { return e.name }

// IsDir is fs.DirEntry's.
func (e shallow) IsDir() bool { return e.mode.IsDir() }

// Type is fs.DirEntry's.
func (e shallow) Type() fs.FileMode { return e.mode }

// Info is fs.DirEntry's.
func (e shallow) Info() (fs.FileInfo, error) { return e.in.Stat(e.path) }

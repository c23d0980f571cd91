package gitfs

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"path"
	"sort"
	"strings"
	"sync"
	"time"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/filemode"
	"github.com/go-git/go-git/v5/plumbing/object"
)

// Limits of a commit. A longer path could not be checked out on Linux.
const (
	maxNodes = 500_000
	maxPath  = 4096
)

// Tree is the files of a commit, by anything that Resolve takes. They may be read concurrently.
func (r *Repository) Tree(rev string) (fs.FS, Commit, error) {
	c, err := r.Resolve(rev)
	if err != nil {
		return nil, Commit{}, err
	}
	t, err := r.tree(c.Hash)
	if err != nil {
		return nil, Commit{}, err
	}
	return t, c, nil
}

// tree lists a commit: names and hashes only, which is quick; contents are read when they are asked for.
func (r *Repository) tree(hash string) (*treeFS, error) {
	commit, err := r.git.CommitObject(plumbing.NewHash(hash))
	if err != nil || commit.Hash.String() != hash {
		return nil, ErrBroken
	}
	t := &treeFS{repo: r, at: commit.Committer.When, nodes: map[string]*node{".": {name: ".", mode: fs.ModeDir | 0o555}}}
	root, err := commit.Tree()
	if err != nil {
		return nil, &MissingObjectError{"."}
	}
	if root.Hash != commit.TreeHash {
		return nil, damaged(".")
	}
	return t, t.list(root, ".")
}

// treeFS is an fs.FS of a commit.
type treeFS struct {
	repo  *Repository
	at    time.Time
	nodes map[string]*node
	mu    sync.Mutex // go-git reads packs through shared handles
}

// node is one entry of a commit.
type node struct {
	name     string
	mode     fs.FileMode
	hash     plumbing.Hash
	children []fs.DirEntry
}

func (t *treeFS) list(tree *object.Tree, at string) error {
	folder := t.nodes[at]
	for _, e := range tree.Entries {
		if e.Name == "" || e.Name == "." || e.Name == ".." || strings.ContainsAny(e.Name, "/\x00") {
			continue // no name for a checkout
		}
		n := &node{name: e.Name, hash: e.Hash, mode: modeOf(e.Mode)}
		folder.children = append(folder.children, entry{t, n})
		full := path.Join(at, e.Name)
		if err := t.add(full, n); err != nil {
			return err
		}
		if !n.mode.IsDir() || !fs.ValidPath(full) {
			continue
		}
		sub, err := object.GetTree(t.repo.git.Storer, e.Hash)
		switch {
		case errors.Is(err, plumbing.ErrObjectNotFound):
			return &MissingObjectError{full}
		case err != nil:
			return &RefusedError{full, "not a folder that Git could have written"}
		case sub.Hash != e.Hash:
			return damaged(full)
		}
		if err := t.list(sub, full); err != nil {
			return err
		}
	}
	sort.Slice(folder.children, func(i, j int) bool { return folder.children[i].Name() < folder.children[j].Name() })
	return nil
}

// add notes an entry. A few kilobytes of trees that hold each other many times over can stand for more files than fit anywhere.
func (t *treeFS) add(full string, n *node) error {
	_, twice := t.nodes[full]
	switch {
	case twice:
		return &RefusedError{full, "there twice in its folder"}
	case len(t.nodes) >= maxNodes:
		return &RefusedError{".", "more than 500,000 files"}
	case len(full) > maxPath:
		return &RefusedError{full[:strings.Index(full, "/")+1] + "…", "a path of more than 4,096 bytes"}
	}
	t.nodes[full] = n
	return nil
}

func modeOf(m filemode.FileMode) fs.FileMode {
	switch m {
	case filemode.Dir:
		return fs.ModeDir | 0o555
	case filemode.Symlink:
		return fs.ModeSymlink | 0o444
	case filemode.Submodule:
		return fs.ModeIrregular | 0o444
	}
	return 0o444
}

// Open is fs.FS.
func (t *treeFS) Open(name string) (fs.File, error) {
	n, err := t.find("open", name)
	if err != nil {
		return nil, err
	}
	if n.mode.IsDir() {
		return &openFolder{t: t, n: n}, nil
	}
	data, err := t.ReadFile(name)
	if err != nil {
		return nil, err
	}
	return &openFile{info: info{t, n, int64(len(data))}, Reader: bytes.NewReader(data)}, nil
}

// BlobHash is Git's hash of a file, which needs no reading; "" for what is no file.
func (t *treeFS) BlobHash(name string) string {
	if n := t.nodes[name]; n != nil && n.mode.IsRegular() {
		return n.hash.String()
	}
	return ""
}

// ReadDir is fs.ReadDirFS.
func (t *treeFS) ReadDir(name string) ([]fs.DirEntry, error) {
	n, err := t.find("readdir", name)
	if err != nil {
		return nil, err
	}
	if !n.mode.IsDir() {
		return nil, &fs.PathError{Op: "readdir", Path: name, Err: errors.New("not a directory")}
	}
	return append([]fs.DirEntry(nil), n.children...), nil
}

// ReadFile is fs.ReadFileFS.
func (t *treeFS) ReadFile(name string) ([]byte, error) {
	n, err := t.find("read", name)
	if err != nil {
		return nil, err
	}
	if n.mode.IsDir() {
		return nil, &fs.PathError{Op: "read", Path: name, Err: errors.New("is a directory")}
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	blob, err := object.GetBlob(t.repo.git.Storer, n.hash)
	if errors.Is(err, plumbing.ErrObjectNotFound) {
		return nil, &MissingObjectError{name}
	}
	if err != nil {
		return nil, damaged(name)
	}
	if blob.Size > maxFile {
		return nil, &RefusedError{name, "larger than 8 MiB"}
	}
	r, err := blob.Reader()
	if err != nil {
		return nil, damaged(name)
	}
	defer r.Close()
	text, err := io.ReadAll(r)
	if err != nil || plumbing.ComputeHash(plumbing.BlobObject, text) != n.hash {
		return nil, damaged(name)
	}
	return text, nil
}

// damaged is an object that is not what its name says, which go-git does not check: a disk may have mixed it up with another one.
func damaged(name string) error {
	return &RefusedError{name, "damaged in this clone: clone the repository again"}
}

func (t *treeFS) find(op, name string) (*node, error) {
	if !fs.ValidPath(name) {
		return nil, &fs.PathError{Op: op, Path: name, Err: fs.ErrInvalid}
	}
	n, ok := t.nodes[name]
	if !ok {
		return nil, &fs.PathError{Op: op, Path: name, Err: fs.ErrNotExist}
	}
	if n.mode&fs.ModeIrregular != 0 {
		return nil, &RefusedError{name, submodule}
	}
	return n, refuse(name, n.mode)
}

// entry is fs.DirEntry.
type entry struct {
	t *treeFS
	n *node
}

func (e entry) Name() string               { return e.n.name }
func (e entry) IsDir() bool                { return e.n.mode.IsDir() }
func (e entry) Type() fs.FileMode          { return e.n.mode.Type() }
func (e entry) Info() (fs.FileInfo, error) { return info{e.t, e.n, e.t.size(e.n)}, nil }
func (e entry) String() string             { return fs.FormatDirEntry(e) }

func (t *treeFS) size(n *node) int64 {
	if n.mode.IsDir() {
		return 0
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	size, err := t.repo.git.Storer.EncodedObjectSize(n.hash)
	if err != nil {
		return 0
	}
	return size
}

// info is fs.FileInfo.
type info struct {
	t    *treeFS
	n    *node
	size int64
}

func (i info) Name() string       { return i.n.name }
func (i info) Size() int64        { return i.size }
func (i info) Mode() fs.FileMode  { return i.n.mode }
func (i info) ModTime() time.Time { return i.t.at }
func (i info) IsDir() bool        { return i.n.mode.IsDir() }
func (i info) Sys() any           { return nil }

type openFile struct {
	info info
	*bytes.Reader
}

func (f *openFile) Stat() (fs.FileInfo, error) { return f.info, nil }
func (f *openFile) Close() error               { return nil }

type openFolder struct {
	t    *treeFS
	n    *node
	next int
}

func (f *openFolder) Stat() (fs.FileInfo, error) { return info{f.t, f.n, 0}, nil }
func (f *openFolder) Close() error               { return nil }

func (f *openFolder) Read([]byte) (int, error) {
	return 0, &fs.PathError{Op: "read", Path: f.n.name, Err: errors.New("is a directory")}
}

// ReadDir is fs.ReadDirFile.
func (f *openFolder) ReadDir(n int) ([]fs.DirEntry, error) {
	left := f.n.children[f.next:]
	if n > 0 && len(left) == 0 {
		return nil, io.EOF
	}
	if n > 0 && n < len(left) {
		left = left[:n]
	}
	f.next += len(left)
	return append([]fs.DirEntry(nil), left...), nil
}

package apply_test

import (
	"os"
	"path/filepath"
	"sync"
	"syscall"

	"github.com/go-git/go-billy/v5"
	"github.com/go-git/go-billy/v5/osfs"
	"github.com/go-git/go-git/v5"
	"github.com/go-git/go-git/v5/plumbing/cache"
	"github.com/go-git/go-git/v5/storage/filesystem"
)

// trouble is what a disk does from one of its effects on.
type trouble struct {
	name  string
	err   error
	short bool // a write stores half of its bytes first
	stays bool // everything fails from then on, instead of one effect
}

func (t trouble) String() string {
	if t.stays {
		return t.name + " that stays"
	}
	return t.name
}

// troubles are the errors that a disk has, each once and to stay.
func troubles() []trouble {
	var out []trouble
	for _, t := range []trouble{
		{name: "no space", err: syscall.ENOSPC}, {name: "quota", err: syscall.EDQUOT}, {name: "I/O error", err: syscall.EIO},
		{name: "read-only", err: syscall.EROFS}, {name: "permission", err: syscall.EACCES}, {name: "short write", err: syscall.ENOSPC, short: true},
	} {
		for _, stays := range []bool{false, true} {
			t.stays = stays
			out = append(out, t)
		}
	}
	return out
}

// disk counts effects on storage, and fails at one of them. The zero disk works.
type disk struct {
	mu      sync.Mutex
	trouble trouble
	at      int // the effect that fails, from 1
	effects int
	what    string // that was hit
}

// hit is asked before each effect.
func (d *disk) hit(what string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.effects++
	if d.at == 0 || d.effects < d.at || d.effects > d.at && !d.trouble.stays {
		return nil
	}
	if d.what == "" {
		d.what = what
	}
	return d.trouble.err
}

// repair ends the trouble.
func (d *disk) repair() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.at = 0
}

// open opens a repository whose objects are on the disk.
func (d *disk) open(dir string) (*git.Repository, error) {
	files := faulty{osfs.New(filepath.Join(dir, ".git"), osfs.WithBoundOS()), d}
	return git.Open(filesystem.NewStorage(files, cache.NewObjectLRUDefault()), nil)
}

// faulty is a file system whose effects the disk decides on. Reading always works.
type faulty struct {
	billy.Filesystem
	disk *disk
}

func (f faulty) Create(name string) (billy.File, error) {
	return f.OpenFile(name, os.O_RDWR|os.O_CREATE|os.O_TRUNC, 0o666)
}

func (f faulty) OpenFile(name string, flag int, perm os.FileMode) (billy.File, error) {
	if flag&(os.O_WRONLY|os.O_RDWR|os.O_CREATE) == 0 {
		return f.Filesystem.OpenFile(name, flag, perm)
	}
	if err := f.disk.hit("create"); err != nil {
		return nil, &os.PathError{Op: "open", Path: name, Err: err}
	}
	file, err := f.Filesystem.OpenFile(name, flag, perm)
	return faultyFile{file, f.disk}, err
}

func (f faulty) TempFile(dir, prefix string) (billy.File, error) {
	if err := f.disk.hit("create"); err != nil {
		return nil, &os.PathError{Op: "open", Path: dir, Err: err}
	}
	file, err := f.Filesystem.TempFile(dir, prefix)
	return faultyFile{file, f.disk}, err
}

func (f faulty) Rename(from, to string) error {
	if err := f.disk.hit("rename"); err != nil {
		return &os.LinkError{Op: "rename", Old: from, New: to, Err: err}
	}
	return f.Filesystem.Rename(from, to)
}

func (f faulty) Remove(name string) error {
	if err := f.disk.hit("remove"); err != nil {
		return &os.PathError{Op: "remove", Path: name, Err: err}
	}
	return f.Filesystem.Remove(name)
}

func (f faulty) MkdirAll(name string, perm os.FileMode) error {
	if err := f.disk.hit("mkdir"); err != nil {
		return &os.PathError{Op: "mkdir", Path: name, Err: err}
	}
	return f.Filesystem.MkdirAll(name, perm)
}

type faultyFile struct {
	billy.File
	disk *disk
}

func (f faultyFile) Write(p []byte) (int, error) {
	err := f.disk.hit("write")
	if err == nil {
		return f.File.Write(p)
	}
	n := 0
	if f.disk.trouble.short {
		n, _ = f.File.Write(p[:len(p)/2])
	}
	return n, &os.PathError{Op: "write", Path: f.Name(), Err: err}
}

// Close fails as it does where a server keeps the files: what was written may not be there.
func (f faultyFile) Close() error {
	err := f.disk.hit("close")
	if closed := f.File.Close(); err == nil {
		return closed
	}
	return &os.PathError{Op: "close", Path: f.Name(), Err: err}
}

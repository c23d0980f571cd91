package state

import (
	"bytes"
	"compress/zlib"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sync"

	"github.com/go-git/go-git/v5/plumbing"
)

// store writes an object and makes it durable: a ref must never outlive what it names. Unlike go-git it does so as Git does, to a file of
// another name that is synced before it is renamed: whatever a crash or a broken disk leaves is never found under an object's name.
func (s *Store) store(o plumbing.EncodedObject) (plumbing.Hash, error) {
	hash := o.Hash()
	name := hash.String()
	file := s.path("objects/" + name[:2] + "/" + name[2:])
	var err error
	if s.isWhole(o, file) {
		err = s.syncFile(file)
	} else {
		err = s.writeLoose(o, file)
	}
	if err == nil {
		err = s.repo.effect("sync object folder", func() error { return syncFolder(filepath.Dir(file)) })
	}
	if err != nil {
		return plumbing.ZeroHash, onDisk(err)
	}
	return hash, nil
}

// isWhole tells whether an object is in its own file, and nothing else is. A copy that is readable elsewhere is none that Git would send.
func (s *Store) isWhole(o plumbing.EncodedObject, file string) bool {
	f, err := os.Open(file)
	if err != nil {
		return false
	}
	defer f.Close()
	z, err := zlib.NewReader(f)
	if err != nil {
		return false
	}
	want := plainly(o)
	got, err := io.ReadAll(io.LimitReader(z, int64(len(want))+1))
	return err == nil && bytes.Equal(got, want)
}

func (s *Store) syncFile(name string) error {
	f, err := os.Open(name)
	if err != nil {
		return err
	}
	defer f.Close()
	return s.repo.effect("sync object", f.Sync)
}

// unfinished is the file that an object is written to. It has one name, so that the next session finds what a dead one left, and one
// that `git gc` knows what to do with.
func (s *Store) unfinished() string { return s.path("objects/tmp_obj_connsync-" + s.target) }

func (s *Store) writeLoose(o plumbing.EncodedObject, file string) error {
	err := s.writeFile("object", s.unfinished(), 0o444, loose(o))
	if err == nil {
		err = s.nameLoose(file)
	}
	if err != nil {
		_ = s.remove("unfinished object", s.unfinished())
	}
	return err
}

// nameLoose gives an object its name. Its folder is made again where Git, which packs objects meanwhile, removed it because it was empty.
func (s *Store) nameLoose(file string) error {
	for try := 0; ; try++ {
		err := s.repo.effect("make object folder", func() error { return os.MkdirAll(filepath.Dir(file), 0o777) })
		if err == nil {
			err = s.repo.effect("rename object", func() error { return os.Rename(s.unfinished(), file) })
		}
		if !errors.Is(err, fs.ErrNotExist) || try >= 10 {
			return err
		}
	}
}

// writeFile makes a file that is not there yet, and makes its content durable; or it leaves none.
func (s *Store) writeFile(what, name string, perm os.FileMode, text []byte) error {
	var f *os.File
	err := s.repo.effect("create "+what, func() (err error) {
		f, err = os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, perm)
		return err
	})
	if f == nil {
		return err
	}
	if err == nil {
		err = s.repo.effect("write "+what, func() error { _, err := f.Write(text); return err })
	}
	if err == nil {
		err = s.repo.effect("sync "+what, f.Sync)
	}
	if err = errors.Join(err, f.Close()); err != nil {
		_ = s.remove(what, name)
	}
	return err
}

// loose is an object as Git stores it in a file of its own. It is made in memory, as it was itself: nothing that can fail.
func loose(o plumbing.EncodedObject) []byte {
	var b bytes.Buffer
	z := packers.Get().(*zlib.Writer)
	defer packers.Put(z)
	z.Reset(&b)
	_, _ = z.Write(plainly(o))
	_ = z.Close()
	return b.Bytes()
}

// plainly is what an object's file holds before it is compressed.
func plainly(o plumbing.EncodedObject) []byte {
	content, _ := contentOf(o)
	return append(fmt.Appendf(nil, "%s %d\x00", o.Type(), len(content)), content...)
}

// packers are kept for the next object: each has more than a megabyte of tables, and most objects have less than a kilobyte.
var packers = sync.Pool{New: func() any { return zlib.NewWriter(nil) }}

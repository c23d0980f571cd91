package state

import (
	"bytes"
	"compress/zlib"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/go-git/go-git/v5/plumbing"
)

// store writes an object and makes it durable: a ref must never outlive what it names. Unlike go-git it does so as Git does, to a file of
// another name, and syncs it before the rename: whatever a crash or a broken disk leaves is never found under an object's name. An object of the
// name `but` is not written.
func (s *Store) store(o plain, but plumbing.Hash) (plumbing.Hash, error) {
	packed := o.packing()
	hash := o.hash()
	if hash == but {
		return hash, nil
	}
	file := s.loosePath(hash)
	var err error
	if s.isWhole(o, file) {
		err = s.syncFile(file)
	} else {
		err = s.writeLoose(packed(), file)
	}
	if err == nil {
		err = s.repo.effect("sync object folder", func() error { return syncFolder(filepath.Dir(file)) })
	}
	if err != nil {
		return plumbing.ZeroHash, onDisk(err)
	}
	return hash, nil
}

// loosePath is the file of an object with a file of its own.
func (s *Store) loosePath(hash plumbing.Hash) string {
	name := hash.String()
	return s.path("objects/" + name[:2] + "/" + name[2:])
}

// isWhole tells whether an object is in its own file, and nothing else is. Git would not send a copy readable elsewhere.
func (s *Store) isWhole(o plain, file string) bool {
	f, err := os.Open(file)
	if err != nil {
		return false
	}
	defer f.Close()
	z, err := zlib.NewReader(f)
	if err != nil {
		return false
	}
	head := o.header()
	got := make([]byte, len(head))
	if _, err := io.ReadFull(z, got); err != nil || !bytes.Equal(got, head) {
		return false
	}
	return holds(z, []byte(o.text.String()))
}

// holds tells whether a reader gives a text, and then ends without a fault. It looks at a piece at a time.
func holds(r io.Reader, text []byte) bool {
	piece := make([]byte, 64<<10)
	for {
		n, err := r.Read(piece)
		if n > len(text) || !bytes.Equal(piece[:n], text[:n]) {
			return false
		}
		if text = text[n:]; err != nil {
			return err == io.EOF && len(text) == 0
		}
	}
}

func (s *Store) syncFile(name string) error {
	f, err := os.Open(name)
	if err != nil {
		return err
	}
	defer f.Close()
	return s.repo.effect("sync object", f.Sync)
}

// unfinished is the file for an object during its write. It has one name, so the next session finds what a dead one left, and
// `git gc` knows what to do with it.
func (s *Store) unfinished() string { return s.path("objects/tmp_obj_connsync-" + s.target) }

func (s *Store) writeLoose(packed []byte, file string) error {
	err := s.writeFile("object", s.unfinished(), 0o444, packed)
	if err == nil {
		err = s.nameLoose(file)
	}
	if err != nil {
		_ = s.remove("unfinished object", s.unfinished())
	}
	return err
}

// nameLoose gives an object its name. It makes the folder again where Git packed the objects meanwhile and removed the empty folder.
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

// writeFile makes a new file, and makes its content durable; or it leaves none.
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

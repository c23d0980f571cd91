package gitfs

import (
	"bytes"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"io/fs"
	"os"
	"path"
	"path/filepath"
)

// ErrChanged says that a file is not any more what was read.
var ErrChanged = errors.New("the file changed meanwhile")

// Replace puts another text in the place of a file's, at once: a reader sees the one or the other, also after a crash. The file
// must still be what was read, and keeps its mode. Links are not followed, neither the file's name nor a folder's.
func (w *Worktree) Replace(name string, was, is []byte) (err error) {
	f := worktreeFS{w}
	now, err := f.readNow(name)
	if err != nil {
		return err
	}
	if !bytes.Equal(now, was) {
		return ErrChanged
	}
	info, err := f.Stat(name)
	if err != nil {
		return err
	}
	temporary, err := w.temporary(name, is, info.Mode().Perm())
	if err != nil {
		return err
	}
	if err := w.root.Rename(temporary, filepath.FromSlash(name)); err != nil {
		_ = w.root.Remove(temporary)
		return err
	}
	w.settle(path.Dir(name))
	return nil
}

// temporary is a new file beside another one, with a name no manifest has.
func (w *Worktree) temporary(name string, text []byte, mode fs.FileMode) (string, error) {
	var random [6]byte
	if _, err := rand.Read(random[:]); err != nil {
		return "", err
	}
	temporary := filepath.FromSlash(path.Join(path.Dir(name), "."+path.Base(name)+"."+hex.EncodeToString(random[:])+".tmp"))
	file, err := w.root.OpenFile(temporary, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
	if err != nil {
		return "", err
	}
	_, err = file.Write(text)
	err = errors.Join(err, file.Chmod(mode), file.Sync(), file.Close())
	if err != nil {
		_ = w.root.Remove(temporary)
	}
	return temporary, err
}

// settle has a folder's entries written, where the system can.
func (w *Worktree) settle(folder string) {
	if d, err := w.root.Open(filepath.FromSlash(folder)); err == nil {
		_ = d.Sync()
		_ = d.Close()
	}
}

// Create makes a new file, and its folders. A file of that name, a link, and a linked folder are left alone: the
// error is then fs.ErrExist, or says what is in the way. No reader sees half of it.
func (w *Worktree) Create(name string, text []byte) error {
	folder := path.Dir(name)
	if !fs.ValidPath(name) || name == "." {
		return &fs.PathError{Op: "create", Path: name, Err: fs.ErrInvalid}
	}
	if err := w.root.MkdirAll(filepath.FromSlash(folder), 0o755); err != nil {
		return err
	}
	if err := w.folder(folder); err != nil {
		return err
	}
	temporary, err := w.temporary(name, text, 0o644)
	if err != nil {
		return err
	}
	err = w.root.Link(temporary, filepath.FromSlash(name)) // a rename would replace what is there
	if err = errors.Join(err, w.root.Remove(temporary)); err == nil {
		w.settle(folder)
	}
	return err
}

// Write is Replace of a file, and Create where there is none; was is nil then.
func (w *Worktree) Write(name string, was, is []byte) error {
	if was == nil {
		return w.Create(name, is)
	}
	return w.Replace(name, was, is)
}

package gitfs_test

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"connsync/manifest/gitfs"
)

// Whatever a disk does to a commit, what is read of it is what Git stored, or an error. Of a commit under another one's name,
// what is read says which commit it is.
func TestADamagedCommitIsNotRead(t *testing.T) {
	dir := repository(t)
	d := &damage{t: t, dir: dir, head: run(t, dir, "rev-parse", "HEAD"), objects: map[string][]byte{}, good: map[string]string{
		"connections/a.yaml": "version: 2\n", "connections/deep/b.yml": "b: 1\n",
	}}
	err := filepath.WalkDir(filepath.Join(dir, ".git/objects"), func(name string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		d.objects[name], err = os.ReadFile(name)
		return errors.Join(err, os.Chmod(name, 0o644))
	})
	if err != nil {
		t.Fatal(err)
	}
	for name, whole := range d.objects {
		for other, text := range d.objects {
			if other != name {
				d.try(name, text, "is "+filepath.Base(other))
			}
		}
		for at := 0; at < len(whole); at += 5 {
			flipped := append([]byte(nil), whole...)
			flipped[at] ^= 1 << (at % 8)
			d.try(name, flipped, fmt.Sprint("is flipped at ", at))
		}
		d.try(name, whole[:len(whole)/2], "is cut in half")
		d.try(name, nil, "is cut to nothing")
	}
	if d.refused < 100 {
		t.Errorf("%d times something was refused", d.refused)
	}
	t.Logf("T-IO: %d cells, %d failed", d.cells, d.failed)
}

// damage is a repository with one broken object at a time.
type damage struct {
	t                      *testing.T
	dir, head              string
	objects                map[string][]byte // by their files
	good                   map[string]string // what the commit has
	cells, failed, refused int
}

func (d *damage) try(name string, broken []byte, what string) {
	d.t.Helper()
	d.overwrite(name, broken)
	defer d.overwrite(name, d.objects[name])
	d.cells++
	for file, want := range d.good {
		got, of, err := d.read(file)
		var refused interface{ Refused() string }
		var unknown *gitfs.UnknownRefError
		switch {
		case err == nil && (got == want || of != d.head):
		case errors.As(err, &refused), errors.As(err, &unknown), errors.Is(err, gitfs.ErrBroken):
			d.refused++
		default:
			d.failed++
			d.t.Errorf("%s %s: %v, read %q of %s", filepath.Base(name), what, err, got, file)
		}
	}
}

func (d *damage) overwrite(name string, text []byte) {
	d.t.Helper()
	f, err := os.OpenFile(name, os.O_WRONLY, 0) // in place: some file systems sync what is truncated first
	if err != nil {
		d.t.Fatal(err)
	}
	_, err = f.WriteAt(text, 0)
	if err = errors.Join(err, f.Truncate(int64(len(text))), f.Close()); err != nil {
		d.t.Fatal(err)
	}
}

func (d *damage) read(file string) (text, commit string, err error) {
	r, err := gitfs.Open(d.dir)
	if err != nil {
		return "", "", err
	}
	defer r.Close()
	tree, c, err := r.Tree("HEAD")
	if err != nil {
		return "", "", err
	}
	got, err := fs.ReadFile(tree, file)
	return string(got), c.Hash, err
}

package gitfs_test

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/go-git/go-git/v5/plumbing"

	"connsync/manifest/gitfs"
)

// TestAFolderThatIsHeldIsReadAsItIs reads files of more folders than are held open, at a time: each has its content, what is written meanwhile is read,
// and a folder put in the place of one is not missed. A link in the place of a file, or of a folder, is refused as before.
func TestAFolderThatIsHeldIsReadAsItIs(t *testing.T) {
	dir := t.TempDir()
	name := func(i int) string { return fmt.Sprintf("c/%03d/a.yaml", i) }
	const folders = 150
	for i := range folders {
		write(t, dir, name(i), fmt.Sprint(i))
	}
	w, err := gitfs.OpenWorktree(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	want := func(name, text string) {
		t.Helper()
		if data, err := fs.ReadFile(w.FS(), name); err != nil || string(data) != text {
			t.Errorf("%s holds %q, %v, want %q", name, data, err, text)
		}
		for content, holds := range map[string]bool{text: true, text + "x": false} {
			if size, ok := w.FS().(interface {
				Holds(name, blob string) (int, bool)
			}).Holds(name, blobOf(content)); ok != holds || ok && size != len(text) {
				t.Errorf("%s holds %q: %t, %d bytes", name, content, ok, size)
			}
		}
	}
	var all sync.WaitGroup
	for i := range 2 * folders {
		all.Go(func() { want(name(i%folders), fmt.Sprint(i%folders)) })
	}
	all.Wait()
	write(t, dir, name(0), strings.Repeat("longer ", 400))
	want(name(0), strings.Repeat("longer ", 400))
	write(t, dir, name(0), "")
	want(name(0), "")
	if err := errors.Join(os.Rename(filepath.Join(dir, "c/001"), filepath.Join(dir, "gone")), os.RemoveAll(filepath.Join(dir, "gone"))); err != nil {
		t.Fatal(err)
	}
	write(t, dir, name(1), "new")
	want(name(1), "new")
	stands := func(folder string, names ...string) {
		t.Helper()
		entries, err := fs.ReadDir(w.FS(), folder)
		var got []string
		for _, e := range entries {
			if info, err := e.Info(); err != nil || info.Name() != e.Name() || info.IsDir() != e.IsDir() || info.Mode().Type() != e.Type() {
				t.Errorf("%s/%s: %v, %v", folder, e.Name(), info, err)
			}
			got = append(got, e.Name())
		}
		if err != nil || !slices.Equal(got, names) {
			t.Errorf("%s holds %v, %v, want %v", folder, got, err, names)
		}
	}
	stands("c/003", "a.yaml")
	if err := os.Rename(filepath.Join(dir, "c/003"), filepath.Join(dir, "elsewhere")); err != nil {
		t.Fatal(err)
	}
	write(t, dir, "c/003/b.yaml", "another folder")
	write(t, dir, "c/003/c/a.yaml", "")
	stands("c/003", "b.yaml", "c")
	want("c/003/b.yaml", "another folder")
	if _, err := fs.ReadFile(w.FS(), name(3)); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a file of a folder that was there before: %v", err)
	}
	if err := errors.Join(os.RemoveAll(filepath.Join(dir, "c/003")), os.Symlink(filepath.Join(dir, "elsewhere"), filepath.Join(dir, "c/003"))); err != nil {
		t.Fatal(err)
	}
	if entries, err := fs.ReadDir(w.FS(), "c/003"); err == nil {
		t.Errorf("a link to a folder is followed: %v", entries)
	}
	outside := filepath.Join(t.TempDir(), "outside.yaml")
	write(t, filepath.Dir(outside), "outside.yaml", "canary")
	for _, link := range []string{filepath.Join(dir, name(2)), filepath.Join(dir, name(folders-1))} {
		if err := errors.Join(os.Remove(link), os.Symlink(outside, link)); err != nil {
			t.Fatal(err)
		}
	}
	var refused *gitfs.RefusedError
	for _, n := range []int{2, folders - 1} {
		if data, err := fs.ReadFile(w.FS(), name(n)); !errors.As(err, &refused) || len(data) > 0 {
			t.Errorf("%s: %q, %v", name(n), data, err)
		}
	}
	for _, n := range []string{"c/003", "c/003/none.yaml", "../a.yaml", "c/none/a.yaml", "/a", ""} {
		if _, err := fs.ReadFile(w.FS(), n); err == nil {
			t.Errorf("%q is read", n)
		}
	}
}

func blobOf(text string) string {
	return plumbing.ComputeHash(plumbing.BlobObject, []byte(text)).String()
}

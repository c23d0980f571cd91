package gitfs_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"connsync/manifest/gitfs"
)

// TestAFileIsReplacedAtOnce replaces a file: its mode stays, nothing is left beside it, and neither a link nor another process's text is overwritten.
func TestAFileIsReplacedAtOnce(t *testing.T) {
	dir, outside := t.TempDir(), filepath.Join(t.TempDir(), "outside.yaml")
	write := func(name, text string, mode os.FileMode) {
		t.Helper()
		if err := os.WriteFile(name, []byte(text), mode); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(name, mode); err != nil {
			t.Fatal(err)
		}
	}
	file := filepath.Join(dir, "sub", "a.yaml")
	if err := os.Mkdir(filepath.Join(dir, "sub"), 0o755); err != nil {
		t.Fatal(err)
	}
	write(file, "old", 0o640)
	write(outside, "old", 0o600)
	for link, to := range map[string]string{"link.yaml": outside, "folder": filepath.Dir(outside), "inside.yaml": file} {
		if err := os.Symlink(to, filepath.Join(dir, link)); err != nil {
			t.Fatal(err)
		}
	}
	w, err := gitfs.OpenWorktree(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	for _, name := range []string{"link.yaml", "folder/outside.yaml", "inside.yaml", "../outside.yaml", "none.yaml", "sub"} {
		if err := w.Replace(name, []byte("old"), []byte("new")); err == nil {
			t.Errorf("%s was replaced", name)
		}
	}
	if err := w.Replace("sub/a.yaml", []byte("other"), []byte("new")); !errors.Is(err, gitfs.ErrChanged) {
		t.Errorf("what changed meanwhile: %v", err)
	}
	for _, name := range []string{file, outside} {
		if text, err := os.ReadFile(name); err != nil || string(text) != "old" {
			t.Errorf("%s holds %q, %v", name, text, err)
		}
	}
	if err := w.Replace("sub/a.yaml", []byte("old"), []byte("new")); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(file)
	info, err2 := os.Stat(file)
	if err != nil || err2 != nil || string(text) != "new" || info.Mode().Perm() != 0o640 {
		t.Errorf("%q, %v, %v, %v", text, info.Mode(), err, err2)
	}
	if beside, err := os.ReadDir(filepath.Dir(file)); err != nil || len(beside) != 1 {
		t.Errorf("left beside it: %v, %v", beside, err)
	}
}

// What is replaced stands at the path: a folder put in the place of the one read from is looked at.
func TestAFileOfAFolderThatWasMovedIsNotReplaced(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "sub/a.yaml", "old")
	w, err := gitfs.OpenWorktree(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	if text, err := fs.ReadFile(w.FS(), "sub/a.yaml"); err != nil || string(text) != "old" {
		t.Fatal(string(text), err)
	}
	if err := os.Rename(filepath.Join(dir, "sub"), filepath.Join(dir, "moved")); err != nil {
		t.Fatal(err)
	}
	write(t, dir, "sub/a.yaml", "of another one")
	if err := w.Replace("sub/a.yaml", []byte("old"), []byte("new")); !errors.Is(err, gitfs.ErrChanged) {
		t.Errorf("%v", err)
	}
	if text, err := os.ReadFile(filepath.Join(dir, "sub", "a.yaml")); err != nil || string(text) != "of another one" {
		t.Errorf("%q, %v", text, err)
	}
}

// Where nothing can be written the file stays as it was.
func TestAFileThatCannotBeReplacedStays(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "a.yaml")
	if err := os.WriteFile(file, []byte("old"), 0o600); err != nil {
		t.Fatal(err)
	}
	w, err := gitfs.OpenWorktree(dir)
	if err != nil {
		t.Fatal(err)
	}
	_ = w.Close()
	if err := w.Replace("a.yaml", []byte("old"), []byte("new")); err == nil {
		t.Error("a worktree that is closed was written")
	}
	if text, err := os.ReadFile(file); err != nil || string(text) != "old" {
		t.Errorf("%q, %v", text, err)
	}
}

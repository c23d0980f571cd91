package gitfs

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
)

// worktreeOf is an open worktree of some folders.
func worktreeOf(t *testing.T, folders ...string) (dir string, w *Worktree) {
	t.Helper()
	dir = t.TempDir()
	for _, name := range folders {
		if err := os.Mkdir(filepath.Join(dir, name), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	w, err := OpenWorktree(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = w.Close() })
	return dir, w
}

// Of any number of folders, files are read the short way, and no more than some folders stay open. One in use is not closed, whatever else is asked for.
func TestFoldersGiveWayToThoseAskedForLater(t *testing.T) {
	folder := func(i int) string { return fmt.Sprintf("%03d", i) }
	const folders = 3 * mostHeld
	var names []string
	for i := range folders {
		names = append(names, folder(i))
	}
	dir, w := worktreeOf(t, names...)
	for _, name := range names {
		if err := os.WriteFile(filepath.Join(dir, name, "a.yaml"), []byte(name), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	used, err := w.hold(folder(0))
	if err != nil {
		t.Fatal(err)
	}
	for i := range folders {
		if text, err := w.near(folder(i)+"/a.yaml", nil); err != nil || string(text) != folder(i) {
			t.Fatalf("%s: %q, %v", folder(i), text, err)
		}
		if n := len(w.held); n > mostHeld {
			t.Fatalf("%d folders are held", n)
		}
		if i > 1 && (w.held[folder(i-1)] == nil || w.held[folder(i-1)].users != 0) {
			t.Fatalf("the folder before %s is not held, or passes for one in use", folder(i))
		}
	}
	if text, err := used.read("a.yaml", nil); err != nil || string(text) != folder(0) || w.held[folder(0)] != used {
		t.Errorf("a folder in use holds %q, %v", text, err)
	}
	w.release(used)
	if _, err := w.near(folder(1)+"/a.yaml", nil); err != nil {
		t.Errorf("a folder that was closed is not opened again: %v", err)
	}
}

// A folder in whose place another one stands is closed once no one reads in it any more.
func TestAFolderThatIsGoneIsClosedAfterItsLastUser(t *testing.T) {
	dir, w := worktreeOf(t, "c", "later")
	at := filepath.Join(dir, "c")
	first, err := w.hold("c")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(at, filepath.Join(dir, "before")); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(filepath.Join(dir, "later"), at); err != nil {
		t.Fatal(err)
	}
	second, err := w.holdNow("c")
	if err != nil || second == first || !w.stands("c", second.heldFolder) {
		t.Fatalf("what stands there now is not what is held: %v", err)
	}
	if _, err := first.Stat("."); err != nil {
		t.Errorf("it was closed while in use: %v", err)
	}
	w.release(first)
	if _, err := first.Stat("."); err == nil {
		t.Error("it stays open")
	}
	w.release(second)
	if _, err := second.Stat("."); err != nil {
		t.Errorf("a folder that stands is closed after use: %v", err)
	}
}

// A link that took the place of a folder after it was looked at is not opened: not even one to another folder of the worktree.
func TestALinkInThePlaceOfAKnownFolderIsNotHeld(t *testing.T) {
	dir, w := worktreeOf(t, "c", "other")
	if err := w.folder("c"); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(filepath.Join(dir, "c")); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("other", filepath.Join(dir, "c")); err != nil {
		t.Fatal(err)
	}
	if held, err := w.hold("c"); err == nil {
		t.Errorf("%v is held", held.Name())
	}
	if len(w.held) != 0 || w.folders["c"] {
		t.Errorf("held %v, known %v", w.held, w.folders)
	}
}

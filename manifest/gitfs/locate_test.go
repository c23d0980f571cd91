package gitfs_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"connsync/manifest/gitfs"
)

// How many files Git tracks is what it says itself, in a worktree of its own, too; 0 where it tells nothing.
func TestHowManyFilesAreTracked(t *testing.T) {
	dir := repository(t)
	for i := range 300 { // more than a byte counts
		write(t, dir, filepath.Join("more", strings.Repeat("x", i%7+1), strings.Repeat("y", i+1)[:min(i+1, 200)]+".txt"), "")
	}
	run(t, dir, "add", "-A")
	other := filepath.Join(t.TempDir(), "other")
	run(t, dir, "worktree", "add", "-q", "-b", "apart", other)
	for _, at := range []string{dir, other} {
		if want := len(strings.Fields(run(t, at, "ls-files"))); opened(t, at).Tracked() != want || want == 0 {
			t.Errorf("%d files, and Git says %d", opened(t, at).Tracked(), want)
		}
	}
	index := filepath.Join(dir, ".git/index")
	for _, text := range []string{"", "DIRC\x00\x00\x00\x02\x00\x00", "DIRX\x00\x00\x00\x02\x00\x00\x00\x05"} {
		if err := os.WriteFile(index, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if n := opened(t, dir).Tracked(); n != 0 {
			t.Errorf("%q: %d files", text, n)
		}
	}
	if err := os.Remove(index); err != nil {
		t.Fatal(err)
	}
	if n := opened(t, dir).Tracked(); n != 0 {
		t.Errorf("%d files without an index", n)
	}
	run(t, other, "read-tree", "HEAD")
	t.Chdir(run(t, other, "rev-parse", "--absolute-git-dir"))
	if n := new(gitfs.Repository).Tracked(); n != 0 {
		t.Errorf("%d files of the folder's index, of a repository in memory", n)
	}
}

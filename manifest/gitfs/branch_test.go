package gitfs_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"connsync/manifest/gitfs"
)

func opened(t testing.TB, dir string) *gitfs.Repository {
	t.Helper()
	r, err := gitfs.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = r.Close() })
	return r
}

// since gathers what Since gives.
func since(r *gitfs.Repository, base, head string, want func(string) bool) (versions []gitfs.Version, complete bool, err error) {
	complete, err = r.Since(base, head, want, func(v gitfs.Version) error {
		versions = append(versions, v)
		return nil
	})
	return versions, complete, err
}

// What a branch pushed is all its versions, also what it took back, and nothing of the branch it was merged with.
func TestEveryVersionThatABranchMadeIsGiven(t *testing.T) {
	dir := repository(t)
	run(t, dir, "checkout", "-q", "-b", "topic", "HEAD~1")
	change := func(file, text string) {
		write(t, dir, file, text)
		run(t, dir, "add", "-A")
		run(t, dir, "commit", "-q", "-m", text)
	}
	change("connections/new.yaml", "first")
	change("connections/new.yaml", "second")
	run(t, dir, "merge", "-q", "main", "-m", "merge")
	if err := os.Remove(filepath.Join(dir, "connections/new.yaml")); err != nil {
		t.Fatal(err)
	}
	change("other/d.yaml", "not wanted")
	if err := os.WriteFile(filepath.Join(dir, "connections/run.yaml"), []byte("executable"), 0o755); err != nil {
		t.Fatal(err)
	}
	change("connections/new.yaml", "third")

	r := opened(t, dir)
	head, main := run(t, dir, "rev-parse", "HEAD"), run(t, dir, "rev-parse", "main")
	base, err := r.MergeBase(main, head)
	if err != nil || base.Hash != main {
		t.Fatalf("%v %v", base, err)
	}
	wanted := func(file string) bool { return strings.HasPrefix(file, "connections/") }
	versions, complete, err := since(r, base.Hash, head, wanted)
	if err != nil || !complete {
		t.Fatalf("%v %v", complete, err)
	}
	var told []string
	for _, v := range versions {
		text, err := v.Read()
		if err != nil {
			t.Fatal(err)
		}
		told = append(told, v.File+" "+string(text))
	}
	want := "[connections/new.yaml first connections/new.yaml second connections/new.yaml third connections/run.yaml executable]" // not what the merge brought from main
	if fmt.Sprint(told) != want {
		t.Errorf("got %q", fmt.Sprint(told))
	}
	if versions, complete, err := since(r, head, head, wanted); err != nil || !complete || len(versions) != 0 {
		t.Errorf("of nothing: %v %v %v", versions, complete, err)
	}
}

// A CI system checks out a merge commit with little history: its first parent is the base.
func TestAMergeCommitNamesItsBaseWithoutMoreHistory(t *testing.T) {
	dir := repository(t)
	run(t, dir, "checkout", "-q", "-b", "topic", "HEAD~2")
	write(t, dir, "x.yaml", "x: 1\n")
	run(t, dir, "add", "-A")
	run(t, dir, "commit", "-q", "-m", "x")
	run(t, dir, "checkout", "-q", "-b", "merged", "main")
	run(t, dir, "merge", "-q", "--no-ff", "topic", "-m", "merge")
	shallow := filepath.Join(t.TempDir(), "shallow")
	run(t, ".", "clone", "-q", "--depth", "2", "--branch", "merged", "file://"+dir, shallow)
	r := opened(t, shallow)
	head, parent := run(t, shallow, "rev-parse", "HEAD"), run(t, shallow, "rev-parse", "HEAD^1")
	if base, err := r.MergeBase(parent, head); err != nil || base.Hash != parent {
		t.Errorf("%v %v", base, err)
	}
	if versions, complete, err := since(r, parent, head, func(string) bool { return true }); err != nil || complete || len(versions) == 0 {
		t.Errorf("a history that is cut off counts as whole, or is not searched at all: %d %v %v", len(versions), complete, err)
	}
	deep := filepath.Join(t.TempDir(), "deep")
	run(t, ".", "clone", "-q", "--depth", "1", "--branch", "merged", "file://"+dir, deep)
	run(t, deep, "fetch", "-q", "--depth", "1", "origin", "v1")
	if _, err := opened(t, deep).MergeBase(run(t, deep, "rev-parse", "FETCH_HEAD^{commit}"), run(t, deep, "rev-parse", "HEAD")); !errors.Is(err, gitfs.ErrShallow) {
		t.Errorf("without the history: %v", err)
	}
}

// The tree of a commit knows every content by Git's own hash, without reading it.
func TestATreeKnowsItsBlobs(t *testing.T) {
	dir := repository(t)
	files, _, err := opened(t, dir).Tree("HEAD")
	if err != nil {
		t.Fatal(err)
	}
	hashed := files.(interface{ BlobHash(string) string })
	if got, want := hashed.BlobHash("connections/a.yaml"), run(t, dir, "rev-parse", "HEAD:connections/a.yaml"); got != want {
		t.Errorf("%s is not %s", got, want)
	}
	if hashed.BlobHash("connections") != "" || hashed.BlobHash("nothing") != "" {
		t.Error("a folder has a blob")
	}
}

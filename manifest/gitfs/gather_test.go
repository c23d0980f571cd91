package gitfs_test

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"connsync/manifest/gitfs"
)

// The commits of several refs are brought by one request, whatever the clone has of each. What cannot be brought so is brought one by one.
func TestTheCommitsOfSeveralRefsAreGathered(t *testing.T) {
	for name, prepare := range map[string]func(testing.TB){"git": func(testing.TB) {}, "without git": gitfs.WithoutGit} {
		for _, depth := range []string{"--depth=1", "--no-tags"} {
			if name != "git" && depth != "--depth=1" {
				continue
			}
			t.Run(name+depth, func(t *testing.T) {
				dir := repository(t)
				bare, clone := filepath.Join(t.TempDir(), "bare.git"), filepath.Join(t.TempDir(), "clone")
				run(t, dir, "clone", "-q", "--bare", ".", bare)
				run(t, dir, "clone", "-q", "--single-branch", depth, "file://"+bare, clone)
				prepare(t)
				ref := func(i int) string { return fmt.Sprint("refs/heads/connsync-state/t", i) }
				first := stateCommit(t, bare, "first", "")
				for i := range 6 {
					write(t, bare, ref(i), stateCommit(t, bare, fmt.Sprint("text ", i), first)+"\n")
				}
				s, err := open(t, clone).Shared("origin", nil)
				if err != nil {
					t.Fatal(err)
				}
				heads, err := s.Heads(t.Context(), "refs/heads/connsync-state/*")
				if err != nil || len(heads) < 6 {
					t.Fatalf("%v, %v", heads, err)
				}
				delete(heads, "HEAD")
				there := func(i int) bool {
					hash, err := s.HeadAt(t.Context(), ref(i), heads[ref(i)])
					return err == nil && hash == heads[ref(i)] && s.Keep(t.Context(), hash) == nil
				}
				temp := os.TempDir()
				t.Setenv("TMPDIR", filepath.Join(t.TempDir(), "none"))
				s.Gather(t.Context(), heads)
				t.Setenv("TMPDIR", temp)
				removeRef(t, bare, ref(3))
				s.Gather(t.Context(), heads) // nothing of it can be brought by one request: one ref is gone
				if !there(0) || there(3) {
					t.Errorf("one by one: %t, and of a ref that is gone %t", there(0), there(3))
				}
				run(t, clone, "update-ref", ref(1), heads[ref(0)])
				run(t, clone, "update-ref", ref(2), heads[ref(0)])
				delete(heads, ref(3))
				s.Gather(t.Context(), heads)
				if err := os.Rename(bare, bare+"-away"); err != nil {
					t.Fatal(err)
				}
				for _, i := range []int{1, 2, 4, 5} {
					if !there(i) {
						t.Errorf("t%d is not gathered", i)
					}
				}
				run(t, clone, "fsck", "--strict")
			})
		}
	}
}

// Several goroutines read one repository, also packed, while what is fetched is kept in it.
func TestARepositoryIsReadByManyAtOnce(t *testing.T) {
	dir := repository(t)
	run(t, dir, "repack", "-q", "-a", "-d")
	head := run(t, dir, "rev-parse", "HEAD")
	bare, clone := filepath.Join(t.TempDir(), "bare.git"), filepath.Join(t.TempDir(), "clone")
	run(t, dir, "clone", "-q", "--bare", ".", bare)
	run(t, dir, "clone", "-q", "--single-branch", "file://"+bare, clone)
	write(t, bare, sharedRef, stateCommit(t, bare, "text", "")+"\n")
	r := open(t, clone)
	h := r.History(head, nil)
	files, _, err := r.Tree("HEAD")
	if err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	for range 3 {
		all.Go(func() {
			s, err := r.Shared("origin", nil)
			if err != nil {
				t.Error(err)
				return
			}
			hash, err := s.Head(t.Context(), sharedRef)
			if kept := s.Keep(t.Context(), hash); err != nil || kept != nil {
				t.Error(err, kept)
			}
		})
		for range 3 {
			all.Go(func() {
				_, err := fs.ReadFile(files, "connections/a.yaml")
				_, also := r.Dirty(files, nil, func(string) bool { return false })
				_, resolved := r.Resolve(head[:10])
				if in, third := h.Contains(t.Context(), head, "", ""); err != nil || also != nil || third != nil || resolved != nil || !in {
					t.Error(errors.Join(err, also, third, resolved))
				}
			})
		}
	}
	all.Wait()
}

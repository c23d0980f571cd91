package state_test

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
)

// A run died while it wrote objects not yet named by a ref, and the file system kept their names without their content. The next run
// writes the same objects: what is left of them must not be taken for them.
func TestTornLeftoversAreNotTakenForObjects(t *testing.T) {
	s := recorded(t)
	before := s.stored("objects")
	first := locked(t, store(t, s.dir))
	next := commit(t, first, put("new"))
	_ = first.Close()
	left := s.stored("objects")
	for name := range before {
		delete(left, name)
	}
	if len(left) != 3 { // the file of intents is an older one
		t.Fatalf("%d new objects", len(left))
	}
	var all []string
	for name := range left {
		all = append(all, name)
	}
	step := 64
	if *long {
		step = 4
	}
	for name, text := range left {
		for n := 0; n < len(text); n += step {
			for _, torn := range [][]byte{text[:n], append(append([]byte(nil), text[:n]...), make([]byte, len(text)-n)...)} {
				s.cells++
				s.forget(all)
				s.overwrite(name, torn)
				if problem := s.again(next.Commit); problem != "" {
					s.failed++
					t.Errorf("%s cut to %d bytes: %s", filepath.Base(name), n, problem)
				}
			}
		}
	}
	run(t, s.dir, "fsck", "--strict")
	t.Logf("T-IO: %d cells, %d failed", s.cells, s.failed)
}

// forget takes objects away, and the commit with them.
func (s *sheet) forget(objects []string) {
	s.t.Helper()
	s.overwrite(filepath.Join(s.dir, ".git/refs/heads/connsync-state/prod"), []byte(s.good.Commit+"\n"))
	for _, name := range objects {
		if err := os.Remove(name); err != nil && !os.IsNotExist(err) {
			s.t.Fatal(err)
		}
	}
}

// again commits what was committed before.
func (s *sheet) again(want string) string {
	l, err := store(s.t, s.dir).Lock(ctx, 0)
	if err != nil {
		return err.Error()
	}
	defer l.Close()
	if _, err := l.Commit(ctx, put("new")); err != nil {
		return err.Error()
	}
	got, err := store(s.t, s.dir).Read(ctx)
	if err != nil || got.Commit != want || len(got.Known) != len(s.good.Known)+1 {
		return fmt.Sprintf("%v, %d known at %s", err, len(got.Known), got.Commit)
	}
	return ""
}

package gitfs_test

import (
	"errors"
	"path/filepath"
	"testing"

	"connsync/manifest/gitfs"
)

// What was applied is contained by its commit, or by its file's content where the commit was squashed, cherry-picked or rebased.
func TestWhatAHistoryContains(t *testing.T) {
	dir := repository(t)
	commit := func(text string) (hash, blob string) {
		write(t, dir, "connections/a.yaml", text)
		run(t, dir, "add", "-A")
		run(t, dir, "commit", "-q", "-m", text)
		return run(t, dir, "rev-parse", "HEAD"), run(t, dir, "rev-parse", "HEAD:connections/a.yaml")
	}
	first, firstBlob := commit("first\n")
	second, secondBlob := commit("second\n")
	run(t, dir, "checkout", "-q", "-b", "side", first)
	side, sideBlob := commit("side\n")
	run(t, dir, "checkout", "-q", "main")
	run(t, dir, "merge", "-q", "--squash", "-X", "theirs", "side")
	run(t, dir, "commit", "-q", "--allow-empty", "-m", "squashed")
	squashed := run(t, dir, "rev-parse", "HEAD")
	reverted, _ := commit("second\n")
	gone := "0123456789012345678901234567890123456789"
	r := open(t, dir)
	for _, c := range []struct {
		name, head, commit, blob string
		want                     bool
	}{
		{"itself", second, second, secondBlob, true},
		{"one before", second, first, firstBlob, true},
		{"one after", first, second, secondBlob, false},
		{"beside", second, side, sideBlob, false},
		{"a branch that was squashed", squashed, side, sideBlob, true},
		{"… and by its parent not", second, side, sideBlob, false},
		{"after a revert", reverted, side, sideBlob, true},
		{"a commit that is not there", reverted, gone, "1" + firstBlob[1:], false},
		{"… whose file is", reverted, gone, firstBlob, true},
		{"… and no file is known", reverted, gone, "", false},
	} {
		if got, err := r.History(c.head, nil).Contains(t.Context(), c.commit, "connections/a.yaml", c.blob); got != c.want || err != nil {
			t.Errorf("%s: %v %v", c.name, got, err)
		}
	}
	if got, err := r.History(squashed, nil).Contains(t.Context(), side, "connections/b.yaml", sideBlob); got || err != nil {
		t.Errorf("the same content in another file: %v %v", got, err)
	}
	h := r.History(reverted, nil)
	for i, c := range []struct {
		commit string
		want   bool
	}{{second, true}, {side, false}, {first, true}, {reverted, true}, {gone, false}, {second, true}} {
		if got, err := h.Contains(t.Context(), c.commit, "", ""); got != c.want || err != nil {
			t.Errorf("question %d to one history: %v %v", i, got, err)
		}
	}
	shallow := filepath.Join(t.TempDir(), "s")
	run(t, dir, "clone", "-q", "--depth", "1", "file://"+dir, shallow)
	s := open(t, shallow)
	head := run(t, shallow, "rev-parse", "HEAD")
	if got, err := s.History(head, nil).Contains(t.Context(), second, "connections/a.yaml", secondBlob); !got || err != nil {
		t.Errorf("its file in a shallow clone: %v %v", got, err)
	}
	if got, err := s.History(head, nil).Contains(t.Context(), first, "connections/a.yaml", firstBlob); got || !errors.Is(err, gitfs.ErrShallow) {
		t.Errorf("beyond a shallow clone: %v %v", got, err)
	}
	if got, err := s.History(gone, nil).Contains(t.Context(), first, "connections/a.yaml", firstBlob); got || err == nil {
		t.Errorf("of no commit: %v %v", got, err)
	}
}

// What a clone of depth 1 lacks is fetched, in steps, and nothing of the clone changes.
func TestAHistoryThatIsCutOffIsFetched(t *testing.T) {
	dir := repository(t)
	tip, tree := run(t, dir, "rev-parse", "HEAD"), run(t, dir, "rev-parse", "HEAD^{tree}")
	for range 60 {
		tip = commit(t, filepath.Join(dir, ".git"), tree, tip, "x")
	}
	write(t, dir, ".git/refs/heads/main", tip+"\n")
	first, far, near := run(t, dir, "rev-list", "--max-parents=0", "HEAD"), run(t, dir, "rev-parse", "HEAD~55"), run(t, dir, "rev-parse", "HEAD~3")
	run(t, dir, "checkout", "-q", "-b", "side", "HEAD~1")
	run(t, dir, "commit", "-q", "--allow-empty", "-m", "side")
	side := run(t, dir, "rev-parse", "HEAD")
	run(t, dir, "checkout", "-q", "main")
	clone := filepath.Join(t.TempDir(), "c")
	run(t, dir, "clone", "-q", "--depth", "1", "file://"+dir, clone)
	run(t, clone, "checkout", "-q", "--detach")
	before := run(t, clone, "count-objects", "-v") + run(t, clone, "for-each-ref")
	r := open(t, clone)
	more, err := r.Shared("origin", func(string) string { return "" })
	if err != nil {
		t.Fatal(err)
	}
	h := r.History(run(t, clone, "rev-parse", "HEAD"), more)
	for _, c := range []struct {
		commit string
		want   bool
	}{{near, true}, {far, true}, {first, true}, {side, false}, {near, true}} {
		if got, err := h.Contains(t.Context(), c.commit, "", ""); got != c.want || err != nil {
			t.Errorf("%s: %v %v", c.commit, got, err)
		}
	}
	if after := run(t, clone, "count-objects", "-v") + run(t, clone, "for-each-ref"); after != before {
		t.Errorf("the clone changed:\n%s\n%s", before, after)
	}
	run(t, clone, "commit", "-q", "--allow-empty", "-m", "not pushed")
	if got, err := open(t, clone).History(run(t, clone, "rev-parse", "HEAD"), more).Contains(t.Context(), near, "", ""); !got || err != nil {
		t.Errorf("below a commit that the remote does not have: %v %v", got, err)
	}
}

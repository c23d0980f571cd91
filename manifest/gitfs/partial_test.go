package gitfs_test

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"connsync/manifest/gitfs"
)

// Whatever a clone lacks, the state of the remote is read whole, the clone is as it was, and once it is kept, Git finds the clone whole.
func TestEveryKindOfCloneReadsTheSharedState(t *testing.T) {
	origin := repository(t)
	bare := preparedCopy(t, "server.git", filepath.Join(t.TempDir(), "server.git"))
	run(t, bare, "config", "uploadpack.allowFilter", "true")
	first := stateCommit(t, bare, "1", "")
	for i := range 3 {
		first = stateCommit(t, bare, string(rune('2'+i)), first)
	}
	clone := func(args ...string) string {
		t.Helper()
		dir := filepath.Join(t.TempDir(), "clone")
		run(t, origin, append(append([]string{"clone", "-q"}, args...), "file://"+bare, dir)...)
		return dir
	}
	for name, c := range map[string]struct {
		args    []string
		partial bool
		all     bool // the history of the state is brought, too
	}{
		"whole":                      {[]string{}, false, true},
		"of one branch":              {[]string{"--single-branch"}, false, true},
		"shallow":                    {[]string{"--depth", "1"}, false, false},
		"without files":              {[]string{"--filter=blob:none"}, true, true},
		"without folders":            {[]string{"--filter=tree:0"}, true, true},
		"shallow and without files":  {[]string{"--depth", "1", "--filter=blob:none", "--no-single-branch"}, true, false},
		"of one branch, no files":    {[]string{"--single-branch", "--filter=blob:none"}, true, true},
		"bare":                       {[]string{"--bare", "--single-branch"}, false, true},
		"with its objects elsewhere": {[]string{"--single-branch", "--reference", bare}, false, true},
	} {
		if !*everyWay && !slices.Contains([]string{"whole", "shallow", "without files", "with its objects elsewhere"}, name) {
			continue
		}
		t.Run(name, func(t *testing.T) {
			dir := clone(c.args...)
			r := open(t, dir)
			if r.Partial() != c.partial {
				t.Errorf("partial: %v", r.Partial())
			}
			before := listing(t, r.CommonDir())
			s, err := r.Shared("origin", nil)
			if err != nil {
				t.Fatal(err)
			}
			ctx := context.Background()
			head, err := s.Head(ctx, sharedRef)
			if err != nil || head != first {
				t.Fatalf("%s %v", head, err)
			}
			if after := listing(t, r.CommonDir()); after != before {
				t.Errorf("looking changed the clone:\n%s\nnow\n%s", before, after)
			}
			if err := s.Keep(ctx, head); err != nil {
				t.Fatal(err)
			}
			_ = r.Close()
			// A process of its own finds it, with nothing borrowed, and asks no server.
			again := open(t, dir)
			files, _, err := again.Tree(head)
			if err != nil || text(t, files, "known.jsonl") != "k4" || text(t, files, "intents.jsonl") != "i4" {
				t.Errorf("%v", err)
			}
			run(t, dir, "update-ref", sharedRef, head)
			run(t, dir, "fsck", "--strict")
			run(t, dir, "gc", "-q")
			if n := run(t, dir, "rev-list", "--count", sharedRef); n != map[bool]string{true: "4", false: "1"}[c.all] {
				t.Errorf("%s commits", n)
			}
			if shallow := run(t, dir, "rev-parse", "--is-shallow-repository"); (shallow == "true") != strings.Contains(name, "shallow") {
				t.Errorf("shallow: %s", shallow)
			}
		})
	}
}

// listing are the names of all files of a folder.
func listing(t *testing.T, dir string) string {
	t.Helper()
	var out []string
	err := filepath.Walk(dir, func(name string, _ os.FileInfo, err error) error {
		out = append(out, name)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return strings.Join(out, "\n")
}

// What came after a clone's state is brought, whether the clone's own history of it is cut off or not, and known to come after it.
func TestOnlyWhatIsNewIsFetched(t *testing.T) {
	origin := repository(t)
	bare := preparedCopy(t, "server.git", filepath.Join(t.TempDir(), "server.git"))
	for _, depth := range []string{"1", "99"} {
		first := stateCommit(t, bare, "old", "")
		second := stateCommit(t, bare, "known", first)
		dir := filepath.Join(t.TempDir(), "clone")
		run(t, origin, "clone", "-q", "--depth", depth, "file://"+bare, dir)
		kept := func() (*gitfs.Repository, string) {
			r := open(t, dir)
			s, err := r.Shared("origin", nil)
			if err != nil {
				t.Fatal(err)
			}
			head, err := s.Head(context.Background(), sharedRef)
			if err != nil {
				t.Fatal(err)
			}
			if err := s.Keep(context.Background(), head); err != nil {
				t.Fatal(err)
			}
			run(t, dir, "update-ref", sharedRef, head)
			return r, head
		}
		if _, head := kept(); head != second {
			t.Fatal(head)
		}
		third := stateCommit(t, bare, "next", second)
		fourth := stateCommit(t, bare, "last", third)
		r, head := kept()
		if ok, err := r.IsAncestor(second, head); head != fourth || !ok || err != nil {
			t.Errorf("%s %v %v", head, ok, err)
		}
		run(t, dir, "fsck", "--strict")
		removeRef(t, bare, sharedRef)
	}
}

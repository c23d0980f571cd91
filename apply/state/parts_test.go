package state_test

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"connsync/apply/state"
	"connsync/diff"
)

const partCount = 16

// partly is the store of a repository with known state in parts, however small it is.
func partly(t testing.TB, dir string, heard ...func(op string) error) *state.Store {
	t.Helper()
	return opened(t, dir, func(r *state.Repo) {
		r.PartsFrom = 1
		for _, effect := range heard {
			r.Effect = effect
		}
	})
}

// numbered are so many records.
func numbered(n int) (out []diff.Known) {
	for i := range n {
		out = append(out, known(fmt.Sprintf("c%04d", i)))
	}
	return out
}

// partNames are the files of the parts.
func partNames() (out []string) {
	for i := range partCount {
		out = append(out, fmt.Sprintf("known-%x.jsonl", i))
	}
	return out
}

// files are the names of a commit's files, in Git's order.
func files(t *testing.T, dir string) []string {
	t.Helper()
	return strings.Fields(run(t, dir, "ls-tree", "--name-only", "connsync-state/prod"))
}

// A long known state has its lines in sixteen files, in order of name, each line in the file that its name says; a shorter one has a single file. Whichever was
// there before, it is read, and the next commit writes what is due.
func TestALongKnownStateIsInParts(t *testing.T) {
	dir, all := repository(t), numbered(2048)
	whole, inParts := []string{"intents.jsonl", "known.jsonl"}, slices.Concat([]string{"intents.jsonl"}, partNames(), []string{"known.jsonl"})
	l := locked(t, store(t, dir))
	commit(t, l, new(state.Edit).Record(all[1:]...))
	if got := files(t, dir); !slices.Equal(got, whole) {
		t.Errorf("2,047 are in %v", got)
	}
	commit(t, l, new(state.Edit).Record(all[0]))
	if got := files(t, dir); !slices.Equal(got, inParts) {
		t.Errorf("2,048 are in %v", got)
	}
	if head := run(t, dir, "show", "connsync-state/prod:known.jsonl"); !strings.HasPrefix(head, `{"schema":3,"connections":2048,"target":"prod"`) || strings.Contains(head, "\n") {
		t.Errorf("the header is %q", head)
	}
	lines := 0
	for _, part := range partNames() {
		text := strings.Split(run(t, dir, "show", "connsync-state/prod:"+part), "\n")
		if lines += len(text); !slices.IsSorted(text) || len(text) < 90 || len(text) > 170 {
			t.Errorf("%s has %d lines", part, len(text))
		}
	}
	if lines != len(all) {
		t.Errorf("%d lines of %d", lines, len(all))
	}
	read, err := store(t, dir).Read(ctx)
	if err != nil || len(read.Known) != len(all) || !cmp.Equal(read, l.Snapshot(), onlySaid) {
		t.Errorf("%d are read: %v", len(read.Known), err)
	}
	commit(t, l, new(state.Edit).Forget("", "c0007"))
	if got := files(t, dir); !slices.Equal(got, inParts) { // its name stays known
		t.Errorf("2,047 and a name known before are in %v", got)
	}
	_ = l.Close()
	few := opened(t, dir, func(r *state.Repo) { r.PartsFrom = 9999 })
	l = locked(t, few)
	now := time.Now()
	commit(t, l, new(state.Edit).Announce(state.Run{ID: "r", Started: now, Expires: now.Add(time.Minute)}))
	if got := files(t, dir); !slices.Equal(got, whole) {
		t.Errorf("too few for parts are in %v", got)
	}
	if read, err = store(t, dir).Read(ctx); err != nil || len(read.Known) != 2047 || len(read.Past) != 1 {
		t.Errorf("%d are read: %v", len(read.Known), err)
	}
}

// Of a state in parts, only the parts with a changed line are written, and none for an announcement. Git finds nothing wrong, and it does not matter
// how Git keeps it.
func TestOnlyChangedPartsAreWritten(t *testing.T) {
	dir, written := repository(t), 0
	l := locked(t, partly(t, dir, func(op string) error {
		if op == "after rename object" {
			written++
		}
		return nil
	}))
	all := numbered(200)
	commit(t, l, new(state.Edit).Record(all...))
	changed, gone := all[17], all[18]
	changed.UpdateTime = "later"
	now := time.Now()
	for _, c := range []struct {
		what    string
		edit    *state.Edit
		objects int // besides a tree and a commit
	}{
		{"an announcement", new(state.Edit).Announce(state.Run{ID: "r", Started: now, Expires: now.Add(time.Minute)}), 1},
		{"a changed connection", new(state.Edit).Record(changed), 1},
		{"a new connection, and its number", new(state.Edit).Record(known("new")), 2},
		{"a forgotten connection, and what stood there before", new(state.Edit).Forget("", gone.Name).EndRun(), 1},
		{"another place", new(state.Edit).In(diff.Place{Region: "r"}), 1},
	} {
		written = 0
		commit(t, l, c.edit)
		if written != c.objects+2 {
			t.Errorf("%s: %d objects", c.what, written)
		}
		if read, err := store(t, dir).Read(ctx); err != nil || !cmp.Equal(read, l.Snapshot(), onlySaid) {
			t.Errorf("%s: %v\n%s", c.what, err, cmp.Diff(read, l.Snapshot(), onlySaid))
		}
	}
	_ = l.Close()
	if got := run(t, dir, "fsck", "--full", "--strict"); strings.Contains(got, "missing") || strings.Contains(got, "broken") {
		t.Error(got)
	}
	before, _ := store(t, dir).Read(ctx)
	for _, how := range []string{"a pack", "some of it packed"} {
		run(t, dir, "gc", "--quiet", "--prune=now")
		if read, err := store(t, dir).Read(ctx); err != nil || len(read.Known) != len(before.Known) {
			t.Errorf("%s: %d are read: %v", how, len(read.Known), err)
		}
		if n := store(t, dir).Estimate(); n != len(before.Known) {
			t.Errorf("%s: %d are estimated", how, n)
		}
		l = locked(t, partly(t, dir))
		before = commit(t, l, new(state.Edit).Record(known(how)))
		_ = l.Close()
	}
}

// Every effect of a commit in parts can fail, at every part: known state stays as it was.
func TestEveryEffectOfACommitInPartsCanFail(t *testing.T) {
	dir := repository(t)
	l := locked(t, partly(t, dir))
	before := commit(t, l, new(state.Edit).Record(numbered(40)...))
	_ = l.Close()
	effects := -1
	for at := 0; at != effects; at++ {
		n, begun, failed := 0, false, ""
		l := locked(t, partly(t, dir, func(op string) error {
			if !begun {
				return nil
			}
			if n++; n == at+1 && !strings.HasSuffix(op, "rename ref lock") && !strings.HasSuffix(op, "sync ref folder") {
				failed = op
				return syscall.EIO
			}
			return nil
		}))
		edit := new(state.Edit)
		for _, k := range numbered(3) { // each in another part
			k.UpdateTime = fmt.Sprint("at ", at)
			edit.Record(k)
		}
		begun = true
		_, err := l.Commit(ctx, edit)
		_ = l.Close()
		if !strings.Contains(failed, "remove") { // the next session does it
			noStrayFiles(t, dir)
		}
		read, wrong := store(t, dir).Read(ctx)
		if wrong != nil || errors.Is(err, state.ErrDisk) && read.Commit != before.Commit || len(read.Known) != 40 {
			t.Fatalf("effect %d: %v, then %v at %s", at, err, wrong, read.Commit)
		}
		if before = read; err == nil && at >= n {
			effects = at + 1
		}
	}
	if effects < 3*8 {
		t.Errorf("only %d effects", effects)
	}
}

// What is wrong with a part is told with the part, and no part stands in for another one.
func TestABrokenPartIsNeverReadAsState(t *testing.T) {
	for part := range partCount {
		name := partNames()[part]
		dir := repository(t)
		l := locked(t, partly(t, dir))
		commit(t, l, new(state.Edit).Record(numbered(200)...))
		_ = l.Close()
		hash, other := run(t, dir, "rev-parse", "connsync-state/prod:"+name), run(t, dir, "rev-parse", "connsync-state/prod:"+partNames()[(part+1)%partCount])
		object := func(hash string) string { return file(dir, "objects/"+hash[:2]+"/"+hash[2:]) }
		good, err := os.ReadFile(object(hash))
		neighbour, err2 := os.ReadFile(object(other))
		if errors.Join(err, err2, os.Chmod(object(hash), 0o644)) != nil {
			t.Fatal(err, err2)
		}
		flipped := slices.Clone(good)
		flipped[len(good)/2] ^= 4
		for what, text := range map[string][]byte{"empty": {}, "half": good[:len(good)/2], "a flipped bit": flipped, "its neighbour": neighbour} {
			overwrite(t, object(hash), string(text))
			var corrupt *state.CorruptError
			if read, err := store(t, dir).Read(ctx); !errors.As(err, &corrupt) || corrupt.Reason != name+" cannot be read" {
				t.Errorf("%s is %s: %d known, %v", name, what, len(read.Known), err)
			}
		}
		drop(t, dir, hash)
		_, err = store(t, dir).Read(ctx)
		missing(t, name, err)
		if err == nil || !strings.HasSuffix(err.Error(), name+" is not in this clone") {
			t.Error(err)
		}
	}
}

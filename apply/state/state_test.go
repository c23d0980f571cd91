package state_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/go-git/go-git/v5"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"connsync/apply/state"
	"connsync/diff"
	"connsync/manifest/gitfs/gittest"
	"connsync/secrets"
)

var (
	ctx   = context.Background()
	place = diff.Place{Region: "cn-north-4", ProjectID: "p", WorkspaceID: "w"}
)

// repository is an empty one.
func repository(t testing.TB, args ...string) string {
	t.Helper()
	t.Setenv("GIT_CONFIG_GLOBAL", os.DevNull)
	t.Setenv("GIT_CONFIG_NOSYSTEM", "1")
	dir := t.TempDir()
	run(t, dir, append([]string{"init", "-q", "-b", "main"}, args...)...)
	return dir
}

func run(t testing.TB, dir string, args ...string) string {
	t.Helper()
	if out, did := gittest.Does(dir, args...); did {
		return out
	}
	cmd := exec.Command("git", append([]string{"-c", "user.name=t", "-c", "user.email=t@example.invalid", "-c", "maintenance.auto=false"}, args...)...)
	cmd.Dir = dir
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("git %v: %v\n%s", args, err, out)
	}
	return strings.TrimSpace(string(out))
}

// agreed lets state be begun anew.
func agreed(state.Loss) error { return nil }

func store(t testing.TB, dir string) *state.Store { return heardBy(t, dir, nil) }

func heardBy(t testing.TB, dir string, effect func(op string) error) *state.Store {
	t.Helper()
	return opened(t, dir, func(r *state.Repo) { r.Effect = effect })
}

// opened is the store of a repository, after something about it was changed.
func opened(t testing.TB, dir string, change func(*state.Repo)) *state.Store {
	t.Helper()
	common := filepath.Join(dir, ".git")
	if _, err := os.Stat(common); err != nil {
		common = dir
	}
	repo, err := git.PlainOpenWithOptions(dir, &git.PlainOpenOptions{EnableDotGitCommonDir: true})
	if err != nil {
		t.Fatal(err)
	}
	r := state.Repo{Git: repo, CommonDir: common, Now: func() time.Time { return time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC) }}
	change(&r)
	s, err := state.Open(r, "prod")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func locked(t testing.TB, s *state.Store) *state.Session {
	t.Helper()
	l, err := s.Lock(ctx, time.Second)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	return l
}

func known(name string) diff.Known {
	return diff.Known{
		Name: name, ID: "id-" + name, UpdateTime: "t", Plugin: diff.Plugin{ComponentID: "c", VersionID: "v", Component: "Edr", Version: "1"},
		Clear:   secrets.TableOf(map[secrets.Path]diff.Digests{"name": {Want: "a", Have: "b"}, "config.x": {Want: "c"}}),
		Secrets: secrets.TableOf(map[secrets.Path]secrets.Fingerprint{"config.password": "f"}), Marks: secrets.TableOf(map[secrets.Path]string{"config.password": "m"}), Keys: "k", File: "connections/a.yaml", Commit: "c1",
	}
}

func put(names ...string) *state.Edit {
	e := new(state.Edit).In(place).Applied("c1", time.Time{}, false).Say(state.Message{Subject: "put " + strings.Join(names, " ")})
	for _, n := range names {
		e.Record(known(n))
	}
	return e
}

func commit(t testing.TB, l *state.Session, e *state.Edit) state.Snapshot {
	t.Helper()
	s, err := l.Commit(ctx, e)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestWhatWasNeverSyncedIsEmpty(t *testing.T) {
	s, err := store(t, repository(t)).Read(ctx)
	if err != nil || s.Commit != "" || len(s.Known) != 0 || s.At(place) != nil {
		t.Errorf("%+v %v", s, err)
	}
}

func TestARunIsTwoCommitsThatGitCanRead(t *testing.T) {
	dir := repository(t)
	l := locked(t, store(t, dir))
	expires := time.Date(2026, 1, 2, 3, 20, 0, 0, time.UTC)
	commit(t, l, new(state.Edit).In(place).Say(state.Message{Subject: "about to write 1"}).
		Announce(state.Run{ID: "r1", Host: "h", Expires: expires}, state.Intent{Name: "a", Kind: diff.IntentCreate, Run: "r1", Expires: expires}))
	announced, err := store(t, dir).Read(ctx)
	if err != nil || announced.Run.ID != "r1" || announced.Intents["a"].Expires != expires || len(announced.Known) != 0 {
		t.Errorf("announced: %+v %v", announced, err)
	}
	e := put("a", "b").Settle("a").EndRun().
		Say(state.Message{Subject: "1 created", Lines: []string{"created a (request \x1b[31mx\n::error::y)"}, Trailers: [][2]string{{"Run", "r1"}, {"Actor", "a\nb"}}})
	done := commit(t, l, e)
	got, err := store(t, dir).Read(ctx)
	if err != nil || !cmp.Equal(got, done, onlySaid) || got.Run != nil || len(got.Intents) != 0 || !cmp.Equal(got.Of("a"), known("a")) {
		t.Errorf("%v\n%s", err, cmp.Diff(done, got, onlySaid))
	}
	run(t, dir, "fsck", "--strict")
	if log := run(t, dir, "log", "--format=%an %s%n%b", "connsync-state/prod"); log != "connsync 1 created\ncreated a (request ?[31mx?::error::y)\n\nRun: r1\nActor: a?b\n\nconnsync about to write 1" {
		t.Errorf("log:\n%s", log)
	}
	if lines := strings.Split(run(t, dir, "show", "connsync-state/prod:known.jsonl"), "\n"); len(lines) != 3 || !strings.HasPrefix(lines[1], `{"name":"a"`) || !strings.HasPrefix(lines[2], `{"name":"b"`) {
		t.Errorf("one line for each connection, in order: %s", lines)
	}
	if run(t, dir, "status", "--porcelain") != "" {
		t.Error("the worktree was touched")
	}
}

func TestAnEditThatChangesNothingWritesNothing(t *testing.T) {
	dir := repository(t)
	l := locked(t, store(t, dir))
	first := commit(t, l, put("a"))
	before := listing(t, filepath.Join(dir, ".git"))
	again := commit(t, l, put("a"))
	if again.Commit != first.Commit || listing(t, filepath.Join(dir, ".git")) != before {
		t.Errorf("something was written")
	}
	if changed := commit(t, l, put("b")); changed.Commit == first.Commit || len(changed.Known) != 2 || len(first.Known) != 1 {
		t.Errorf("%+v", changed)
	}
}

func listing(t *testing.T, dir string) string {
	t.Helper()
	var b strings.Builder
	if err := filepath.Walk(dir, func(p string, i os.FileInfo, err error) error {
		fmt.Fprintln(&b, p, i.Size(), i.ModTime())
		return err
	}); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestKindsOfRepositories(t *testing.T) {
	bare := repository(t, "--bare")
	commit(t, locked(t, store(t, bare)), put("a"))
	run(t, bare, "fsck", "--strict")

	dir := repository(t)
	l := locked(t, store(t, dir))
	commit(t, l, put("a"))
	run(t, dir, "pack-refs", "--all", "--prune")
	run(t, dir, "gc", "-q")
	if _, err := os.Stat(filepath.Join(dir, ".git/refs/heads/connsync-state/prod")); err == nil {
		t.Fatal("not packed")
	}
	if s, err := store(t, dir).Read(ctx); err != nil || len(s.Known) != 1 {
		t.Errorf("packed: %+v %v", s, err)
	}
	commit(t, l, put("b"))
	if s, err := store(t, dir).Read(ctx); err != nil || len(s.Known) != 2 {
		t.Errorf("packed and replaced: %+v %v", s, err)
	}
	if run(t, dir, "rev-list", "--count", "connsync-state/prod") != "2" {
		t.Error("the packed commit is not the parent")
	}
}

func TestOneAtATime(t *testing.T) {
	dir := repository(t)
	l := locked(t, store(t, dir))
	_, err := store(t, dir).Lock(ctx, 10*time.Millisecond)
	var busy *state.BusyError
	if !errors.Is(err, state.ErrBusy) || !errors.As(err, &busy) || !strings.Contains(busy.Holder, fmt.Sprint("process ", os.Getpid())) {
		t.Errorf("%v", err)
	}
	ended, cancel := context.WithCancel(ctx)
	cancel()
	if _, err := store(t, dir).Lock(ended, time.Minute); !errors.Is(err, context.Canceled) {
		t.Errorf("an ended context: %v", err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	locked(t, store(t, dir))
}

func TestARefThatMovedMeanwhileIsNotOverwritten(t *testing.T) {
	dir := repository(t)
	l := locked(t, store(t, dir))
	first := commit(t, l, put("a"))
	run(t, dir, "commit", "-q", "--allow-empty", "-m", "x")
	run(t, dir, "update-ref", state.Ref("prod"), "HEAD")
	if _, err := l.Commit(ctx, put("b")); !errors.Is(err, state.ErrReplaced) {
		t.Errorf("%v", err)
	}
	if run(t, dir, "rev-parse", state.Ref("prod")) != run(t, dir, "rev-parse", "HEAD") {
		t.Error("what moved the ref was lost")
	}
	run(t, dir, "update-ref", state.Ref("prod"), first.Commit)
	if err := os.WriteFile(filepath.Join(dir, ".git", state.Ref("prod")+".lock"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := l.Commit(ctx, put("b"))
	var held *state.LockedRefError
	if !errors.As(err, &held) || !strings.HasSuffix(held.File, "prod.lock") {
		t.Errorf("%v", err)
	}
	if s, err := store(t, dir).Read(ctx); err != nil || s.Commit != first.Commit {
		t.Errorf("%v %v", s.Commit, err)
	}
}

func TestACheckedOutBranchIsRefused(t *testing.T) {
	dir := repository(t)
	l := locked(t, store(t, dir))
	commit(t, l, put("a"))
	_ = l.Close()
	run(t, dir, "checkout", "-q", "connsync-state/prod")
	if _, err := store(t, dir).Lock(ctx, time.Second); !errors.Is(err, state.ErrCheckedOut) {
		t.Errorf("%v", err)
	}
}

// What is there and cannot be read is never taken for "nothing known".
func TestCorruptStateIsAnError(t *testing.T) {
	object := func(t *testing.T, dir, known, intents string) string {
		blob := func(text string) string {
			f := filepath.Join(t.TempDir(), "f")
			if err := os.WriteFile(f, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
			return run(t, dir, "hash-object", "-w", f)
		}
		listing := filepath.Join(t.TempDir(), "tree")
		text := "100644 blob " + blob(intents) + "\tintents.jsonl\n100644 blob " + blob(known) + "\tknown.jsonl\n"
		if err := os.WriteFile(listing, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		cmd := exec.Command("sh", "-c", "git mktree <"+listing)
		cmd.Dir = dir
		tree, err := cmd.Output()
		if err != nil {
			t.Fatal(err)
		}
		return run(t, dir, "commit-tree", "-m", "x", strings.TrimSpace(string(tree)))
	}
	const header, open = `{"schema":1,"target":"prod","place":{"region":"r","project_id":"p","workspace_id":"w"}}` + "\n", `{"schema":1}` + "\n"
	const line = `{"name":"a","id":"1","plugin":{"component_id":"","component_version_id":""}}` + "\n"
	for name, c := range map[string]struct {
		known, intents, file string
		newer                int
		missing              bool
	}{
		"good":                       {known: header + line, intents: open},
		"an empty file":              {file: "empty"},
		"zeros":                      {file: strings.Repeat("0", 40) + "\n"},
		"a symbolic ref":             {file: "ref: refs/heads/main\n"},
		"a commit that is not there": {file: strings.Repeat("a", 40) + "\n", missing: true},
		"no header":                  {known: line, intents: open},
		"nothing":                    {known: "", intents: open},
		"no JSON":                    {known: header + "{\n", intents: open},
		"cut off":                    {known: header + line[:20], intents: open},
		"without its last newline":   {known: header + strings.TrimSuffix(line, "\n"), intents: open},
		"a name twice":               {known: header + line + line, intents: open},
		"a member of another type":   {known: header + strings.Replace(line, `"id":"1"`, `"id":1`, 1), intents: open},
		"a name in other letters":    {known: header + strings.Replace(line, `"id"`, `"ID"`, 1) + strings.Replace(line, `"id"`, `"x":`, 1), intents: open},
		"another target":             {known: strings.Replace(header, "prod", "test", 1), intents: open},
		"broken intents":             {known: header, intents: open + "{}\n"},
		"a newer schema":             {known: strings.Replace(header, ":1", ":7", 1) + "anything\n", intents: open, newer: 7},
		"newer intents":              {known: header, intents: `{"schema":8}` + "\n", newer: 8},
		"a folder in its place":      {file: "folder"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := repository(t)
			ref := filepath.Join(dir, ".git", state.Ref("prod"))
			text := c.file
			if text == "" {
				text = object(t, dir, c.known, c.intents) + "\n"
			}
			if text == "empty" {
				text = ""
			}
			if err := os.MkdirAll(filepath.Dir(ref), 0o755); err != nil {
				t.Fatal(err)
			}
			if text == "folder" {
				if err := os.MkdirAll(filepath.Join(ref, "x"), 0o755); err != nil {
					t.Fatal(err)
				}
				return
			}
			if err := os.WriteFile(ref, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
			_, err := store(t, dir).Read(ctx)
			var corrupt *state.CorruptError
			var newer *state.SchemaError
			switch {
			case name == "good":
				if err != nil {
					t.Error(err)
				}
			case c.newer > 0:
				if !errors.As(err, &newer) || newer.Schema != c.newer {
					t.Errorf("%v", err)
				}
			case c.missing:
				missing(t, name, err)
			case !errors.As(err, &corrupt) || corrupt.Ref != state.Ref("prod"):
				t.Errorf("%v", err)
			}
			if _, err := store(t, dir).Lock(ctx, time.Second); (err == nil) != (name == "good") {
				t.Errorf("lock: %v", err)
			}
		})
	}
}

func TestAForeignBranchIsNotOurs(t *testing.T) {
	dir := repository(t)
	run(t, dir, "commit", "-q", "--allow-empty", "-m", "x")
	run(t, dir, "branch", "connsync-state/prod")
	var corrupt *state.CorruptError
	if _, err := store(t, dir).Read(ctx); !errors.As(err, &corrupt) {
		t.Errorf("%v", err)
	}
}

func TestABranchInTheWayIsAnError(t *testing.T) {
	dir := repository(t)
	run(t, dir, "commit", "-q", "--allow-empty", "-m", "x")
	run(t, dir, "branch", "connsync-state")
	l, err := store(t, dir).Lock(ctx, time.Second)
	if err == nil {
		_, err = l.Commit(ctx, put("a"))
	}
	var corrupt *state.CorruptError
	if !errors.As(err, &corrupt) {
		t.Errorf("%v", err)
	}
}

func TestAnotherPlaceIsRefused(t *testing.T) {
	s := commit(t, locked(t, store(t, repository(t))), put("a"))
	other := place
	other.WorkspaceID = "x"
	var moved *state.PlaceError
	if err := s.At(other); !errors.As(err, &moved) || moved.Known != place || s.At(place) != nil {
		t.Errorf("%v", err)
	}
}

func TestWhatIsCommittedIsRead(t *testing.T) {
	dir := repository(t)
	l := locked(t, store(t, dir))
	name := rapid.StringMatching(`[A-Za-z0-9_]{1,8}`)
	text := rapid.String()
	rapid.Check(t, func(r *rapid.T) {
		e := new(state.Edit).In(place).Applied(text.Draw(r, "applied"), time.Time{}, false).
			Forget("", rapid.SliceOf(name).Draw(r, "forget")...).Settle(rapid.SliceOf(name).Draw(r, "settle")...)
		if rapid.Bool().Draw(r, "end") {
			e.EndRun()
		}
		for _, n := range rapid.SliceOfN(name, 0, 4).Draw(r, "put") {
			k := known(n)
			k.Modifier, k.UpdateTime, k.Protect, k.Unverified = text.Draw(r, "modifier"), text.Draw(r, "time"), rapid.Bool().Draw(r, "protect"), rapid.Bool().Draw(r, "unverified")
			k.Secrets = k.Secrets.With(secrets.Path("config").Key(text.Draw(r, "key")), "f")
			e.Record(k)
		}
		if rapid.Bool().Draw(r, "announce") {
			expires := time.Unix(1800000000, 0)
			e.Announce(state.Run{ID: "r", Expires: expires}, state.Intent{Name: name.Draw(r, "intent"), Kind: diff.IntentCreate, Run: "r", Expires: expires})
		}
		want, err := l.Commit(ctx, e)
		if err != nil {
			r.Fatal(err)
		}
		got, err := store(t, dir).Read(ctx)
		if err != nil || !cmp.Equal(want, got, onlySaid) {
			r.Fatalf("%v\n%s", err, cmp.Diff(want, got, onlySaid))
		}
	})
	run(t, dir, "fsck", "--strict")
}

func BenchmarkState10000(b *testing.B) {
	dir := repository(b)
	l := locked(b, store(b, dir))
	e := new(state.Edit)
	for i := range 10_000 {
		e.Record(known(fmt.Sprintf("c%05d", i)))
	}
	commit(b, l, e)
	b.Run("read", func(b *testing.B) {
		s := store(b, dir)
		for b.Loop() {
			if got, err := s.Read(ctx); err != nil || len(got.Known) != 10_000 {
				b.Fatal(err)
			}
		}
	})
	b.Run("commit", func(b *testing.B) {
		for i := 0; b.Loop(); i++ {
			commit(b, l, put(fmt.Sprintf("c%05d", i), fmt.Sprint("n", i)))
		}
	})
}

// onlySaid compares snapshots by what they say, not by how they were read.
var onlySaid = cmpopts.IgnoreUnexported(state.Snapshot{})

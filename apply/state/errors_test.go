package state_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/go-git/go-git/v5"
	"github.com/go-git/go-git/v5/storage/memory"

	"connsync/apply/state"
)

func file(dir, name string) string { return filepath.Join(dir, ".git", name) }

func overwrite(t *testing.T, name, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

func corrupt(t *testing.T, what string, err error) {
	t.Helper()
	var c *state.CorruptError
	if !errors.As(err, &c) {
		t.Errorf("%s: %v", what, err)
	}
}

func missing(t *testing.T, what string, err error) {
	t.Helper()
	var m *state.MissingError
	if !errors.As(err, &m) {
		t.Errorf("%s: %v", what, err)
	}
}

func TestAStoreNeedsATargetAndAFolder(t *testing.T) {
	repo, err := git.Init(memory.NewStorage(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := state.Open(state.Repo{Git: repo}, "prod"); !errors.Is(err, state.ErrNoFolder) {
		t.Errorf("%v", err)
	}
	_, err = state.Open(state.Repo{Git: repo, CommonDir: t.TempDir()}, "../prod")
	corrupt(t, "a target that is a path", err)
	ended, cancel := context.WithCancel(ctx)
	cancel()
	if _, err := store(t, repository(t)).Read(ended); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
}

// Shared state is not read past unreadable state of this clone.
func TestCorruptStateHereIsNotPassedOver(t *testing.T) {
	m := machines(t, 1)[0]
	ref := file(m.clone, state.Ref("prod"))
	for what, make := range map[string]func(){
		"no hash":        func() { overwrite(t, ref, "x") },
		"a link to self": func() { _ = os.Remove(ref); _ = os.Symlink(ref, ref) },
	} {
		overwrite(t, ref, "")
		make()
		_, err := m.store.ReadShared(ctx)
		corrupt(t, what, err)
		_, err = m.store.Log(ctx, 9)
		corrupt(t, what, err)
		_, err = m.lock(time.Second)
		corrupt(t, what, err)
		_ = os.Remove(ref)
	}
}

func TestARemoteThatCannotBeAskedIsSaid(t *testing.T) {
	m := machines(t, 1)[0]
	commit(t, m.locked(), put("a"))
	m.offline = func(string) error { return errOffline }
	if _, err := m.store.ReadShared(ctx); !errors.Is(err, errOffline) {
		t.Errorf("%v", err)
	}
	alone := store(t, m.clone)
	if s, err := alone.ReadShared(ctx); err != nil || len(s.Known) != 1 {
		t.Errorf("%+v %v", s, err)
	}
}

// says is a remote whose ref names this commit.
type says string

func (r says) Head(context.Context, string) (string, error)          { return string(r), nil }
func (r says) Keep(context.Context, string) error                    { return nil }
func (r says) Replace(context.Context, string, string, string) error { return errOffline }

// A cut-off history is no proof that one commit follows another.
func TestAHistoryThatIsCutOff(t *testing.T) {
	dir := repository(t)
	l := locked(t, store(t, dir))
	first := commit(t, l, put("a"))
	second := commit(t, l, put("b"))
	third := commit(t, l, put("c"))
	_ = l.Close()
	if err := os.Remove(file(dir, "objects/"+second.Commit[:2]+"/"+second.Commit[2:])); err != nil {
		t.Fatal(err)
	}
	entries, err := store(t, dir).Log(ctx, 9)
	missing(t, "the log", err)
	if len(entries) != 1 || entries[0].Commit != third.Commit {
		t.Errorf("%+v", entries)
	}
	overwrite(t, file(dir, state.Ref("prod")), first.Commit+"\n")
	repo, err := git.PlainOpen(dir)
	if err != nil {
		t.Fatal(err)
	}
	shared, err := state.Open(state.Repo{Git: repo, CommonDir: filepath.Join(dir, ".git"), Remote: says(third.Commit)}, "prod")
	if err != nil {
		t.Fatal(err)
	}
	var diverged *state.DivergedError
	if s, err := shared.ReadShared(ctx); err != nil || s.Commit != first.Commit || !errors.As(shared.Apart(s), &diverged) || diverged.Shared != third.Commit {
		t.Errorf("%s %v %v", s.Commit, err, shared.Apart(s))
	}
	if _, err := shared.Lock(ctx, 0); !errors.As(err, &diverged) {
		t.Errorf("%v", err)
	}
}

func TestUnlockSaysWhyItCannot(t *testing.T) {
	dir := repository(t)
	l := locked(t, store(t, dir))
	commit(t, l, put("a"))
	_ = l.Close()
	run(t, dir, "checkout", "-q", "connsync-state/prod")
	if ended, err := store(t, dir).Unlock(ctx, "r"); ended || !errors.Is(err, state.ErrCheckedOut) {
		t.Errorf("%v %v", ended, err)
	}
}

func TestRebuildSaysWhatIsInItsWay(t *testing.T) {
	dir := repository(t)
	l := locked(t, store(t, dir))
	commit(t, l, put("a"))
	if _, err := store(t, dir).Rebuild(ctx, 0, agreed); !errors.Is(err, state.ErrBusy) {
		t.Errorf("held: %v", err)
	}
	_ = l.Close()
	ref, packed := file(dir, state.Ref("prod")), file(dir, "packed-refs")
	overwrite(t, packed, "x\n")
	overwrite(t, ref, "x\n")
	_, err := store(t, dir).Rebuild(ctx, 0, agreed)
	corrupt(t, "packed-refs behind a broken ref", err)
	_, err = store(t, dir).Rebuild(ctx, 0, agreed)
	corrupt(t, "no file to set aside", err)
	overwrite(t, ref, "x\n")
	aside := file(dir, fmt.Sprint("connsync/broken-prod-", time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC).Unix()))
	if err := errors.Join(os.RemoveAll(aside), os.Mkdir(aside, 0o755)); err != nil {
		t.Fatal(err)
	}
	if _, err := store(t, dir).Rebuild(ctx, 0, agreed); !errors.Is(err, state.ErrDisk) {
		t.Errorf("no place to set it aside: %v", err)
	}
	_ = os.Remove(ref)
	_ = os.Remove(packed)
	full := heardBy(t, dir, func(op string) error {
		if op == "before create object" {
			return syscall.ENOSPC
		}
		return nil
	})
	if _, err := full.Rebuild(ctx, 0, agreed); !errors.Is(err, state.ErrDisk) {
		t.Errorf("a full disk: %v", err)
	}
	m := machines(t, 1)[0]
	for _, op := range []string{"head", "replace"} {
		m.offline = func(at string) error {
			if at == op {
				return errOffline
			}
			return nil
		}
		if _, err := m.store.Rebuild(ctx, 0, agreed); !errors.Is(err, errOffline) {
			t.Errorf("offline at %s: %v", op, err)
		}
	}
}

// The ref is compared under its lock: what breaks it just before is seen.
func TestARefThatBreaksMeanwhileIsSeen(t *testing.T) {
	dir := repository(t)
	ref := file(dir, state.Ref("prod"))
	breaks := false
	l := locked(t, heardBy(t, dir, func(op string) error {
		if breaks && op == "after link ref lock" {
			overwrite(t, ref, "x\n")
		}
		return nil
	}))
	commit(t, l, put("a"))
	breaks = true
	_, err := l.Commit(ctx, put("b"))
	corrupt(t, "under the lock", err)
	if text, err := os.ReadFile(ref); err != nil || string(text) != "x\n" {
		t.Errorf("%q %v", text, err)
	}
	noStrayFiles(t, dir)
}

func TestAFileThatIsGoneCannotBeCopied(t *testing.T) {
	dir := repository(t)
	l := locked(t, heardBy(t, dir, func(op string) error {
		if op == "before link ref lock" {
			_ = os.Remove(file(dir, "connsync/prod.ref"))
			return syscall.ENOTSUP
		}
		return nil
	}))
	if _, err := l.Commit(ctx, put("a")); err == nil {
		t.Error("committed")
	}
	if s, err := store(t, dir).Read(ctx); err != nil || s.Commit != "" {
		t.Errorf("%+v %v", s, err)
	}
}

func TestAHolderWhoSaysTooMuchIsNotQuoted(t *testing.T) {
	dir := repository(t)
	locked(t, store(t, dir))
	overwrite(t, file(dir, "connsync/prod.lock"), strings.Repeat("canary", 100))
	_, err := store(t, dir).Lock(ctx, 0)
	var busy *state.BusyError
	if !errors.As(err, &busy) || busy.Holder != "" || strings.Contains(err.Error(), "canary") {
		t.Errorf("%v", err)
	}
}

func TestWaitingForAnotherMachineCanBeInterrupted(t *testing.T) {
	m := machines(t, 2)
	commit(t, m[0].locked(), announcement(m[0], "r1"))
	repo, err := git.PlainOpen(m[1].clone)
	if err != nil {
		t.Fatal(err)
	}
	s, err := state.Open(state.Repo{
		Git: repo, CommonDir: file(m[1].clone, ""), Remote: m[1].hub, Now: func() time.Time { return m[1].now },
		Sleep: func(context.Context, time.Duration) error { return context.Canceled },
	}, "prod")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Lock(ctx, time.Hour); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
}

// A commit pushed by another run on top of ours is read before anything is recorded on top of it.
func TestNothingIsRecordedOnTopOfWhatCannotBeRead(t *testing.T) {
	m := machines(t, 1)[0]
	l := m.locked()
	first := commit(t, l, put("a"))
	run(t, m.clone, "config", "receive.denyCurrentBranch", "ignore")
	tree := run(t, m.clone, "hash-object", "-t", "tree", "-w", os.DevNull)
	foreign := run(t, m.clone, "commit-tree", tree, "-p", first.Commit, "-m", "x")
	run(t, m.clone, "push", "-q", m.dir, foreign+":"+state.Ref("prod"))
	_, err := l.Record(ctx, put("b"))
	corrupt(t, "record", err)
	if head := run(t, m.dir, "rev-parse", state.Ref("prod")); head != foreign {
		t.Errorf("the remote is at %s", head)
	}
}

func TestWhatCanBeRecordedNowhereIsSaid(t *testing.T) {
	m := machines(t, 1)[0]
	full := false
	m.open(func(op string) error {
		if full && op == "before create object" {
			return syscall.ENOSPC
		}
		return nil
	})
	l := m.locked()
	commit(t, l, put("a"))
	full = true
	if _, err := l.Record(ctx, put("b")); !errors.Is(err, state.ErrDisk) || errors.Is(err, state.ErrUnshared) {
		t.Errorf("%v", err)
	}
	if s, err := m.store.Read(ctx); err != nil || len(s.Known) != 1 {
		t.Errorf("%+v %v", s, err)
	}
}

package state_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"connsync/apply/state"
)

// noStrayFiles checks .git for leftover locks and half-written files.
func noStrayFiles(t *testing.T, dir string) {
	t.Helper()
	err := filepath.WalkDir(filepath.Join(dir, ".git"), func(name string, d fs.DirEntry, err error) error {
		kept := filepath.Join("connsync", "prod.lock") // permanent
		if strings.HasSuffix(name, ".lock") && !strings.HasSuffix(name, kept) || strings.HasSuffix(name, ".ref") || strings.HasPrefix(d.Name(), "tmp_") {
			t.Errorf("%s is left", name)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// failing is a session whose disk fails from one effect on.
func failing(t *testing.T, dir, at string) {
	t.Helper()
	failed := false
	s := heardBy(t, dir, func(op string) error {
		if failed = failed || op == at; failed {
			return syscall.EIO
		}
		return nil
	})
	l := locked(t, s)
	_, err := l.Commit(ctx, put("b"))
	_ = l.Close()
	if !errors.Is(err, state.ErrDisk) || !failed {
		t.Fatalf("%s: %v", at, err)
	}
}

// A failed session tidies up. A killed process cannot: the test makes its leftovers by hand.
func TestTheLockOfADeadSessionIsNotInTheWay(t *testing.T) {
	dir := repository(t)
	l := locked(t, store(t, dir))
	first := commit(t, l, put("a"))
	_ = l.Close()
	own, lock, object := filepath.Join(dir, ".git/connsync/prod.ref"), filepath.Join(dir, ".git", state.Ref("prod")+".lock"), filepath.Join(dir, ".git/objects/tmp_obj_connsync-prod")
	for name, left := range map[string]func() error{
		"it died while it wrote an object":     func() error { return os.WriteFile(object, []byte("x\x9c"), 0o444) },
		"it died before it had the ref's lock": func() error { return os.WriteFile(own, nil, 0o644) },
		"it died while it had the ref's lock": func() error {
			return errors.Join(os.WriteFile(own, []byte(first.Commit+"\n"), 0o644), os.Link(own, lock))
		},
		"it died after it had replaced the ref":  func() error { return os.Link(filepath.Join(dir, ".git", state.Ref("prod")), own) },
		"it died after everything had been done": func() error { return nil },
	} {
		t.Run(name, func(t *testing.T) {
			if err := left(); err != nil {
				t.Fatal(err)
			}
			l := locked(t, store(t, dir))
			defer l.Close()
			noStrayFiles(t, dir)
			commit(t, l, put("after "+name))
			if s, err := store(t, dir).Read(ctx); err != nil || s.Of("a").ID == "" {
				t.Errorf("%v", err)
			}
			noStrayFiles(t, dir)
		})
	}
	run(t, dir, "fsck", "--strict")
}

// Git writes the same into its lock file as connsync does.
func TestTheLockOfAGitProgramIsRespected(t *testing.T) {
	dir := repository(t)
	l := locked(t, store(t, dir))
	first := commit(t, l, put("a"))
	_ = l.Close()
	own, lock := filepath.Join(dir, ".git/connsync/prod.ref"), filepath.Join(dir, ".git", state.Ref("prod")+".lock")
	for _, text := range []string{"", first.Commit + "\n"} {
		for _, ours := range []bool{false, true} { // a dead session's own file does not make it ours
			if err := os.WriteFile(lock, []byte(text), 0o644); err != nil {
				t.Fatal(err)
			}
			if ours {
				if err := os.WriteFile(own, []byte(text), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			l := locked(t, store(t, dir))
			var held *state.LockedRefError
			if _, err := l.Commit(ctx, put("b")); !errors.As(err, &held) || held.File != lock {
				t.Errorf("%q: %v", text, err)
			}
			_ = l.Close()
			if got, err := os.ReadFile(lock); err != nil || string(got) != text {
				t.Errorf("Git's lock is %q, %v", got, err)
			}
			if err := os.Remove(lock); err != nil {
				t.Fatal(err)
			}
			noStrayFiles(t, dir)
		}
	}
}

// Where there are no links, the lock file is made as Git makes it.
func TestAFileSystemWithoutLinks(t *testing.T) {
	dir := repository(t)
	refused := 0
	s := heardBy(t, dir, func(op string) error {
		if op == "before link ref lock" {
			refused++
			return &os.LinkError{Op: "link", Err: errors.ErrUnsupported}
		}
		return nil
	})
	l := locked(t, s)
	commit(t, l, put("a"))
	commit(t, l, put("b"))
	noStrayFiles(t, dir)
	if got, err := store(t, dir).Read(ctx); err != nil || len(got.Known) != 2 || refused != 2 {
		t.Errorf("%d known, %v, %d links refused", len(got.Known), err, refused)
	}
	lock := filepath.Join(dir, ".git", state.Ref("prod")+".lock")
	if err := os.WriteFile(lock, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	var held *state.LockedRefError
	if _, err := l.Commit(ctx, put("c")); !errors.As(err, &held) {
		t.Errorf("%v", err)
	}
	if _, err := os.Stat(lock); err != nil {
		t.Error("Git's lock is gone")
	}
}

// Every effect is announced. A failed effect leaves known state as it was, or as it was to become.
func TestEveryEffectCanFail(t *testing.T) {
	dir := repository(t)
	l := locked(t, store(t, dir))
	before := commit(t, l, put("a"))
	_ = l.Close()
	for _, op := range []string{
		"before create object", "before write object", "before sync object", "after sync object", "before rename object", "before sync object folder",
		"before create ref", "before write ref", "before sync ref", "before rename ref lock",
	} {
		failing(t, dir, op)
		if s, err := store(t, dir).Read(ctx); err != nil || s.Commit != before.Commit {
			t.Errorf("%s: %v, at %s", op, err, s.Commit)
		}
	}
	failing(t, dir, "after rename ref lock") // it does not know it is done
	if s, err := store(t, dir).Read(ctx); err != nil || len(s.Known) != 2 {
		t.Errorf("%v, %d known", err, len(s.Known))
	}
	last := locked(t, store(t, dir))
	noStrayFiles(t, dir)
	commit(t, last, put("c"))
	noStrayFiles(t, dir)
}

// A disk too full for the link of the lock file must not make a lock file without an owner after a crash.
func TestADiskThatFailsIsNoFileSystemWithoutLinks(t *testing.T) {
	for _, reason := range []syscall.Errno{syscall.ENOSPC, syscall.EIO, syscall.EROFS, syscall.EDQUOT} {
		dir := repository(t)
		s := heardBy(t, dir, func(op string) error {
			switch op {
			case "before link ref lock":
				return &os.LinkError{Op: "link", Err: reason}
			case "before create ref lock":
				t.Errorf("%v: a lock file is made all the same", reason)
			}
			return nil
		})
		var disk *state.DiskError
		if _, err := locked(t, s).Commit(ctx, put("a")); !errors.As(err, &disk) || disk.Reason != reason {
			t.Errorf("%v: %v", reason, err)
		}
		noStrayFiles(t, dir)
	}
}

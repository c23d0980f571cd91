package state_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"connsync/apply/state"
)

// A disk that fails while broken state is begun anew leaves the broken one, or the new one, or none; what was broken is never lost.
func TestRebuildingOnADiskThatFailsCanBeRepeated(t *testing.T) {
	cells, failed, step := 0, 0, 7
	if *long {
		step = 1
	}
	for _, broken := range []string{"", strings.Repeat("a", 40) + "\n"} {
		for at := 1; ; at += step {
			dir := repository(t)
			ref := filepath.Join(dir, ".git", state.Ref("prod"))
			if err := errors.Join(os.MkdirAll(filepath.Dir(ref), 0o755), os.WriteFile(ref, []byte(broken), 0o644)); err != nil {
				t.Fatal(err)
			}
			met, problem := rebuilt(t, dir, at)
			if problem != "" {
				failed++
				t.Errorf("%q, moment %d (%s): %s", broken, at, met, problem)
			}
			if met == "" {
				break
			}
			cells++
		}
	}
	if cells < 120/step {
		t.Errorf("%d moments", cells)
	}
	t.Logf("T-IO: %d cells, %d failed", cells, failed)
}

// rebuilt begins anew while the disk fails at one moment, and again after it is repaired.
func rebuilt(t *testing.T, dir string, at int) (met, problem string) {
	moments := 0
	s := heardBy(t, dir, func(op string) error {
		if moments++; moments != at {
			return nil
		}
		met = op
		return syscall.EIO
	})
	_, err := s.Rebuild(ctx, 0, agreed)
	if err != nil && (met == "" || !errors.Is(err, state.ErrDisk)) {
		return met, err.Error()
	}
	at = 0
	got, readErr := store(t, dir).Read(ctx)
	var corrupt *state.CorruptError
	var missing *state.MissingError
	switch {
	case readErr != nil && !errors.As(readErr, &corrupt) && !errors.As(readErr, &missing), err == nil && readErr != nil, len(got.Known) != 0:
		return met, "read afterwards"
	case readErr != nil:
		if _, err := store(t, dir).Rebuild(ctx, 0, agreed); err != nil {
			return met, "once more: " + err.Error()
		}
	}
	l, err := store(t, dir).Lock(ctx, 0)
	if err != nil {
		return met, "afterwards: " + err.Error()
	}
	defer l.Close()
	if _, err := l.Commit(ctx, put("a")); err != nil {
		return met, "afterwards: " + err.Error()
	}
	noStrayFiles(t, dir)
	return met, ""
}

// Beginning anew repairs the state's own ref. What is wrong with packed-refs concerns every branch: Git's owner has to look.
func TestABrokenPackedRefsIsNotRebuilt(t *testing.T) {
	dir := repository(t)
	refs := filepath.Join(dir, ".git/packed-refs")
	if err := os.WriteFile(refs, []byte("rubbish\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	_, err := store(t, dir).Rebuild(ctx, 0, agreed)
	var corrupt *state.CorruptError
	if !errors.As(err, &corrupt) || !strings.Contains(err.Error(), "packed-refs") {
		t.Errorf("%v", err)
	}
	if text, err := os.ReadFile(refs); err != nil || string(text) != "rubbish\n" {
		t.Errorf("%q %v", text, err)
	}
}

package state_test

import (
	"errors"
	"fmt"
	"strings"
	"syscall"
	"testing"
	"time"

	"connsync/apply/state"
	"connsync/diff"
)

// TestADiskThatFailsWhileStateIsSharedLosesNothing has the disk fail at each effect of a run that announces and records on a shared remote, until a run
// does not meet it. The next run, here or on another machine, finds what was done, or its announcement.
func TestADiskThatFailsWhileStateIsSharedLosesNothing(t *testing.T) {
	cells, failed, at, step := 0, 0, 1, 20
	if *long {
		step = 1
	}
	for ; ; at += step {
		s := shareBroken(t, at)
		s.run()
		if s.what == "" {
			break
		}
		s.repaired()
		cells++
		if len(s.problems) > 0 {
			failed++
			t.Errorf("moment %d (%s): %s", at, s.what, strings.Join(s.problems, "; "))
		}
	}
	if at < 80 {
		t.Errorf("a run has %d moments", at)
	}
	t.Logf("T-IO: %d cells, %d failed", cells, failed)
}

// brokenShare is a machine with a disk failing at one moment, and another one with a working disk.
type brokenShare struct {
	*machine
	other     *machine
	at        int
	moments   int
	what      string
	announced bool
	recorded  bool
	problems  []string
}

func shareBroken(t *testing.T, at int) *brokenShare {
	t.Helper()
	m := machines(t, 2)
	s := &brokenShare{machine: m[0], other: m[1], at: at}
	s.open(s.effect)
	return s
}

func (s *brokenShare) effect(op string) error {
	s.moments++
	if s.moments != s.at {
		return nil
	}
	s.what = op
	return syscall.EIO
}

func (s *brokenShare) wrong(format string, args ...any) {
	s.problems = append(s.problems, fmt.Sprintf(format, args...))
}

// run announces, and records that it did what it announced.
func (s *brokenShare) run() {
	l, err := s.lock(0)
	if err != nil {
		return
	}
	defer l.Close()
	expires := s.now.Add(15 * time.Minute)
	_, err = l.Commit(ctx, new(state.Edit).In(place).Announce(
		state.Run{ID: "r1", Host: "h", Started: s.now, Expires: expires}, state.Intent{Name: "a", Kind: diff.IntentCreate, Run: "r1", Expires: expires},
	))
	if s.announced = err == nil; !s.announced {
		return
	}
	if shared, err := s.other.store.ReadShared(ctx); err != nil || shared.Intents["a"].Run != "r1" {
		s.wrong("announced, and others do not see it: %v, %v", shared.Intents, err)
	}
	e := put("a").Settle("a").EndRun()
	_, err = l.Record(ctx, e)
	s.recorded = err == nil || errors.Is(err, state.ErrUnshared)
	if err == nil && s.otherKnows() != 1 {
		s.wrong("recorded, and others do not see it")
	}
}

func (s *brokenShare) otherKnows() int {
	shared, err := s.other.store.ReadShared(ctx)
	if err != nil {
		s.wrong("the other one cannot read: %v", err)
	}
	return len(shared.Known)
}

// repaired looks at what is left for a run after the repair.
func (s *brokenShare) repaired() {
	s.at = 0
	l, err := s.lock(0)
	var held *state.HeldError
	if errors.As(err, &held) && (s.announced || s.tooLate()) { // no one can tell whether the other run still writes
		s.now = s.now.Add(20 * time.Minute)
		l, err = s.lock(0)
	}
	if err != nil {
		s.wrong("afterwards: %v", err)
		return
	}
	defer l.Close()
	got := l.Snapshot()
	if s.recorded && len(got.Known) != 1 || s.announced && !s.recorded && len(got.Known) == 0 && got.Intents["a"].Run != "r1" {
		s.wrong("announced %v, recorded %v, and afterwards %d known, %d intents", s.announced, s.recorded, len(got.Known), len(got.Intents))
	}
	e := put("a", "b").Settle("a").EndRun()
	if _, err := l.Record(ctx, e); err != nil || s.otherKnows() != 2 {
		s.wrong("afterwards: %v", err)
	}
	run(s.t, s.clone, "fsck", "--strict")
	run(s.t, s.dir, "fsck", "--strict")
}

// tooLate tells whether the remote had the announcement when the disk failed.
func (s *brokenShare) tooLate() bool {
	return s.what == "after push" || strings.HasSuffix(s.what, "rename ref lock") || strings.HasSuffix(s.what, "sync ref folder")
}

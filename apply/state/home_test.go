package state_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"connsync/apply/state"
)

// living makes a machine's store again, in a repository of this name.
func (m *machine) living(home string) *state.Store {
	m.t.Helper()
	m.store = opened(m.t, m.clone, func(r *state.Repo) {
		r.Remote, r.Home, r.Now = m.hub, home, func() time.Time { return m.now }
	})
	return m.store
}

const upstream, fork = "github.com/acme/ops", "github.com/emma/ops"

func TestTheFirstSharedWriteSaysWhere(t *testing.T) {
	m := machines(t, 2)
	m[0].living(upstream)
	l := m[0].locked()
	if snap := commit(t, l, put("a")); !slices.Equal(snap.Homes, []string{upstream}) {
		t.Errorf("%q", snap.Homes)
	}
	if snap, err := l.Commit(ctx, put("a")); err != nil || snap.Commit != l.Snapshot().Commit {
		t.Errorf("what changes nothing is written: %v", err)
	}
	_ = l.Close()
	m[1].living(upstream)
	if l := m[1].locked(); !slices.Equal(l.Snapshot().Homes, []string{upstream}) {
		t.Errorf("%q", l.Snapshot().Homes)
	}
}

// A fork copies the branch. Nothing of it is taken over, pushed or recorded there, whichever side has something new.
func TestAForkIsRefusedBeforeAnyWrite(t *testing.T) {
	for _, local := range []bool{false, true} {
		t.Run(fmt.Sprint("with a local branch: ", local), func(t *testing.T) {
			m := machines(t, 1)[0]
			m.living(upstream)
			l := m.locked()
			snap := commit(t, l, put("a"))
			_ = l.Close()
			run(t, m.dir, "fetch", "-q", m.clone, state.Ref("prod")) // the fork has it by then
			if !local {
				run(t, m.clone, "update-ref", "-d", state.Ref("prod"))
			} else {
				run(t, m.dir, "update-ref", "-d", state.Ref("prod")) // an empty fork, and a clone once of upstream
			}
			before, pushes := run(t, m.clone, "for-each-ref"), m.pushes
			var home *state.HomeError
			if _, err := m.living(fork).Lock(ctx, 0); !errors.As(err, &home) || home.Asked != fork || !slices.Equal(home.Known, []string{upstream}) {
				t.Errorf("%v", err)
			}
			if _, err := m.store.Unlock(ctx, "r"); !errors.As(err, &home) {
				t.Errorf("unlock: %v", err)
			}
			if _, err := m.store.Rebuild(ctx, 0, agreed); err == nil {
				t.Error("rebuilt")
			}
			if after := run(t, m.clone, "for-each-ref"); after != before || m.pushes != pushes {
				t.Errorf("%q became %q, %d pushes", before, after, m.pushes-pushes)
			}
			// It can be looked at.
			if read, err := m.store.ReadShared(ctx); err != nil || read.Commit != snap.Commit || !errors.As(m.store.AtHome(read), &home) {
				t.Errorf("%+v %v", read, err)
			}
		})
	}
}

func TestASecondHomeIsAcceptedOnceAndByName(t *testing.T) {
	m := machines(t, 2)
	m[0].living(upstream)
	first := m[0].locked()
	commit(t, first, put("a"))
	_ = first.Close()
	s := m[1].living(fork)
	var not *state.NotHomeError
	for _, wrong := range []string{"", upstream, "github.com/other/ops"} {
		if err := s.Accept(wrong); !errors.As(err, &not) {
			t.Errorf("%q is accepted: %v", wrong, err)
		}
	}
	if err := m[1].living("").Accept(""); !errors.As(err, &not) {
		t.Errorf("a folder is accepted: %v", err)
	}
	s = m[1].living(fork)
	if err := s.Accept(fork); err != nil {
		t.Fatal(err)
	}
	l := m[1].locked()
	if err := l.KeepHome(ctx, state.Message{Subject: "prod: shared here, too"}); err != nil || !slices.Equal(l.Snapshot().Homes, []string{upstream, fork}) {
		t.Errorf("%q %v", l.Snapshot().Homes, err)
	}
	pushes := m[1].pushes
	if err := l.KeepHome(ctx, state.Message{}); err != nil || m[1].pushes != pushes {
		t.Errorf("twice: %v", err)
	}
	_ = l.Close()
	for _, home := range []string{upstream, fork, ""} { // from now on without a word
		m[0].living(home)
		l, err := m[0].lock(0)
		if err != nil {
			t.Fatalf("%s: %v", home, err)
		}
		if err := l.KeepHome(ctx, state.Message{}); err != nil {
			t.Error(err)
		}
		_ = l.Close()
	}
	m[0].living("gitlab.com/acme/ops")
	if _, err := m[0].lock(0); err == nil {
		t.Error("a third one is accepted")
	}
}

// An announcement carries the acceptance with it: there is no moment at which one is there without the other.
func TestAnAcceptanceComesWithWhatIsWritten(t *testing.T) {
	m := machines(t, 2)
	m[0].living(upstream)
	commit(t, m[0].locked(), put("a"))
	if err := m[1].living(fork).Accept(fork); err != nil {
		t.Fatal(err)
	}
	pushes := m[1].pushes
	snap := commit(t, m[1].locked(), announcement(m[1], "r"))
	if !slices.Equal(snap.Homes, []string{upstream, fork}) || snap.Run == nil || m[1].pushes != pushes+1 {
		t.Errorf("%q, %d pushes", snap.Homes, m[1].pushes-pushes)
	}
}

// What was kept here before it was shared has no home yet.
func TestLocalStateGetsAHomeWhenItIsShared(t *testing.T) {
	m := machines(t, 1)[0]
	l := locked(t, store(t, m.clone))
	if snap := commit(t, l, put("a")); len(snap.Homes) != 0 {
		t.Errorf("%q", snap.Homes)
	}
	_ = l.Close()
	m.living(upstream)
	if snap := commit(t, m.locked(), put("b")); !slices.Equal(snap.Homes, []string{upstream}) {
		t.Errorf("%q", snap.Homes)
	}
}

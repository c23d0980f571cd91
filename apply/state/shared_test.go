package state_test

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/go-git/go-git/v5"

	"connsync/apply/state"
	"connsync/diff"
)

var errOffline = errors.New("offline")

// hub is a bare repository shared by machines, in the shape of a remote: it moves objects by Git itself.
type hub struct {
	t       testing.TB
	dir     string // of the bare repository
	clone   string
	offline func(op string) error // nil: reachable
	pushes  int
	gone    bool // the answer to a push gets lost, and nothing is reachable from then on
}

func (h *hub) Head(_ context.Context, ref string) (string, error) {
	if h.offline != nil {
		if err := h.offline("head"); err != nil {
			return "", err
		}
	}
	if run(h.t, h.dir, "for-each-ref", "--format=x", ref) == "" {
		return "", nil
	}
	// Not by a fetch: Git fetches nothing where a ref is broken.
	if out, err := exec.Command("cp", "-Rn", h.dir+"/objects/.", file(h.clone, "objects")).CombinedOutput(); err != nil {
		h.t.Fatalf("%v: %s", err, out)
	}
	return run(h.t, h.dir, "rev-parse", ref), nil
}

// Keep has nothing to do: Head fetches into the clone.
func (h *hub) Keep(context.Context, string) error {
	if h.offline != nil {
		return h.offline("keep")
	}
	return nil
}

func (h *hub) Replace(ctx context.Context, ref, old, new string) error {
	if h.offline != nil {
		if err := h.offline("replace"); err != nil {
			return err
		}
	}
	now, err := h.Head(ctx, ref)
	if err != nil || now != old {
		return errors.Join(err, state.ErrReplaced)
	}
	h.pushes++
	run(h.t, h.clone, "push", "-q", h.dir, new+":"+ref)
	if h.gone {
		h.offline = func(string) error { return errOffline }
		return errOffline
	}
	return nil
}

// machine is a clone of its own with the state of a hub.
type machine struct {
	*hub
	store *state.Store
	now   time.Time
}

func machines(t testing.TB, n int) []*machine {
	t.Helper()
	bare := repository(t, "--bare")
	run(t, bare, "config", "receive.autogc", "false") // two programs less for each push
	out := make([]*machine, n)
	for i := range out {
		dir := repository(t)
		out[i] = &machine{hub: &hub{t: t, dir: bare, clone: dir}, now: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)}
		out[i].open(nil)
	}
	return out
}

// open makes the machine's store; effect hears of what it does.
func (m *machine) open(effect func(op string) error) {
	m.t.Helper()
	repo, err := git.PlainOpen(m.clone)
	if err != nil {
		m.t.Fatal(err)
	}
	m.store, err = state.Open(state.Repo{
		Git: repo, CommonDir: filepath.Join(m.clone, ".git"), Remote: m.hub, Effect: effect, Now: func() time.Time { return m.now },
		Sleep: func(ctx context.Context, d time.Duration) error { m.now = m.now.Add(d); return ctx.Err() },
	}, "prod")
	if err != nil {
		m.t.Fatal(err)
	}
}

func (m *machine) lock(wait time.Duration) (*state.Session, error) { return m.store.Lock(ctx, wait) }

func (m *machine) locked() *state.Session {
	m.t.Helper()
	l, err := m.lock(0)
	if err != nil {
		m.t.Fatal(err)
	}
	m.t.Cleanup(func() { _ = l.Close() })
	return l
}

func TestWhatOneMachineWroteAnotherKnows(t *testing.T) {
	m := machines(t, 2)
	a := m[0].locked()
	commit(t, a, put("a"))
	b := m[1].locked()
	if len(b.Snapshot().Known) != 1 {
		t.Errorf("%+v", b.Snapshot())
	}
	commit(t, b, put("b"))
	_ = a.Close()
	if again := m[0].locked(); len(again.Snapshot().Known) != 2 || again.Snapshot().Commit != b.Snapshot().Commit {
		t.Errorf("%+v", again.Snapshot())
	}
	if m[0].pushes != 1 || m[1].pushes != 1 {
		t.Errorf("%d and %d pushes", m[0].pushes, m[1].pushes)
	}
	read, err := m[0].store.ReadShared(ctx)
	if err != nil || len(read.Known) != 2 {
		t.Errorf("%+v %v", read, err)
	}
}

func announcement(m *machine, id string) *state.Edit {
	expires := m.now.Add(15 * time.Minute)
	return new(state.Edit).In(place).Say(state.Message{Subject: "about to write"}).Announce(
		state.Run{ID: id, Host: "h", Actor: "ann", Job: "https://ci.example/1", Expires: expires}, state.Intent{Name: "a", Kind: diff.IntentCreate, Run: id, Expires: expires})
}

func TestAnAnnouncementIsTheLockBetweenMachines(t *testing.T) {
	m := machines(t, 3)
	a, b := m[0].locked(), m[1].locked()
	commit(t, a, announcement(m[0], "r1"))
	// The second stood on the same commit: its announcement is refused, and nothing of it is left.
	if _, err := b.Commit(ctx, announcement(m[1], "r2")); !errors.Is(err, state.ErrReplaced) {
		t.Errorf("%v", err)
	}
	_ = b.Close()
	var held *state.HeldError
	if _, err := m[1].lock(2 * time.Minute); !errors.As(err, &held) || !errors.Is(err, state.ErrBusy) || held.Run.ID != "r1" || held.Run.Actor != "ann" {
		t.Errorf("%v", err)
	}
	// It ends: the next one goes on at once.
	e := put("a").Settle("a").EndRun()
	commit(t, a, e)
	if c := m[2].locked(); len(c.Snapshot().Known) != 1 || c.Snapshot().Run != nil {
		t.Errorf("%+v", c.Snapshot())
	}
}

func TestADeadRunIsTakenOverAMinuteAfterItsExpiry(t *testing.T) {
	m := machines(t, 2)
	commit(t, m[0].locked(), announcement(m[0], "dead"))
	if _, err := m[1].lock(14 * time.Minute); !errors.Is(err, state.ErrBusy) {
		t.Errorf("before its expiry: %v", err)
	}
	m[1].now = m[0].now.Add(16*time.Minute + time.Second)
	l := m[1].locked()
	if i := l.Snapshot().Intents["a"]; i.Run != "dead" {
		t.Errorf("its intents are there to be resolved: %+v", l.Snapshot())
	}
}

func TestWhatWasDoneIsNotLost(t *testing.T) {
	m := machines(t, 2)
	a := m[0].locked()
	commit(t, a, announcement(m[0], "r1"))
	// The remote goes away: the record stays here, and the next session here pushes it.
	m[0].offline = func(string) error { return errOffline }
	e := put("a").Settle("a").EndRun()
	snap, err := a.Record(ctx, e)
	if !errors.Is(err, errOffline) || len(snap.Known) != 1 {
		t.Errorf("%+v %v", snap, err)
	}
	_ = a.Close()
	if _, err := m[0].lock(0); !errors.Is(err, errOffline) {
		t.Errorf("%v", err)
	}
	m[0].offline = nil
	m[0].locked()
	if b := m[1].locked(); len(b.Snapshot().Known) != 1 || b.Snapshot().Run != nil {
		t.Errorf("%+v", b.Snapshot())
	}
}

// The clone keeps a commit where no answer confirmed its push. It is the pushed commit, and no other one of a second later.
func TestAPushWithoutAnAnswerMakesNoSecondHistory(t *testing.T) {
	m := machines(t, 2)
	a := m[0].locked()
	commit(t, a, announcement(m[0], "r1"))
	m[0].gone = true
	e := put("a").Settle("a").EndRun()
	if snap, err := a.Record(ctx, e); !errors.Is(err, state.ErrUnshared) || len(snap.Known) != 1 {
		t.Errorf("%+v %v", snap, err)
	}
	_ = a.Close()
	m[0].gone, m[0].offline = false, nil
	for _, machine := range m {
		if l := machine.locked(); len(l.Snapshot().Known) != 1 || l.Snapshot().Run != nil {
			t.Errorf("%+v", l.Snapshot())
		}
	}
	if n := run(t, m[0].dir, "rev-list", "--count", state.Ref("prod")); n != "2" {
		t.Errorf("%s commits", n)
	}
}

func TestARecordIsMadeOnTopOfSomebodyElses(t *testing.T) {
	m := machines(t, 2)
	a := m[0].locked()
	commit(t, a, announcement(m[0], "late"))
	m[1].now = m[0].now.Add(time.Hour) // takes over
	b := m[1].locked()
	commit(t, b, put("b", "c"))
	e := put("a").Settle("a")
	snap, err := a.Record(ctx, e)
	if err != nil || len(snap.Known) != 3 || len(snap.Intents) != 0 {
		t.Errorf("%+v %v", snap, err)
	}
	run(t, m[0].dir, "fsck", "--strict")
	if n := run(t, m[0].dir, "rev-list", "--count", state.Ref("prod")); n != "3" {
		t.Errorf("%s commits in a line", n)
	}
}

func TestARecordLeavesAloneWhatSomebodyElseDidMeanwhile(t *testing.T) {
	m := machines(t, 2)
	a := m[0].locked()
	commit(t, a, put("a", "b", "c", "d"))
	commit(t, a, announcement(m[0], "late"))
	m[1].now = m[0].now.Add(time.Hour) // takes over, announces, and works
	b := m[1].locked()
	newB, newC := known("b"), known("c")
	newB.ID, newC.ID = "b-new", "c-new"
	commit(t, b, new(state.Edit).Record(newB, newC).Applied("c2", time.Time{}, false))
	commit(t, b, announcement(m[1], "next"))
	mineA, mineB := known("a"), known("b")
	mineA.ID, mineB.Unverified = "a-written", true
	snap, err := a.Record(ctx, put().Record(mineA, mineB).Forget("", "c", "d").Settle("a").EndRun())
	if err != nil {
		t.Fatal(err)
	}
	if snap.Run == nil || snap.Run.ID != "next" || snap.Intents["a"].Run != "next" {
		t.Errorf("the other one's announcement is lost: %+v %+v", snap.Run, snap.Intents)
	}
	if snap.Of("b").ID != newB.ID || snap.Of("c").ID != newC.ID || snap.Applied != "c2" {
		t.Errorf("what the other one did is lost: %+v", snap)
	}
	if _, there := snap.Known["d"]; there || snap.Of("a").ID != "a-written" {
		t.Errorf("what this one did is lost: %+v", snap)
	}
}

func TestTwoHistoriesAreNotMixed(t *testing.T) {
	m := machines(t, 2)
	commit(t, m[0].locked(), put("a"))
	other := store(t, m[1].clone) // kept for itself before it was shared
	l := locked(t, other)
	commit(t, l, put("b"))
	_ = l.Close()
	var diverged *state.DivergedError
	if _, err := m[1].lock(0); !errors.As(err, &diverged) {
		t.Errorf("%v", err)
	}
}

func TestWhatWasKeptHereIsSharedOnceThereIsARemote(t *testing.T) {
	m := machines(t, 2)
	l := locked(t, store(t, m[0].clone))
	for i := range 3 {
		commit(t, l, put(fmt.Sprint("n", i)))
	}
	_ = l.Close()
	if s, err := m[0].store.ReadShared(ctx); err != nil || len(s.Known) != 3 || m[0].store.Apart(s) != nil {
		t.Errorf("what is not shared yet is apart: %+v %v", s, err)
	}
	m[0].locked()
	if b := m[1].locked(); len(b.Snapshot().Known) != 3 {
		t.Errorf("%+v", b.Snapshot())
	}
}

func TestARunThatDiedCanBeEndedByHand(t *testing.T) {
	m := machines(t, 2)
	commit(t, m[0].locked(), announcement(m[0], "dead"))
	if ended, err := m[1].store.Unlock(ctx, "other"); ended || err != nil {
		t.Errorf("another run: %v %v", ended, err)
	}
	if ended, err := m[1].store.Unlock(ctx, "dead"); !ended || err != nil {
		t.Errorf("%v %v", ended, err)
	}
	l := m[1].locked()
	if i := l.Snapshot().Intents["a"]; l.Snapshot().Run != nil || i.Run != "dead" || i.Expires.After(m[1].now) {
		t.Errorf("its intents stay to be resolved: %+v", l.Snapshot())
	}
	_ = l.Close()
	if ended, err := m[1].store.Unlock(ctx, "dead"); ended || err != nil {
		t.Errorf("again: %v %v", ended, err)
	}
	log, err := m[1].store.Log(ctx, 10)
	if err != nil || len(log) != 2 || log[0].Lines[0] != "prod: run dead ended by hand" {
		t.Errorf("%+v %v", log, err)
	}
}

// What is to be recorded on top of another run's commit may find no room any more.
func TestNoRoomForARecordOnTopOfSomebodyElses(t *testing.T) {
	m := machines(t, 2)
	var ops []string
	recording, aligned := false, false
	m[0].open(func(op string) error {
		ops = append(ops, op)
		aligned = aligned || recording && op == "after fetch"
		if aligned && op == "before create object" {
			return syscall.ENOSPC
		}
		return nil
	})
	a := m[0].locked()
	commit(t, a, announcement(m[0], "late"))
	m[1].now = m[0].now.Add(time.Hour) // takes over
	commit(t, m[1].locked(), put("b"))
	recording = true
	_, err := a.Record(ctx, put("a"))
	if !aligned || !errors.Is(err, state.ErrDisk) || errors.Is(err, state.ErrUnshared) {
		t.Errorf("aligned %v: %v\n%q", aligned, err, ops)
	}
	if s, err := m[1].store.Read(ctx); err != nil || len(s.Known) != 1 {
		t.Errorf("what the other one did: %+v %v", s, err)
	}
}

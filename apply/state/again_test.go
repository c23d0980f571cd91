package state_test

import (
	"strings"
	"testing"
	"time"

	"connsync/apply/state"
	"connsync/diff"
)

// An announcement leaves known.jsonl as it is: it is named again, and neither packed nor written. What a fresh reader then finds is the same.
func TestAnAnnouncementWritesKnownStateNotAgain(t *testing.T) {
	dir, written := repository(t), 0
	l := locked(t, heardBy(t, dir, func(op string) error {
		if op == "after rename object" {
			written++
		}
		return nil
	}))
	commit(t, l, put("one", "two"))
	if written != 4 {
		t.Fatalf("the first commit wrote %d objects: two files, a tree and a commit are expected", written)
	}
	name := func() string { return run(t, dir, "rev-parse", "connsync-state/prod:known.jsonl") }
	before, text := name(), run(t, dir, "show", "connsync-state/prod:known.jsonl")
	written = 0
	now := time.Now()
	commit(t, l, new(state.Edit).Announce(state.Run{ID: "r", Started: now, Expires: now.Add(time.Minute)}, state.Intent{Name: "one", Kind: "update", ID: "x", Run: "r", Expires: now.Add(time.Minute)}))
	if written != 3 {
		t.Errorf("announcing wrote %d objects: intents, a tree and a commit are expected", written)
	}
	if after := name(); after != before || run(t, dir, "show", after) != text {
		t.Errorf("known.jsonl became %s from %s", after, before)
	}
	written = 0
	commit(t, l, put("three").EndRun())
	if written != 4 || name() == before {
		t.Errorf("recording wrote %d objects, and known.jsonl is %s", written, name())
	}
	_ = l.Close()
	snap, err := store(t, dir).Read(ctx)
	if err != nil || len(snap.Known) != 3 || snap.Run != nil {
		t.Errorf("%d known, run %v: %v", len(snap.Known), snap.Run, err)
	}
	if got := run(t, dir, "fsck", "--full", "--strict"); strings.Contains(got, "missing") || strings.Contains(got, "broken") {
		t.Error(got)
	}
}

// What one Store read, another one told of it does not read again, unless a caller asks for another commit. It announces on it as if it had read it.
func TestWhatIsRememberedIsNotReadAgain(t *testing.T) {
	dir := repository(t)
	l := locked(t, store(t, dir))
	first := commit(t, l, put("one"))
	_ = l.Close()
	snap, err := store(t, dir).Read(ctx)
	if err != nil {
		t.Fatal(err)
	}
	snap.Applied = "told by another store"
	s := store(t, dir)
	s.Remember(snap)
	if got, err := s.Read(ctx); err != nil || got.Applied != snap.Applied || got.Commit != first.Commit {
		t.Errorf("read as %+v: %v", got, err)
	}
	written := 0
	s = heardBy(t, dir, func(op string) error {
		if op == "after rename object" {
			written++
		}
		return nil
	})
	s.Remember(first)
	l = locked(t, s)
	now := time.Now()
	commit(t, l, new(state.Edit).Announce(state.Run{ID: "r", Started: now, Expires: now.Add(time.Minute)}))
	_ = l.Close()
	if written != 3 {
		t.Errorf("announcing on what is remembered wrote %d objects", written)
	}
	s = store(t, dir)
	s.Remember(snap)
	unsaid, err := s.Read(ctx)
	if err != nil || unsaid.Applied == snap.Applied || unsaid.Run == nil {
		t.Errorf("another commit is read as %+v: %v", unsaid, err)
	}
	k := known("one")
	k.Written = diff.WrittenUnsaid
	unsaid.Known = map[string]*diff.Known{"one": &k}
	s = store(t, dir)
	s.Remember(unsaid)
	if got, err := s.Read(ctx); err != nil || got.Of("one").Written == diff.WrittenUnsaid {
		t.Errorf("what depends on the history that is here was remembered: %v", err)
	}
}

// An announcement on state of an older schema writes all of it in the newest one: no commit has files of two.
func TestAnAnnouncementOnAnOlderSchemaWritesBothFiles(t *testing.T) {
	dir := repository(t)
	plant(t, dir, header1+line1("one", ""), open1)
	l := locked(t, store(t, dir))
	now := time.Now()
	commit(t, l, new(state.Edit).Announce(state.Run{ID: "r", Started: now, Expires: now.Add(time.Minute)}))
	for _, file := range []string{"known.jsonl", "intents.jsonl"} {
		if text := run(t, dir, "show", "connsync-state/prod:"+file); !strings.HasPrefix(text, `{"schema":2`) {
			t.Errorf("%s is %s", file, text)
		}
	}
}

// An edit that says what is known already writes nothing, and one that says anything else about a name writes it, whatever else it is about.
func TestAnEditIsComparedWithWhatIsKnown(t *testing.T) {
	dir := repository(t)
	l := locked(t, store(t, dir))
	first := commit(t, l, put("one", "two"))
	for name, e := range map[string]*state.Edit{
		"the same":              put("two", "one"),
		"no intent to settle":   new(state.Edit).Settle("one"),
		"no name to forget":     new(state.Edit).Forget("c", "three"),
		"no run to end":         new(state.Edit).EndRun(),
		"forgotten and renewed": put("one").Forget("c", "one"),
	} {
		if got := commit(t, l, e.Say(state.Message{Subject: name})); got.Commit != first.Commit {
			t.Errorf("%s: %s was written", name, got.Commit)
		}
	}
	other := known("two")
	other.UpdateTime += " later"
	for _, e := range []*state.Edit{put("one").Record(other), put("one").Forget("c", "two"), put("one").Applied("c2", time.Now(), true)} {
		before := l.Snapshot()
		after := commit(t, l, e.Say(state.Message{Subject: "changed"}))
		if got, err := store(t, dir).Read(ctx); err != nil || after.Commit == before.Commit || got.Commit != after.Commit || len(got.Known) != len(after.Known) || got.AppliedDirty != after.AppliedDirty || got.Of("two").UpdateTime != after.Of("two").UpdateTime {
			t.Errorf("%+v: %v, read as %+v", after, err, got)
		}
	}
}

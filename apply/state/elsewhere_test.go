package state_test

import (
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"connsync/apply/state"
)

// drop removes a loose object of a clone, as if it had never been fetched.
func drop(t *testing.T, dir, hash string) {
	t.Helper()
	if err := os.Remove(file(dir, "objects/"+hash[:2]+"/"+hash[2:])); err != nil {
		t.Fatal(err)
	}
}

// Whatever part of a state is absent, it is said to be absent, and never to be broken: it is somewhere else.
func TestEveryPartOfAStateMayBeElsewhere(t *testing.T) {
	for part, named := range map[string]string{
		"":               "the commit that it names",
		"^{tree}":        "its tree",
		":known.jsonl":   "known.jsonl",
		":intents.jsonl": "intents.jsonl",
	} {
		t.Run(named, func(t *testing.T) {
			dir := repository(t)
			l := locked(t, store(t, dir))
			snap := commit(t, l, put("a"))
			_ = l.Close()
			drop(t, dir, run(t, dir, "rev-parse", snap.Commit+part))
			s := store(t, dir)
			_, err := s.Read(ctx)
			missing(t, "read", err)
			if err == nil || !strings.Contains(err.Error(), named+" is not in this clone") {
				t.Errorf("%v", err)
			}
			_, err = s.Lock(ctx, 0)
			missing(t, "lock", err)
			_, err = s.Log(ctx, 9)
			missing(t, "log", err)
			_, err = s.Unlock(ctx, "r")
			missing(t, "unlock", err)
		})
	}
}

// What this clone lacks of a shared state is the remote's to give, in a session and without one.
func TestWhatTheRemoteHasIsNotMissing(t *testing.T) {
	m := machines(t, 2)
	a := m[0].locked()
	first := commit(t, a, put("a"))
	_ = a.Close()
	b := m[1].locked()
	commit(t, b, put("b"))
	_ = b.Close()
	drop(t, m[0].clone, first.Commit) // Head of the next session brings it back with what came after it
	if read, err := m[0].store.ReadShared(ctx); err != nil || len(read.Known) != 2 {
		t.Errorf("%+v %v", read, err)
	}
	if l := m[0].locked(); len(l.Snapshot().Known) != 2 {
		t.Errorf("%+v", l.Snapshot())
	}
}

func TestRebuildRestoresWhatTheRemoteHas(t *testing.T) {
	for what, text := range map[string]string{"garbage": "x\n", "nothing": "", "a commit that nobody has": strings.Repeat("a", 40) + "\n"} {
		t.Run(what, func(t *testing.T) {
			m := machines(t, 1)[0]
			l := m.locked()
			snap := commit(t, l, put("a"))
			_ = l.Close()
			overwrite(t, file(m.clone, state.Ref("prod")), text)
			pushes := m.pushes
			done, err := m.store.Rebuild(ctx, 0, agreed)
			if err != nil || done.From != state.Ref("prod") || done.Commit != snap.Commit {
				t.Errorf("%+v %v", done, err)
			}
			if read, err := m.store.Read(ctx); err != nil || len(read.Known) != 1 || m.pushes != pushes {
				t.Errorf("%+v %v, %d pushes", read, err, m.pushes)
			}
			left, err := os.ReadDir(file(m.clone, "connsync"))
			if err != nil || !strings.HasPrefix(left[0].Name(), "broken-prod-") {
				t.Errorf("what was there is not set aside: %v %v", left, err)
			}
		})
	}
}

// A state readable somewhere, or newer, or elsewhere, is not begun anew, whatever is wrong beside it.
func TestRebuildLeavesAloneWhatIsNotLost(t *testing.T) {
	var readable *state.ReadableError
	alone := repository(t)
	l := locked(t, store(t, alone))
	snap := commit(t, l, put("a"))
	_ = l.Close()
	if _, err := store(t, alone).Rebuild(ctx, 0, agreed); !errors.As(err, &readable) || readable.Commit != snap.Commit {
		t.Errorf("readable here: %v", err)
	}

	m := machines(t, 2)
	a := m[0].locked()
	commit(t, a, put("a"))
	_ = a.Close()
	spoilt := run(t, m[0].clone, "commit-tree", run(t, m[0].clone, "hash-object", "-t", "tree", "-w", os.DevNull), "-m", "x")
	run(t, m[0].clone, "push", "-q", "-f", m[0].dir, spoilt+":"+state.Ref("prod"))
	if _, err := m[0].store.Rebuild(ctx, 0, agreed); !errors.As(err, &readable) {
		t.Errorf("readable here, and not on the remote: %v", err)
	}
	if head := run(t, m[0].dir, "rev-parse", state.Ref("prod")); head != spoilt {
		t.Errorf("the remote is at %s", head)
	}
	if done, err := m[1].store.Rebuild(ctx, 0, agreed); err != nil || done.From != "" {
		t.Errorf("readable nowhere that this clone can see: %+v %v", done, err)
	}

	two := machines(t, 2)
	commit(t, two[0].locked(), put("a"))
	kept := locked(t, store(t, two[1].clone))
	commit(t, kept, put("b"))
	_ = kept.Close()
	if _, err := two[1].store.Rebuild(ctx, 0, agreed); !errors.As(err, &readable) {
		t.Errorf("two histories: %v", err)
	}
}

func TestRebuildLeavesAloneWhatIsNewer(t *testing.T) {
	m := machines(t, 2)
	commit(t, m[0].locked(), put("a"))
	later := newer(t, m[0].clone)
	run(t, m[0].clone, "push", "-q", "-f", m[0].dir, later+":"+state.Ref("prod"))
	overwrite(t, file(m[1].clone, state.Ref("prod")), "x\n")
	var schema *state.SchemaError
	if _, err := m[1].store.Rebuild(ctx, 0, agreed); !errors.As(err, &schema) {
		t.Errorf("the remote's: %v", err)
	}
	if head := run(t, m[0].dir, "rev-parse", state.Ref("prod")); head != later {
		t.Errorf("the remote is at %s", head)
	}
	alone := repository(t)
	run(t, alone, "update-ref", state.Ref("prod"), newer(t, alone))
	if _, err := store(t, alone).Rebuild(ctx, 0, agreed); !errors.As(err, &schema) {
		t.Errorf("here: %v", err)
	}
}

// newer is a commit of state as a later program may write it.
func newer(t *testing.T, dir string) string {
	t.Helper()
	overwrite(t, file(dir, "../text"), `{"schema":99,"target":"prod"}`+"\n")
	blob := run(t, dir, "hash-object", "-w", file(dir, "../text"))
	overwrite(t, file(dir, "../tree"), "100644 blob "+blob+"\tintents.jsonl\n100644 blob "+blob+"\tknown.jsonl\n")
	tree := run(t, dir, "-c", "alias.make=!git mktree <tree", "make")
	return run(t, dir, "commit-tree", "-m", "x", tree)
}

func TestRebuildOfAPartialClone(t *testing.T) {
	dir := repository(t)
	l := locked(t, store(t, dir))
	snap := commit(t, l, put("a"))
	_ = l.Close()
	drop(t, dir, run(t, dir, "rev-parse", snap.Commit+":known.jsonl"))
	partial := opened(t, dir, func(r *state.Repo) { r.Partial = true })
	_, err := partial.Rebuild(ctx, 0, agreed)
	missing(t, "a partial clone", err)
	if head := run(t, dir, "rev-parse", state.Ref("prod")); head != snap.Commit {
		t.Errorf("the ref is at %s", head)
	}
	if done, err := store(t, dir).Rebuild(ctx, time.Second, agreed); err != nil || done.From != "" || done.Commit == snap.Commit {
		t.Errorf("a whole clone that lost it: %+v %v", done, err)
	}
	if read, err := store(t, dir).Read(ctx); err != nil || len(read.Known) != 0 {
		t.Errorf("%+v %v", read, err)
	}
}

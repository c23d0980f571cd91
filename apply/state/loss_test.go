package state_test

import (
	"errors"
	"fmt"
	"os"
	"testing"

	"connsync/apply/state"
)

// spoil puts a commit without state on top of a branch.
func spoil(t *testing.T, dir, parent string) string {
	t.Helper()
	return run(t, dir, "commit-tree", run(t, dir, "hash-object", "-t", "tree", "-w", os.DevNull), "-p", parent, "-m", "x")
}

// Before anything is begun anew it is told what that drops: where, why, and the newest that could be read. Without an agreement nothing moves.
func TestWhatIsDroppedIsSaidBefore(t *testing.T) {
	no := errors.New("no")
	m := machines(t, 2)
	l := m[0].locked()
	last := commit(t, l, put("a", "b")).Commit
	_ = l.Close()
	spoilt := spoil(t, m[0].clone, spoil(t, m[0].clone, last))
	run(t, m[0].clone, "push", "-q", "-f", m[0].dir, spoilt+":"+state.Ref("prod"))
	run(t, m[0].clone, "update-ref", state.Ref("prod"), spoilt)
	alone := repository(t)
	overwrite(t, file(alone, state.Ref("prod")), "x\n")
	lost := repository(t)
	kept := locked(t, store(t, lost))
	first := commit(t, kept, put("a")).Commit
	second := commit(t, kept, put("b")).Commit
	_ = kept.Close()
	drop(t, lost, run(t, lost, "rev-parse", second+":known.jsonl"))
	for name, c := range map[string]struct {
		store *state.Store
		dir   string
		want  state.Loss
	}{
		"shared":            {m[0].store, m[0].dir, state.Loss{Local: spoilt, Shared: spoilt, Problem: "it is not known state of connsync", LastRead: last, Known: []string{"a", "b"}}},
		"shared, not here":  {m[1].store, m[1].dir, state.Loss{Shared: spoilt, Problem: "it is not known state of connsync", LastRead: last, Known: []string{"a", "b"}}},
		"a broken ref":      {store(t, alone), alone, state.Loss{Problem: "its file does not hold the name of a commit"}},
		"an object is gone": {store(t, lost), lost, state.Loss{Local: second, Problem: "a part of it is not in this clone", LastRead: first, Known: []string{"a"}}},
	} {
		t.Run(name, func(t *testing.T) {
			c.want.Ref = state.Ref("prod")
			before := ""
			if c.want.Local+c.want.Shared != "" {
				before = run(t, c.dir, "rev-parse", state.Ref("prod"))
			}
			var said state.Loss
			if _, err := c.store.Rebuild(ctx, 0, func(l state.Loss) error { said = l; return no }); !errors.Is(err, no) {
				t.Errorf("%v", err)
			}
			if fmt.Sprint(said) != fmt.Sprint(c.want) {
				t.Errorf("%+v\nwant %+v", said, c.want)
			}
			if before != "" && run(t, c.dir, "rev-parse", state.Ref("prod")) != before {
				t.Error("the ref moved")
			}
		})
	}
	if text, err := os.ReadFile(file(alone, state.Ref("prod"))); err != nil || string(text) != "x\n" {
		t.Errorf("%q %v", text, err)
	}
}

// A state fetched from a remote is not lost, unless it is another target's, another home's, or no state.
func TestWhatWasFetchedIsNotLost(t *testing.T) {
	m := machines(t, 1)[0]
	l := m.locked()
	good := commit(t, l, put("a")).Commit
	_ = l.Close()
	bad, packed, alone := spoil(t, m.clone, good), false, repository(t)
	run(t, alone, "fetch", "-q", m.clone, state.Ref("prod"), bad)
	for ref, c := range map[string]struct {
		commit   string
		restored bool
	}{
		"refs/remotes/origin/connsync-state/prod":     {good, true},
		"refs/remotes/up-stream/connsync-state/prod":  {good, true},
		"refs/remotes/origin/connsync-state/test":     {good, false},
		"refs/remotes/origin/x/connsync-state/prod":   {good, false},
		"refs/tags/origin/connsync-state/prod":        {good, false},
		"refs/remotes/origin/connsync-state/prod-old": {good, false},
		"refs/remotes/other/connsync-state/prod":      {bad, false},
	} {
		packed = !packed
		_ = os.Remove(file(alone, state.Ref("prod")))
		_ = os.Remove(file(alone, "packed-refs"))
		_ = os.RemoveAll(file(alone, "refs/remotes"))
		if packed {
			overwrite(t, file(alone, "packed-refs"), c.commit+" "+ref+"\n")
		} else {
			overwrite(t, file(alone, ref), c.commit+"\n")
		}
		overwrite(t, file(alone, state.Ref("prod")), "")
		done, err := store(t, alone).Rebuild(ctx, 0, agreed)
		if restored := done.From == ref && done.Commit == good; err != nil || restored != c.restored || !restored && done.From != "" {
			t.Errorf("%s, packed %v: %+v %v", ref, packed, done, err)
		}
		if head := run(t, alone, "rev-parse", state.Ref("prod")); head != done.Commit {
			t.Errorf("%s, packed %v: the ref is at %s", ref, packed, head)
		}
	}
}

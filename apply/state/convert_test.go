package state_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"connsync/apply/state"
	"connsync/diff"
)

const (
	header1 = `{"schema":1,"target":"prod","place":{"region":"cn-north-4","project_id":"p","workspace_id":"w"}}` + "\n"
	open1   = `{"schema":1}` + "\n"
)

// line1 is an entry of schema 1.
func line1(name, more string) string {
	return `{"name":"` + name + `","id":"id-` + name + `"` + more + `,"plugin":{"component_id":"c","component_version_id":"v"}}` + "\n"
}

// What schema 1 did not say is believed only where the log shows a write.
func TestTheLogTellsWhatSchema1Wrote(t *testing.T) {
	dir := repository(t)
	entries := header1 + line1("adopted", `,"unverified":true`) + line1("created", "") + line1("failed", "") + line1("found", `,"unverified":true`) +
		line1("renamed", "") + line1("restamped", "") + line1("taken", "") + line1("unknown", "") + line1("updated", "")
	for _, message := range []string{
		"prod: 4 created, 1 adopted\n\ncreated created id-created (request r1)\ncreated old id-renamed (request r2)\nadopted adopted id-adopted\nadopted taken id-taken (request r3)\nfailed failed id-failed (request r4)\nunknown unknown id-unknown (request r5)",
		"prod: 1 updated\n\nupdated updated id-updated\n\nRun: created x id-found (request r6)\nActor: updated restamped id-restamped",
	} {
		plantOn(t, dir, entries, open1, message)
	}
	want := map[string]diff.Written{
		"adopted": diff.WrittenNever, "created": diff.WrittenConfirmed, "failed": diff.WrittenNever, "found": diff.WrittenNever, "renamed": diff.WrittenConfirmed,
		"restamped": diff.WrittenNever, "taken": diff.WrittenConfirmed, "unknown": diff.WrittenNever, "updated": diff.WrittenConfirmed,
	}
	l := locked(t, store(t, dir))
	before := l.Snapshot()
	if got := written(before); !cmp.Equal(got, want) {
		t.Error(cmp.Diff(want, got))
	}
	if same := commit(t, l, new(state.Edit).Say(state.Message{Subject: "nothing"})); same.Commit != before.Commit {
		t.Error("a state was converted that nobody changed")
	}
	commit(t, l, put("z"))
	after, err := store(t, dir).Read(ctx)
	want["z"] = ""
	if got := written(after); err != nil || !cmp.Equal(got, want) {
		t.Errorf("%v\n%s", err, cmp.Diff(want, got))
	}
	if text := run(t, dir, "show", "connsync-state/prod:known.jsonl"); !strings.HasPrefix(text, `{"schema":2,`) || !strings.Contains(text, `{"name":"created","id":"id-created","written":"confirmed"`) {
		t.Errorf("not converted:\n%s", text)
	}
}

func written(s state.Snapshot) map[string]diff.Written {
	out := map[string]diff.Written{}
	for name, k := range s.Known {
		out[name] = k.Written
	}
	return out
}

// A clone without the history cannot tell: nothing is believed, and nothing denied, by conversion alone.
func TestWithoutItsHistorySchema1StaysUnsaid(t *testing.T) {
	origin := repository(t)
	for _, message := range []string{"prod: 1 created\n\ncreated a id-a (request r1)", "prod: 1 updated\n\nupdated b id-b (request r2)"} {
		plantOn(t, origin, header1+line1("a", "")+line1("b", ""), open1, message)
	}
	dir := repository(t)
	run(t, dir, "fetch", "-q", "--depth=1", "file://"+origin, "+connsync-state/prod:connsync-state/prod")
	l := locked(t, store(t, dir))
	want := map[string]diff.Written{"a": diff.WrittenUnsaid, "b": diff.WrittenConfirmed}
	if got := written(l.Snapshot()); !cmp.Equal(got, want) {
		t.Error(cmp.Diff(want, got))
	}
	commit(t, l, put("c"))
	run(t, dir, "fetch", "-q", "--unshallow", "file://"+origin, "connsync-state/prod")
	want = map[string]diff.Written{"a": diff.WrittenConfirmed, "b": diff.WrittenConfirmed, "c": ""}
	if s, err := store(t, dir).Read(ctx); err != nil || !cmp.Equal(written(s), want) {
		t.Errorf("with its history again: %v %v", written(s), err)
	}
}

// A later version may add members anywhere without a new schema: they are written back as they were.
func TestMembersOfALaterVersionAreKept(t *testing.T) {
	for _, schema := range []string{"1", "2"} {
		dir := repository(t)
		known := `{"schema":` + schema + `,"target":"prod","place":{"region":"cn-north-4","project_id":"p","workspace_id":"w","site":{"a":[1,2.50]}},"quota":12345678901234567890}` + "\n" +
			`{"name":"a","id":"id-a","plugin":{"component_id":"c","component_version_id":"v","kind":"k"},"color":null}` + "\n" +
			`{"name":"b","id":"id-b","plugin":{"component_id":"c","component_version_id":"v"},"tags":{"x":"<&>"}}` + "\n"
		open := `{"schema":` + schema + `,"run":{"id":"r1","started":"2026-01-02T03:04:05Z","expires":"2026-01-02T03:19:05Z","lane":3},"mode":"fast"}` + "\n" +
			`{"name":"a","kind":"update","id":"id-a","run":"r1","expires":"2026-01-02T03:19:05Z","why":"x"}` + "\n"
		plant(t, dir, known, open)
		l := locked(t, store(t, dir))
		changed, renamed := known1(l, "a"), known1(l, "b")
		changed.Protect, renamed.Name = true, "c"
		commit(t, l, new(state.Edit).Record(changed, renamed).Forget("", "b").Say(state.Message{Subject: "x"}))
		text := run(t, dir, "show", "connsync-state/prod:known.jsonl")
		lines := strings.Split(text, "\n")
		for n, wants := range [][]string{
			{`"quota":12345678901234567890`, `"site":{"a":[1,2.50]}`, `"schema":2`}, {`"color":null`, `"kind":"k"`, `"protect":true`}, {`"name":"c"`, `"tags":{"x":"<&>"}`},
		} {
			for _, want := range wants {
				if !strings.Contains(lines[n], want) {
					t.Errorf("schema %s: line %d lost %s:\n%s", schema, n, want, lines[n])
				}
			}
		}
		if text := run(t, dir, "show", "connsync-state/prod:intents.jsonl"); !strings.Contains(text, `"lane":3`) || !strings.Contains(text, `"mode":"fast"`) || !strings.Contains(text, `"why":"x"`) {
			t.Errorf("schema %s: lost of the intents:\n%s", schema, text)
		}
		commit(t, l, new(state.Edit).Settle("a").EndRun().Forget("", "c").Say(state.Message{Subject: "y"}))
		if text := run(t, dir, "show", "connsync-state/prod:known.jsonl"); strings.Contains(text, "tags") || !strings.Contains(text, `{"name":"c","past":{"id":"id-b","at":"2026-01-02T03:04:05Z"}}`) {
			t.Errorf("schema %s: a connection that is gone:\n%s", schema, text)
		}
	}
}

func known1(l *state.Session, name string) diff.Known { return *l.Snapshot().Known[name] }

// What connsync of schema 1 did with a header, kept as it was: it refuses what is newer, by its name, and changes nothing.
func TestAnOldConnsyncRefusesWhatThisOneWrites(t *testing.T) {
	dir := repository(t)
	plantOn(t, dir, header1+line1("a", ""), open1, "prod: 1 created\n\ncreated a id-a (request r1)")
	commit(t, locked(t, store(t, dir)), put("b"))
	for _, file := range []string{"known.jsonl", "intents.jsonl"} {
		first, _, _ := strings.Cut(run(t, dir, "show", "connsync-state/prod:"+file), "\n")
		var any struct {
			Schema int `json:"schema"`
		}
		if json.Unmarshal([]byte(first), &any) != nil || any.Schema < 1 || any.Schema == 1 {
			t.Errorf("schema 1 would read %s: %s", file, first)
		}
	}
}

// A state of a later schema says so to every command able to change it, and stays as it is, whatever its files are.
func TestANewerStateIsLeftAlone(t *testing.T) {
	for _, more := range []string{"", "known-0.jsonl", "zebra"} {
		dir := repository(t)
		files := map[string]string{"known.jsonl": strings.Replace(header1, ":1", ":4", 1) + "whatever\n", "intents.jsonl": open1}
		if more != "" {
			files[more] = "whatever"
		}
		plantFiles(t, dir, files, "x")
		leftAlone(t, dir)
	}
}

func leftAlone(t *testing.T, dir string) {
	t.Helper()
	before := run(t, dir, "rev-parse", "connsync-state/prod")
	_, read := store(t, dir).Read(ctx)
	_, locked := store(t, dir).Lock(ctx, time.Second)
	_, unlocked := store(t, dir).Unlock(ctx, "r1")
	for what, err := range map[string]error{"read": read, "lock": locked, "unlock": unlocked} {
		var newer *state.SchemaError
		if !errors.As(err, &newer) || newer.Schema != 4 || err.Error() != "refs/heads/connsync-state/prod: written by a newer connsync (schema 4)" {
			t.Errorf("%s: %v", what, err)
		}
	}
	if run(t, dir, "rev-parse", "connsync-state/prod") != before {
		t.Error("it was changed")
	}
}

// The name of a gone connection keeps its id and the largest counter of its seals, also when it is known again.
func TestWhatIsGoneIsRemembered(t *testing.T) {
	dir := repository(t)
	l := locked(t, store(t, dir))
	sealed := func(n int64) diff.Known {
		k := known("a")
		k.Seal = &diff.Seal{Settings: "s", N: n, Digest: "d", Sealed: true}
		return k
	}
	at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	for _, step := range []struct {
		edit *state.Edit
		want map[string]diff.Past
	}{
		{new(state.Edit).Record(sealed(9)), map[string]diff.Past{}},
		{new(state.Edit).Forget("", "a"), map[string]diff.Past{"a": {ID: "id-a", At: at, N: 9}}},
		{new(state.Edit).Record(sealed(5)), map[string]diff.Past{"a": {ID: "id-a", At: at, N: 9}}},
		{new(state.Edit).Forget("", "a"), map[string]diff.Past{"a": {ID: "id-a", At: at, N: 9}}},
		{new(state.Edit).Record(known("b")), map[string]diff.Past{"a": {ID: "id-a", At: at, N: 9}}},
		{new(state.Edit).Forget("", "b"), map[string]diff.Past{"a": {ID: "id-a", At: at, N: 9}, "b": {ID: "id-b", At: at}}},
	} {
		commit(t, l, step.edit.Say(state.Message{Subject: "x"}))
		if s, err := store(t, dir).Read(ctx); err != nil || !cmp.Equal(s.Past, step.want) {
			t.Errorf("%v: %v\n%s", step.edit, err, cmp.Diff(step.want, s.Past))
		}
	}
}

// A rename forgets nothing, and what shares a state is listed once, in order.
func TestHomesAreASet(t *testing.T) {
	dir := repository(t)
	for _, home := range []string{"b.example/x", "a.example/y", "b.example/x"} {
		s := opened(t, dir, func(r *state.Repo) { r.Home = home })
		if err := s.Accept(home); err != nil {
			t.Fatal(err)
		}
		l := locked(t, s)
		commit(t, l, put("a"))
		_ = l.Close()
	}
	l := locked(t, store(t, dir))
	commit(t, l, put("b"))
	if s, err := store(t, dir).Read(ctx); err != nil || !cmp.Equal(s.Homes, []string{"a.example/y", "b.example/x"}) {
		t.Errorf("%v %v", s.Homes, err)
	}
	k := known("a")
	k.Name = "z"
	commit(t, l, new(state.Edit).Record(k).Forget("", "a").Say(state.Message{Subject: "renamed"}))
	if s, err := store(t, dir).Read(ctx); err != nil || len(s.Past) != 0 || s.Of("z").ID != "id-a" {
		t.Errorf("%+v %v", s, err)
	}
}

package state

import (
	"bytes"
	"fmt"
	"testing"
	"time"

	"connsync/diff"
	"connsync/secrets"
)

// What an edit changes of a state that was read is written anew, and the rest as it stood: byte for byte what a state without any memory of lines gives.
func TestLinesThatWereReadAreWrittenAsTheyWere(t *testing.T) {
	record := func(name string) diff.Known {
		return diff.Known{
			Name: name, ID: "id-" + name, UpdateTime: "t", Modifier: "müller", Protect: name == "b", Written: diff.WrittenConfirmed, Plugin: diff.Plugin{ComponentID: "c", VersionID: "v", Component: "Edr", Version: "1"},
			Clear:   secrets.TableOf(map[secrets.Path]diff.Digests{"name": {Want: "w", Have: "h"}, "config.x": {Want: "w"}}),
			Secrets: secrets.TableOf(map[secrets.Path]secrets.Fingerprint{"config.p": "f"}), Marks: secrets.TableOf(map[secrets.Path]string{"config.p": "m", "seal": "s"}),
			Keys: "k", File: name + ".yaml", Blob: "b", Commit: "c", Dirty: name == "c", LastModified: "l", MAC: "m", Adopted: "a", Seal: &diff.Seal{Settings: "s", N: 7, Digest: "d", Sealed: true, Secrets: true}, Checked: "x",
		}
	}
	begin := Snapshot{Known: map[string]*diff.Known{}}
	for i := range 20 {
		k := record(fmt.Sprintf("%c", 'a'+i))
		begin.Known[k.Name] = &k
	}
	bare := diff.Known{Name: "bare", ID: "1", Seal: &diff.Seal{}}
	begin.Known["bare"] = &bare
	text, intents := textsOf(begin)
	s, _, problem := decode("prod", texts{known: string(text), intents: string(intents)})
	if problem != "" || len(s.lines) != len(begin.Known) {
		t.Fatalf("%d of %d lines are kept: %s", len(s.lines), len(begin.Known), problem)
	}
	changed := record("c")
	changed.UpdateTime = "later"
	moved := record("e")
	moved.Name = "zz"
	again := record("d")
	for what, e := range map[string]*Edit{
		"nothing": {}, "a record": new(Edit).Record(changed), "the same once more": new(Edit).Record(again), "gone": new(Edit).Forget("c9", "c", "nobody"), "renamed": new(Edit).Record(moved).Forget("", "e"),
		"new": new(Edit).Record(record("new")), "place": new(Edit).In(diff.Place{Region: "r"}), "gone and back": new(Edit).Forget("", "d").Record(again),
	} {
		after := e.apply(s, time.Unix(1800000000, 0))
		got, _ := textsOf(after)
		after.lines = nil
		if want, _ := textsOf(after); !bytes.Equal(got, want) {
			t.Errorf("%s: written\n%s, and without lines\n%s", what, got, want)
		}
		if what == "nothing" && !bytes.Equal(got, text) || what == "renamed" && bytes.Contains(got, []byte(`{"name":"e","id"`)) {
			t.Errorf("%s: %s", what, got)
		}
		if known, _ := e.changes(s, e.apply(s, time.Unix(1800000000, 0))); known != (what != "nothing" && what != "the same once more") && what != "gone and back" {
			t.Errorf("%s changes known.jsonl: %t", what, known)
		}
	}
}

// A line that encodeLine would not write is for package json: it is read all the same, and not written back as it stood.
func TestOnlyWrittenLinesAreKept(t *testing.T) {
	const line = `{"name":"a","id":"1","plugin":{"component_id":"c","component_version_id":"v"},"clear":{"config.x":["w",""],"name":["w","h"]},"seal":{"settings":"s","n":7},"checked":"x"}`
	if _, ok := new(quick).known(line + "\n"); !ok {
		t.Fatal("a written line is not read in one pass")
	}
	for was, is := range map[string]string{
		`{"name"`: ` {"name"`, `,"id"`: `, "id"`, `"id":"1"`: `"id":""`, `"n":7`: `"n":0`, `"n":7}`: `"n":7.0}`, `"checked":"x"`: `"checked":""`, `"checked":"x"}`: `"checked":"x","dirty":true}`,
		`"x"}`: `"x","past":{"id":"1","at":"2026-01-02T03:04:05Z"}}`, `"config.x":["w",""],"name":["w","h"]`: `"name":["w","h"],"config.x":["w",""]`, `["w",""]`: `["w"]`, `"v"}`: `"v","component":""}`,
		`"a"`: `"\u0061"`, `"checked":`: `"protect":false,"checked":`, `"clear":{`: `"clear":{},"x":{`, `"settings":"s"`: "\"settings\":\"\u2028\"",
	} {
		other := bytes.Replace([]byte(line), []byte(was), []byte(is), 1)
		if bytes.Equal(other, []byte(line)) {
			t.Fatalf("%s is not in the line", was)
		}
		if _, ok := new(quick).known(string(other) + "\n"); ok {
			t.Errorf("taken for a written line: %s", other)
		}
	}
	for _, cut := range []string{"", line, line + "\n\n", line[:len(line)-1] + "\n"} {
		if _, ok := new(quick).known(cut); ok {
			t.Errorf("taken for a written line: %q", cut)
		}
	}
}

// A header of a known schema that says something else than headers do is refused.
func TestAHeaderOfOtherTypesCannotBeRead(t *testing.T) {
	for known, intents := range map[string]string{`{"schema":2,"target":5}` + "\n": `{"schema":2}` + "\n", `{"schema":2,"target":"prod","place":{}}` + "\n": `{"schema":2,"run":5}` + "\n"} {
		if _, newer, problem := decode("prod", texts{known: known, intents: intents}); newer != 0 || problem != "its header cannot be read" {
			t.Errorf("%s%s: %d, %q", known, intents, newer, problem)
		}
	}
}

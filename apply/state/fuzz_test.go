package state

import (
	"bytes"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"connsync/diff"
	"connsync/secrets"
)

// FuzzState: whatever stands under the ref is refused, or is a state, and then it is written back as it was read.
func FuzzState(f *testing.F) {
	at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	k := diff.Known{
		Name: "a", ID: "1", UpdateTime: "t", Modifier: "m", Protect: true, Unverified: true, Plugin: diff.Plugin{ComponentID: "c", VersionID: "v"},
		Clear:   secrets.TableOf(map[secrets.Path]diff.Digests{"name": {Want: "w", Have: "h"}, "config.x": {Want: "w"}}),
		Secrets: secrets.TableOf(map[secrets.Path]secrets.Fingerprint{"config.p": "f"}), Marks: secrets.TableOf(map[secrets.Path]string{"config.p": "m"}), Keys: "k", File: "f", Commit: "c", LastModified: "l",
	}
	sealed := k
	sealed.Name, sealed.Written, sealed.Blob, sealed.Dirty, sealed.Adopted, sealed.Seal = "b", diff.WrittenUnconfirmed, "b", true, "1", &diff.Seal{Settings: "s", N: 1, Sealed: true}
	for _, s := range []Snapshot{
		{Homes: []string{"h/p"}, AppliedDirty: true, Known: map[string]*diff.Known{"a": &k, "b": &sealed}, Past: map[string]diff.Past{"b": {ID: "0", At: at, N: 2}, "c": {At: at}}},
		{}, {Place: diff.Place{Region: "r", WorkspaceID: "w"}, Applied: "c", AppliedAt: at, Known: map[string]*diff.Known{"a": &k}},
		{Run: &Run{ID: "r", Started: at, Expires: at}, Intents: map[string]Intent{"a": {Name: "a", Kind: diff.IntentCreate, Run: "r", Expires: at}}},
	} {
		known, intents := textsOf(s)
		f.Add(known, intents)
		f.Add(known[:len(known)-1], intents)
		f.Add(bytes.Replace(known, []byte(`"schema":2`), []byte(`"schema":1`), 1), intents)
		f.Add(bytes.Replace(known, []byte(`"schema":2`), []byte(`"schema":3`), 1), intents)
		f.Add(bytes.Replace(known, []byte(`"schema":2`), []byte(`"schema":4`), 1), intents)
		f.Add(bytes.ReplaceAll(known, []byte(`"name"`), []byte(`"x":{"y":1},"Protect":true,"name"`)), bytes.ReplaceAll(intents, []byte(`"schema"`), []byte(`"z":[],"schema"`)))
		f.Add(bytes.Repeat(known, 2), bytes.Repeat(intents, 2))
	}
	f.Add([]byte("{\"schema\":1,\"target\":\"prod\",\"place\":{}}\n{\"name\":\"b\"}\n{\"name\":\"a\"}\n"), []byte("{\"schema\":1}\n{\"name\":\"a\",\"expires\":\"9999-12-31T23:59:59-23:59\"}\n"))
	f.Add([]byte("{\"schema\":1,\"target\":\"prod\",\"place\":{}}\n{\"name\":\"a\"} {}\n"), []byte("{\"schema\":1}\n"))
	f.Fuzz(func(t *testing.T, known, intents []byte) {
		s, newer, problem := decode("prod", texts{known: string(known), intents: string(intents)})
		if newer != 0 || problem != "" {
			if newer != 0 && (problem != "" || readers[newer]) {
				t.Errorf("schema %d, %q", newer, problem)
			}
			return
		}
		again, same := textsOf(s)
		back, newer, problem := decode("prod", texts{known: string(again), intents: string(same)})
		if newer != 0 || problem != "" || back.Schema != schema || !cmp.Equal(s, back, cmpopts.IgnoreUnexported(Snapshot{}), cmpopts.IgnoreFields(s, "Schema")) {
			t.Fatalf("%q cannot be written back: %s\n%s", known, problem, cmp.Diff(s, back, cmpopts.IgnoreUnexported(Snapshot{})))
		}
		back.lines = nil
		if anew, _ := textsOf(back); !bytes.Equal(again, anew) {
			t.Errorf("a line that was read is written otherwise than anew:\n%s%s", again, anew)
		}
		parted, newer, problem := decode("prod", partsOf(s))
		if newer != 0 || problem != "" || parted.Schema != schemaParts || !cmp.Equal(s, parted, cmpopts.IgnoreUnexported(Snapshot{}), cmpopts.IgnoreFields(s, "Schema")) {
			t.Fatalf("%q cannot be written in parts: %s\n%s", known, problem, cmp.Diff(s, parted, cmpopts.IgnoreUnexported(Snapshot{})))
		}
		if k, i := textsOf(back); !bytes.Equal(k, again) || !bytes.Equal(i, same) {
			t.Errorf("two ways to write it:\n%s%s", again, k)
		}
		for name := range s.Known {
			if s.Of(name).Name != name || name == "" {
				t.Errorf("known %q under %q", s.Of(name).Name, name)
			}
		}
	})
}

// textsOf are the two files of a snapshot.
func textsOf(s Snapshot) (known, intents []byte) {
	s.Schema = schema
	return []byte(encodeKnown("prod", s, nil).known.String()), []byte(encodeIntents(s).String())
}

// partsOf are the files of a snapshot in parts.
func partsOf(s Snapshot) texts {
	s.Schema = schemaParts
	f := encodeKnown("prod", s, nil)
	t := texts{known: f.known.String(), intents: encodeIntents(s).String()}
	for _, part := range f.partly {
		t.partly = append(t.partly, part.String())
	}
	return t
}

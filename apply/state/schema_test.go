package state_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// golden is state as each schema version was written: these bytes are in users' repositories, and stay readable.
var golden = map[int]struct{ known, intents string }{
	1: {
		known: `{"schema":1,"target":"prod","place":{"region":"cn-north-4","project_id":"p","workspace_id":"w"},"applied":"c1","applied_at":"2026-01-02T03:04:05Z"}
{"name":"a","id":"id-a","update_time":"t","modifier":"m","protect":true,"unverified":true,"plugin":{"component_id":"c","component_version_id":"v","component":"Edr","version":"1"},"clear":{"config.x":["c",""],"name":["a","b"]},"secrets":{"config.password":"f"},"keys":"k","file":"connections/a.yaml","commit":"c1","last_modified":"l"}
{"name":"b","id":"id-b","plugin":{"component_id":"c","component_version_id":"v"}}
`,
		intents: `{"schema":1,"run":{"id":"r1","host":"h","actor":"a","job":"j","started":"2026-01-02T03:04:05Z","expires":"2026-01-02T03:19:05Z","commit":"c1"}}
{"name":"a","kind":"update","id":"id-a","run":"r1","expires":"2026-01-02T03:19:05Z"}
`,
	},
	2: {
		known: `{"schema":2,"target":"prod","homes":["example.org/team/connections"],"place":{"region":"cn-north-4","project_id":"p","workspace_id":"w"},"applied":"c1","applied_at":"2026-01-02T03:04:05Z","applied_dirty":true}
{"name":"a","id":"id-a","update_time":"t","modifier":"m","protect":true,"written":"unconfirmed","plugin":{"component_id":"c","component_version_id":"v","component":"Edr","version":"1"},"clear":{"config.x":["c",""],"name":["a","b"]},"secrets":{"config.password":"f"},"keys":"k","file":"connections/a.yaml","blob":"0a1b","commit":"c1","dirty":true,"last_modified":"l","mac":"m","adopted":"id-a","seal":{"settings":"s","n":1764144000123,"digest":"d","sealed":true,"secrets":true},"checked":"e0","past":{"id":"id-0","at":"2026-01-01T00:00:00Z","n":7}}
{"name":"b","id":"id-b","unverified":true,"plugin":{"component_id":"c","component_version_id":"v"}}
{"name":"gone","past":{"id":"id-gone","at":"2026-01-01T00:00:00Z"}}
`,
		intents: `{"schema":2,"run":{"id":"r1","host":"h","actor":"a","job":"j","started":"2026-01-02T03:04:05Z","expires":"2026-01-02T03:19:05Z","commit":"c1"}}
{"name":"a","kind":"update","id":"id-a","run":"r1","expires":"2026-01-02T03:19:05Z"}
`,
	},
}

// plant makes a state commit of two texts with Git itself, and makes the ref name it.
func plant(t *testing.T, dir, known, intents string) { plantOn(t, dir, known, intents, "x") }

// plantOn is plant with a message, on top of what the ref names.
func plantOn(t *testing.T, dir, known, intents, message string) {
	t.Helper()
	const ref = "refs/heads/connsync-state/prod"
	for name, text := range map[string]string{"known.jsonl": known, "intents.jsonl": intents} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	run(t, dir, "add", "known.jsonl", "intents.jsonl")
	args := []string{"commit-tree", "-m", message}
	if before := run(t, dir, "for-each-ref", "--format=%(objectname)", ref); before != "" {
		args = append(args, "-p", before)
	}
	run(t, dir, "update-ref", ref, run(t, dir, append(args, run(t, dir, "write-tree"))...))
}

func TestEverySchemaThatWasEverWrittenIsRead(t *testing.T) {
	dir := repository(t)
	commit(t, locked(t, store(t, dir)), put("a"))
	var written struct{ Schema int }
	header, _, _ := strings.Cut(run(t, dir, "show", "connsync-state/prod:known.jsonl"), "\n")
	if err := json.Unmarshal([]byte(header), &written); err != nil || written.Schema != len(golden) {
		t.Fatalf("schema %d is written, %d are here (%v)", written.Schema, len(golden), err)
	}
	for schema := 1; schema <= len(golden); schema++ {
		dir := repository(t)
		plant(t, dir, golden[schema].known, golden[schema].intents)
		l := locked(t, store(t, dir))
		read := l.Snapshot()
		if len(read.Known) != 2 || read.Run == nil || read.Run.ID != "r1" || read.Intents["a"].ID != "id-a" || !read.Known["a"].Protect {
			t.Errorf("schema %d: %+v", schema, read)
		}
		commit(t, l, put("c").Applied("c1", read.AppliedAt, read.AppliedDirty)) // this writes the newest schema, and loses nothing
		got, err := store(t, dir).Read(ctx)
		delete(got.Known, "c")
		if read.Schema != schema || got.Schema != len(golden) {
			t.Errorf("schema %d is read as %d, and written as %d", schema, read.Schema, got.Schema)
		}
		if got.Commit, got.Schema = read.Commit, read.Schema; err != nil || !cmp.Equal(got, read, onlySaid) {
			t.Errorf("schema %d: %v\n%s", schema, err, cmp.Diff(read, got, onlySaid))
		}
	}
}

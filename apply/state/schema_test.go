package state_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"connsync/apply/state"
)

// golden is state as each schema version was written: these bytes are in users' repositories, and stay readable.
var golden = map[int]struct {
	known, intents string
	parts          map[string]string // those with lines
}{
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
	3: {
		known: `{"schema":3,"connections":2,"target":"prod","homes":["example.org/team/connections"],"place":{"region":"cn-north-4","project_id":"p","workspace_id":"w"},"applied":"c1","applied_at":"2026-01-02T03:04:05Z","applied_dirty":true}
`,
		intents: `{"schema":2,"run":{"id":"r1","host":"h","actor":"a","job":"j","started":"2026-01-02T03:04:05Z","expires":"2026-01-02T03:19:05Z","commit":"c1"}}
{"name":"a","kind":"update","id":"id-a","run":"r1","expires":"2026-01-02T03:19:05Z"}
`,
		parts: map[string]string{
			"known-c.jsonl": `{"name":"a","id":"id-a","update_time":"t","modifier":"m","protect":true,"written":"unconfirmed","plugin":{"component_id":"c","component_version_id":"v","component":"Edr","version":"1"},"clear":{"config.x":["c",""],"name":["a","b"]},"secrets":{"config.password":"f"},"keys":"k","file":"connections/a.yaml","blob":"0a1b","commit":"c1","dirty":true,"last_modified":"l","mac":"m","adopted":"id-a","seal":{"settings":"s","n":1764144000123,"digest":"d","sealed":true,"secrets":true},"checked":"e0","past":{"id":"id-0","at":"2026-01-01T00:00:00Z","n":7}}
`,
			"known-3.jsonl": `{"name":"b","id":"id-b","unverified":true,"plugin":{"component_id":"c","component_version_id":"v"}}
`,
			"known-2.jsonl": `{"name":"gone","past":{"id":"id-gone","at":"2026-01-01T00:00:00Z"}}
`,
		},
	},
}

// plant makes a state commit of two texts with Git itself, and makes the ref name it.
func plant(t *testing.T, dir, known, intents string) { plantOn(t, dir, known, intents, "x") }

// plantOn is plant with a message, on top of what the ref names.
func plantOn(t *testing.T, dir, known, intents, message string) {
	t.Helper()
	plantFiles(t, dir, map[string]string{"known.jsonl": known, "intents.jsonl": intents}, message)
}

func plantFiles(t *testing.T, dir string, files map[string]string, message string) {
	t.Helper()
	const ref = "refs/heads/connsync-state/prod"
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		run(t, dir, "add", name)
	}
	args := []string{"commit-tree", "-m", message}
	if before := run(t, dir, "for-each-ref", "--format=%(objectname)", ref); before != "" {
		args = append(args, "-p", before)
	}
	run(t, dir, "update-ref", ref, run(t, dir, append(args, run(t, dir, "write-tree"))...))
}

// plantGolden plants the state of a schema.
func plantGolden(t *testing.T, schema int) (dir string) {
	t.Helper()
	dir = repository(t)
	files := map[string]string{"known.jsonl": golden[schema].known, "intents.jsonl": golden[schema].intents}
	if golden[schema].parts != nil {
		for _, part := range partNames() {
			files[part] = golden[schema].parts[part]
		}
	}
	plantFiles(t, dir, files, "x")
	return dir
}

// schemaWritten is the one that a store writes.
func schemaWritten(t *testing.T, store func(t testing.TB, dir string) *state.Store) int {
	t.Helper()
	dir := repository(t)
	commit(t, locked(t, store(t, dir)), put("a"))
	var written struct{ Schema int }
	header, _, _ := strings.Cut(run(t, dir, "show", "connsync-state/prod:known.jsonl"), "\n")
	if err := json.Unmarshal([]byte(header), &written); err != nil {
		t.Fatal(err)
	}
	return written.Schema
}

func TestEverySchemaThatWasEverWrittenIsRead(t *testing.T) {
	inParts := func(t testing.TB, dir string) *state.Store { return partly(t, dir) }
	whole := func(t testing.TB, dir string) *state.Store { return store(t, dir) }
	for form, newest := range map[*func(testing.TB, string) *state.Store]int{&whole: len(golden) - 1, &inParts: len(golden)} {
		if written := schemaWritten(t, *form); written != newest {
			t.Fatalf("schema %d is written, %d are here", written, len(golden))
		}
		for schema := 1; schema <= len(golden); schema++ {
			dir := plantGolden(t, schema)
			l := locked(t, (*form)(t, dir))
			read := l.Snapshot()
			if len(read.Known) != 2 || read.Run == nil || read.Run.ID != "r1" || read.Intents["a"].ID != "id-a" || !read.Of("a").Protect {
				t.Errorf("schema %d: %+v", schema, read)
			}
			commit(t, l, put("c").Applied("c1", read.AppliedAt, read.AppliedDirty)) // this writes the newest schema, and loses nothing
			got, err := store(t, dir).Read(ctx)
			delete(got.Known, "c")
			if read.Schema != schema || got.Schema != newest {
				t.Errorf("schema %d is read as %d, and written as %d", schema, read.Schema, got.Schema)
			}
			if got.Commit, got.Schema = read.Commit, read.Schema; err != nil || !cmp.Equal(got, read, onlySaid) {
				t.Errorf("schema %d: %v\n%s", schema, err, cmp.Diff(read, got, onlySaid))
			}
		}
	}
}

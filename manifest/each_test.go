package manifest_test

import (
	"fmt"
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"

	"connsync/manifest"
)

// opened counts the opened files.
type opened struct {
	fstest.MapFS
	n int
}

func (o *opened) Open(name string) (fs.File, error) {
	if strings.HasSuffix(name, ".yaml") {
		o.n++
	}
	return o.MapFS.Open(name)
}

// ReadFile hides the one of the map: it opens nothing.
func (o *opened) ReadFile(name string) ([]byte, error) {
	o.n++
	return o.MapFS.ReadFile(name)
}

func manifestOf(name, more string) *fstest.MapFile {
	return &fstest.MapFile{Data: []byte(fmt.Sprintf("connections:\n  prod:\n    %s: {component: A, version: '1', config: {host: a%s}}\n", name, more))}
}

func namesIn(t *testing.T, files fstest.MapFS, enough int) (names []string, read int) {
	t.Helper()
	o := &opened{MapFS: files}
	p, err := manifest.ReadProject("connsync.yaml", []byte("targets:\n  prod: {region: cn-north-4, workspace_id: 11111111-2222-4333-8444-555555555555}\n"))
	if err != nil {
		t.Fatal(err)
	}
	manifest.Each(o, p, func(c *manifest.Connection) bool {
		names = append(names, c.Name)
		return len(names) != enough
	})
	return names, o.n
}

// A look at names passes over what cannot be read, ends where it was told to, and is bounded: by files, and by their size.
func TestALookAtNamesIsBounded(t *testing.T) {
	files := fstest.MapFS{"connections/b.yaml": {Data: []byte("connections: [")}}
	for i := range 900 {
		files[fmt.Sprintf("connections/c%03d.yaml", i)] = manifestOf(fmt.Sprintf("n%03d", i), "")
	}
	names, read := namesIn(t, files, -1)
	if len(names) != 599 || read != 600 || names[598] != "n598" {
		t.Errorf("%d names of %d files: %v", len(names), read, names)
	}
	if names, read = namesIn(t, files, 5); len(names) != 5 || read != 6 {
		t.Errorf("%d names of %d files", len(names), read)
	}
	files = fstest.MapFS{"connections/a.yaml": manifestOf("a", ""), "connections/b.yaml": manifestOf("b", strings.Repeat("b", 1<<20)), "connections/c.yaml": manifestOf("c", "")}
	if names, read = namesIn(t, files, -1); fmt.Sprint(names) != "[a]" || read != 2 {
		t.Errorf("%v of %d files", names, read)
	}
	if names, _ = namesIn(t, fstest.MapFS{}, -1); names != nil {
		t.Errorf("%v of no folder", names)
	}
}

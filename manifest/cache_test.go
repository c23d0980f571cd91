package manifest_test

import (
	"io/fs"
	"path"
	"sync/atomic"
	"testing"
	"testing/fstest"

	"connsync/manifest"
)

// counted is a tree. It counts what is read of it, and knows every content's hash as a commit's tree does.
type counted struct {
	fstest.MapFS
	reads atomic.Int64
}

func (c *counted) ReadFile(name string) ([]byte, error) {
	if base := path.Base(name); base != manifest.RulesFile && base != manifest.PluginsFile {
		c.reads.Add(1)
	}
	return fs.ReadFile(c.MapFS, name)
}

func (c *counted) BlobHash(name string) string { return manifest.BlobHash(c.MapFS[name].Data) }

// What two commits share is read once: Git's own hashes tell.
func TestUnchangedBlobsAreNotReadTwice(t *testing.T) {
	head := files("connections/a.yaml", connection("a", "        x: 1\n"), "connections/b.yaml", connection("b", "        x: 1\n"), "connections/c.yaml", connection("c", "        x: 1\n"))
	base := &counted{MapFS: files("connections/a.yaml", connection("a", "        x: 1\n"), "connections/b.yaml", connection("b", "        x: 2\n"), "connections/moved.yaml", connection("c", "        x: 1\n"))}
	p, err := manifest.LoadProject(head, manifest.ProjectFile)
	if err != nil {
		t.Fatal(err)
	}
	var cache manifest.Cache
	if _, ms, err := manifest.Survey(head, p, &cache); err != nil || len(ms) > 0 {
		t.Fatalf("%v %v", ms, err)
	}
	s, ms, err := manifest.Survey(base, p, &cache)
	if err != nil || len(ms) > 0 || len(s.Connections) != 3 {
		t.Fatalf("%v %v %d", ms, err, len(s.Connections))
	}
	if n := base.reads.Load(); n != 2 { // what differs, and what has another name
		t.Errorf("%d files are read", n)
	}
	if s.Connections[2].Pos.File != "connections/moved.yaml" {
		t.Errorf("a position of another file: %v", s.Connections[2].Pos)
	}
	// Under another policy everything is checked anew.
	p.Secrets.FullMAC = true
	if _, _, err := manifest.Survey(base, p, &cache); err != nil || base.reads.Load() != 5 {
		t.Errorf("%d files are read, %v", base.reads.Load(), err)
	}
}

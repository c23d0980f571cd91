package gitfs_test

import (
	"compress/zlib"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-git/go-git/v5/plumbing"
)

// prepared are repositories made once and copied by tests: a copy starts no program.
var prepared struct {
	once   sync.Once
	folder string // of origin; of server.git, a bare clone of it for pushes; and of clones of that one
}

// preparedCopy copies one of the prepared repositories: origin, server.git, clone or shallow.
func preparedCopy(t testing.TB, name, to string) string {
	t.Helper()
	prepared.once.Do(func() { prepare(t) })
	if err := os.CopyFS(to, os.DirFS(filepath.Join(prepared.folder, name))); err != nil {
		t.Fatal(err)
	}
	return to
}

// prepare makes the repositories to copy. Origin has three commits on main, a tag and a branch.
func prepare(t testing.TB) {
	t.Helper()
	top, err := os.MkdirTemp("", "prepared")
	if err != nil {
		t.Fatal(err)
	}
	prepared.folder = top
	dir, bare := filepath.Join(top, "origin"), filepath.Join(top, "server.git")
	run(t, top, "init", "-q", "--template=", "-b", "main", dir)
	for i := range 3 {
		write(t, dir, "connsync.yaml", "targets: {}\n")
		write(t, dir, "connections/a.yaml", fmt.Sprintf("version: %d\n", i))
		write(t, dir, "connections/deep/b.yml", "b: 1\n")
		write(t, dir, "other/c.yaml", "c: 1\n")
		run(t, dir, "add", "-A")
		run(t, dir, "commit", "-q", "-m", fmt.Sprint("c", i))
	}
	run(t, dir, "tag", "-a", "v1", "-m", "v1", "HEAD~1")
	run(t, dir, "branch", "feature/x", "HEAD~2")
	run(t, top, "clone", "-q", "--template=", "--bare", dir, bare)
	run(t, bare, "config", "http.receivepack", "true")
	run(t, bare, "config", "receive.autogc", "false") // two programs less for each push
	run(t, top, "clone", "-q", "--template=", bare, "clone")
	run(t, top, "clone", "-q", "--template=", "--depth=1", "file://"+bare, "shallow")
}

// leads has a copy of a prepared clone lead to an address.
func leads(t testing.TB, clone, address string) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(clone, ".git", "config"))
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(string(text), "\n")
	for i, line := range lines {
		if strings.HasPrefix(line, "\turl = ") {
			lines[i] = "\turl = " + address
		}
	}
	write(t, clone, ".git/config", strings.Join(lines, "\n"))
}

// object writes an object as Git does, and gives its name.
func object(t testing.TB, gitDir string, kind plumbing.ObjectType, text string) string {
	t.Helper()
	hash := plumbing.ComputeHash(kind, []byte(text)).String()
	name := filepath.Join(gitDir, "objects", hash[:2], hash[2:])
	if _, err := os.Stat(name); err == nil {
		return hash
	}
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		t.Fatal(err)
	}
	f, err := os.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	z := zlib.NewWriter(f)
	_, err = fmt.Fprintf(z, "%s %d\x00%s", kind, len(text), text)
	if err = errors.Join(err, z.Close(), f.Close()); err != nil {
		t.Fatal(err)
	}
	return hash
}

// commit writes a commit of a tree, on top of another one or of none.
func commit(t testing.TB, gitDir, tree, parent, message string) string {
	t.Helper()
	if parent != "" {
		parent = "parent " + parent + "\n"
	}
	by := fmt.Sprintf("t <t@example.invalid> %d +0000", time.Now().Unix())
	return object(t, gitDir, plumbing.CommitObject, fmt.Sprintf("tree %s\n%sauthor %s\ncommitter %s\n\n%s\n", tree, parent, by, by, message))
}

// child makes a commit without files on top of another one, or of none.
func child(t testing.TB, gitDir, parent string) string {
	t.Helper()
	return commit(t, gitDir, object(t, gitDir, plumbing.TreeObject, ""), parent, "state")
}

// stateCommit makes a commit with two files on a server, as known state has them, and gives its name.
func stateCommit(t testing.TB, bare, text, parent string) string {
	t.Helper()
	entry := func(name, content string) string {
		hash := plumbing.NewHash(object(t, bare, plumbing.BlobObject, content))
		return "100644 " + name + "\x00" + string(hash[:])
	}
	tree := entry("intents.jsonl", "i"+text) + entry("known.jsonl", "k"+text)
	made := commit(t, bare, object(t, bare, plumbing.TreeObject, tree), parent, text)
	write(t, bare, sharedRef, made+"\n")
	return made
}

// refAt is what a server's ref names; "" where there is none.
func refAt(t testing.TB, bare, ref string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(bare, filepath.FromSlash(ref)))
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(text))
}

func removeRef(t testing.TB, bare, ref string) {
	t.Helper()
	if err := os.Remove(filepath.Join(bare, filepath.FromSlash(ref))); err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
}

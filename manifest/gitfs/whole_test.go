package gitfs

import (
	"bytes"
	"compress/zlib"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/go-git/go-git/v5/plumbing"
)

// An object in a file of its own is sound where what is packed there has its name, and nothing else is.
func TestAnObjectOfItsOwnIsSoundWithItsContentOnly(t *testing.T) {
	dir := t.TempDir()
	put := func(name plumbing.Hash, packed []byte) string {
		file := filepath.Join(dir, "objects", name.String()[:2], name.String()[2:])
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, packed, 0o644); err != nil {
			t.Fatal(err)
		}
		return file
	}
	pack := func(text string) []byte {
		var b bytes.Buffer
		z := zlib.NewWriter(&b)
		fmt.Fprintf(z, "blob %d\x00%s", len(text), text)
		if err := z.Close(); err != nil {
			t.Fatal(err)
		}
		return b.Bytes()
	}
	text := string(bytes.Repeat([]byte("known state\n"), 10_000))
	name := plumbing.ComputeHash(plumbing.BlobObject, []byte(text))
	if looseSound(dir, name) || looseSound("", name) {
		t.Error("an object that is not there is sound")
	}
	file := put(name, pack(text))
	if !looseSound(dir, name) {
		t.Error("a whole object is not sound")
	}
	for what, packed := range map[string][]byte{"cut": pack(text)[:50], "another": pack(text + "x"), "empty": nil, "damaged": append(pack(text)[:len(pack(text))-1], 0)} {
		put(name, packed)
		if looseSound(dir, name) {
			t.Errorf("an object that is %s is sound", what)
		}
	}
	if err := os.Remove(file); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mkfifo(file, 0o644); err != nil {
		t.Fatal(err)
	}
	if looseSound(dir, name) {
		t.Error("a pipe is sound")
	}
}

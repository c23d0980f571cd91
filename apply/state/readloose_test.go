package state

import (
	"bytes"
	"compress/zlib"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/go-git/go-git/v5"
	"github.com/go-git/go-git/v5/plumbing"
)

// An object's own file is read where it is whole and named rightly. Anything else there is left to go-git, whatever it is: the object may be in a pack, and
// if it is nowhere, the error is what it always was.
func TestAnObjectIsReadFromItsOwnFile(t *testing.T) {
	s := bareStore(t)
	for _, text := range []string{"", "x", strings.Repeat("y", 511-len("blob 505\x00")), strings.Repeat("line\n", 100), strings.Repeat("0123456789", 100_000)} {
		hash := plumbing.ComputeHash(plumbing.BlobObject, []byte(text))
		if _, err := s.text(hash, mostObject); !errors.Is(err, errAbsent) {
			t.Fatalf("%d bytes that are nowhere: %v", len(text), err)
		}
		whole := plain{plumbing.BlobObject, pieces{text}}.loose()
		put(t, s, hash, whole)
		if got, err := s.readLoose(plumbing.BlobObject, hash, mostObject); err != nil || string(got) != text {
			t.Errorf("%d bytes: %d read, %v", len(text), len(got), err)
		}
		if !s.isWhole(plain{plumbing.BlobObject, pieces{text}}, s.loosePath(hash)) {
			t.Errorf("%d bytes: not taken for whole", len(text))
		}
		if _, err := s.readLoose(plumbing.CommitObject, hash, mostObject); err == nil {
			t.Errorf("%d bytes: a blob was taken for a commit", len(text))
		}
		for what, broken := range map[string][]byte{
			"nothing": nil, "no zlib": []byte("blob 0\x00"), "cut short": whole[:len(whole)-1], "without its sum": whole[:len(whole)-4],
			"longer": packed("blob %d\x00%s", len(text), text+"z"), "shorter": packed("blob %d\x00%s", len(text)+1, text),
			"another length": packed("blob x\x00%s", text), "no header": packed("%s", text), "too large": packed("blob %d\x00%s", mostObject+1, text),
		} {
			put(t, s, hash, broken)
			if got, err := s.text(hash, mostObject); err == nil && string(got) != text {
				t.Errorf("%d bytes, %s: read as %d bytes", len(text), what, len(got))
			}
			if s.isWhole(plain{plumbing.BlobObject, pieces{text}}, s.loosePath(hash)) {
				t.Errorf("%d bytes, %s: taken for whole", len(text), what)
			}
		}
	}
	pipe := plumbing.NewHash(strings.Repeat("ab", 20))
	if err := errors.Join(os.MkdirAll(filepath.Dir(s.loosePath(pipe)), 0o755), syscall.Mkfifo(s.loosePath(pipe), 0o644)); err != nil {
		t.Fatal(err)
	}
	if _, err := s.readLoose(plumbing.BlobObject, pipe, mostObject); err == nil {
		t.Error("a pipe was read")
	}
}

// bareStore is a store in an empty repository of its own.
func bareStore(t *testing.T) *Store {
	t.Helper()
	dir := t.TempDir()
	repo, err := git.PlainInit(dir, true)
	if err != nil {
		t.Fatal(err)
	}
	return &Store{repo: Repo{Git: repo, CommonDir: dir}, target: "prod", ref: Ref("prod")}
}

func put(t *testing.T, s *Store, hash plumbing.Hash, content []byte) {
	t.Helper()
	name := s.loosePath(hash)
	if err := errors.Join(os.MkdirAll(filepath.Dir(name), 0o755), os.WriteFile(name, content, 0o644)); err != nil {
		t.Fatal(err)
	}
}

func packed(format string, args ...any) []byte {
	var b bytes.Buffer
	z := zlib.NewWriter(&b)
	fmt.Fprintf(z, format, args...)
	_ = z.Close()
	return b.Bytes()
}

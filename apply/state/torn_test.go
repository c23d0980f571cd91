package state_test

import (
	"crypto/md5"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"connsync/apply/state"
)

var long = flag.Bool("io.long", false, "break a stored state at every bit and byte, instead of at one bit of one byte in three")

// sheet counts what was tried on a stored state, and what of it went wrong.
type sheet struct {
	t             *testing.T
	dir           string
	good          state.Snapshot
	cells, failed int
}

// recorded is a repository with known state of about 2 KiB, and what is to be read there.
func recorded(t *testing.T) *sheet {
	t.Helper()
	dir := repository(t)
	l := locked(t, store(t, dir))
	var names []string
	for i := range 24 {
		names = append(names, fmt.Sprintf("c%02d", i))
	}
	commit(t, l, put("before"))
	e := put()
	for i, name := range names {
		k := known(name)
		k.ID, k.Keys = fmt.Sprintf("%x", md5.Sum([]byte{1, byte(i)})), fmt.Sprintf("%x", md5.Sum([]byte{2, byte(i)}))
		e.Record(k)
	}
	good := commit(t, l, e)
	_ = l.Close()
	return &sheet{t: t, dir: dir, good: good}
}

// stored are the files below a folder of .git, by their paths.
func (s *sheet) stored(under string) map[string][]byte {
	s.t.Helper()
	out := map[string][]byte{}
	err := filepath.WalkDir(filepath.Join(s.dir, ".git", under), func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		if out[name], err = os.ReadFile(name); err != nil {
			return err
		}
		return os.Chmod(name, 0o644) // objects are read-only
	})
	if err != nil {
		s.t.Fatal(err)
	}
	return out
}

// try reads with one file replaced, and puts it back. What is read must be an error that says so, or what was written.
func (s *sheet) try(name string, broken []byte, what string, absentIsRight bool) {
	s.t.Helper()
	whole, err := os.ReadFile(name)
	if err != nil {
		s.t.Fatal(err)
	}
	s.overwrite(name, broken)
	defer s.overwrite(name, whole)
	s.cells++
	got, err := readAnyway(s.t, s.dir)
	var corrupt *state.CorruptError
	var missing *state.MissingError // what a ref names after a flip is another commit
	switch {
	case errors.As(err, &corrupt), errors.As(err, &missing), err == nil && cmp.Equal(got, s.good, onlySaid):
	case err == nil && got.Commit == "" && absentIsRight:
	default:
		s.failed++
		s.t.Errorf("%s, %s: %v, read %q", filepath.Base(name), what, err, got.Commit)
	}
}

func (s *sheet) overwrite(name string, text []byte) {
	s.t.Helper()
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE, 0o644) // in place: some file systems sync what is truncated first
	if err != nil {
		s.t.Fatal(err)
	}
	_, err = f.WriteAt(text, 0)
	if err = errors.Join(err, f.Truncate(int64(len(text))), f.Close()); err != nil {
		s.t.Fatal(err)
	}
}

// readAnyway reads, and takes a panic for an error without a mapping.
func readAnyway(t *testing.T, dir string) (snap state.Snapshot, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v", p)
		}
	}()
	return store(t, dir).Read(ctx)
}

func (s *sheet) end() {
	s.t.Helper()
	if got, err := store(s.t, s.dir).Read(ctx); err != nil || !cmp.Equal(got, s.good, onlySaid) {
		s.t.Errorf("put back: %v", err)
	}
	s.t.Logf("T-IO: %d cells, %d failed", s.cells, s.failed)
}

// skipped tells whether the short form leaves a place of a file alone. It tries one in three, and all near both ends.
func skipped(at, size int) bool {
	const ends = 24
	return !*long && at%3 != 0 && at >= ends && at < size-ends
}

// flips tries one bit of the bytes of a file; in the long form, every bit of every byte.
func (s *sheet) flips(name string, text []byte, absentIsRight func(at int) bool) {
	s.t.Helper()
	for at := range text {
		for bit := range 8 {
			if bit != at%8 && !*long || skipped(at, len(text)) {
				continue
			}
			broken := append([]byte(nil), text...)
			broken[at] ^= 1 << bit
			s.try(name, broken, fmt.Sprintf("bit %d of byte %d flipped", bit, at), absentIsRight != nil && absentIsRight(at))
		}
	}
}

func TestAFlippedBitIsNeverReadAsState(t *testing.T) {
	s := recorded(t)
	size := 0
	for name, text := range s.stored("objects") {
		size += len(text)
		s.flips(name, text, nil)
	}
	if size < 2000 || size > 4000 {
		t.Errorf("a state of %d bytes", size)
	}
	ref := filepath.Join(s.dir, ".git", state.Ref("prod"))
	s.flips(ref, s.stored(state.Ref("prod"))[ref], nil)
	s.end()
}

func TestAFlippedBitInAPackIsNeverReadAsState(t *testing.T) {
	s := recorded(t)
	run(t, s.dir, "gc", "-q")
	for name, text := range s.stored("objects/pack") {
		s.flips(name, text, nil)
	}
	refs := filepath.Join(s.dir, ".git/packed-refs")
	text := s.stored("packed-refs")[refs]
	start := strings.Index(string(text), state.Ref("prod"))
	// A flip in the ref's name is another ref: Git reads it the same way, and no reader can tell.
	s.flips(refs, text, func(at int) bool { return at >= start && at < start+len(state.Ref("prod")) })
	s.end()
}

func TestATornFileIsNeverReadAsState(t *testing.T) {
	s := recorded(t)
	files := s.stored("objects")
	ref := filepath.Join(s.dir, ".git", state.Ref("prod"))
	files[ref] = s.stored(state.Ref("prod"))[ref]
	for name, text := range files {
		for n := range text {
			if skipped(n, len(text)) {
				continue
			}
			s.try(name, text[:n], fmt.Sprintf("cut to %d bytes", n), false)
			s.try(name, append(append([]byte(nil), text[:n]...), make([]byte, len(text)-n)...), fmt.Sprintf("zeros from %d on", n), false)
		}
	}
	s.end()
}

// A disk with mixed-up blocks, or a wrong copy: each file is a perfect object, of another name.
func TestAnObjectUnderAnothersNameIsNeverReadAsState(t *testing.T) {
	s := recorded(t)
	files := s.stored("objects")
	for name := range files {
		for other, text := range files {
			if other != name {
				s.try(name, text, "is "+filepath.Base(other), false)
			}
		}
	}
	s.end()
}

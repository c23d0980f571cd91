package state_test

import (
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"connsync/apply/state"
	"connsync/diff"
	"connsync/secrets"
)

// How many connections are known is told before any of them is read, near enough to know whether a list has one page or many; it does
// not matter how Git keeps them.
func TestKnownStateIsEstimatedUnread(t *testing.T) {
	for n, secret := range map[int]bool{0: true, 50: true, 400: true, 450: false, 3000: true, 3001: false} {
		dir := repository(t)
		l := locked(t, store(t, dir))
		commit(t, l, new(state.Edit).Record(manyKnown(n, secret)...))
		_ = l.Close()
		for _, kept := range []string{"in a file of its own", "packed"} {
			says := n >= 2048 || kept == "in a file of its own"
			if got := store(t, dir).Estimate(); got < n*2/5 || got > n*5/2 || says && got != n {
				t.Errorf("%d connections (with secrets: %v) %s are estimated to be %d", n, secret, kept, got)
			}
			run(t, dir, "gc", "--quiet", "--prune=now")
		}
	}
}

// What is not there, or is no known state, is of no connections.
func TestNoKnownStateIsEstimatedToBeNone(t *testing.T) {
	dir := repository(t)
	if n := store(t, dir).Estimate(); n != 0 {
		t.Errorf("%d of none", n)
	}
	run(t, dir, "update-ref", state.Ref("prod"), run(t, dir, "commit-tree", "-m", "x", run(t, dir, "mktree")))
	if n := store(t, dir).Estimate(); n != 0 {
		t.Errorf("%d of another tree", n)
	}
	if err := os.WriteFile(filepath.Join(dir, ".git", state.Ref("prod")), []byte("no name\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if n := store(t, dir).Estimate(); n != 0 {
		t.Errorf("%d of a broken ref", n)
	}
}

// What is damaged is of no connections: a commit that is not there, and a file that is not, or is no object of Git.
func TestDamagedKnownStateIsEstimatedToBeNone(t *testing.T) {
	dir := repository(t)
	l := locked(t, store(t, dir))
	commit(t, l, new(state.Edit).Record(manyKnown(50, true)...))
	_ = l.Close()
	known := run(t, dir, "rev-parse", state.Ref("prod")+":known.jsonl")
	object := filepath.Join(dir, ".git/objects", known[:2], known[2:])
	for _, text := range []string{"", "no object", "\x78\x9c"} {
		if err := os.Remove(object); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(object, []byte(text), 0o444); err != nil {
			t.Fatal(err)
		}
		if n := store(t, dir).Estimate(); n != 0 {
			t.Errorf("%d of a file with %q", n, text)
		}
	}
	if err := os.Remove(object); err != nil {
		t.Fatal(err)
	}
	if n := store(t, dir).Estimate(); n != 0 {
		t.Errorf("%d of a file that is not there", n)
	}
	if err := os.Mkdir(object, 0o755); err != nil {
		t.Fatal(err)
	}
	if n := store(t, dir).Estimate(); n != 0 {
		t.Errorf("%d of a folder", n)
	}
	if err := os.WriteFile(filepath.Join(dir, ".git", state.Ref("prod")), []byte(strings.Repeat("1", 40)+"\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if n := store(t, dir).Estimate(); n != 0 {
		t.Errorf("%d of a commit that is not there", n)
	}
}

// manyKnown are records as a sync makes them: of files with a secret each, or of one file without.
func manyKnown(n int, secret bool) []diff.Known {
	out := make([]diff.Known, n)
	for i := range out {
		digest := func(of string) string { return fmt.Sprintf("%x", sha256.Sum256(fmt.Append(nil, i, of)))[:32] }
		same := func(of string) diff.Digests { return diff.Digests{Want: digest(of), Have: digest(of)} }
		out[i] = diff.Known{
			Name: fmt.Sprintf("bus_%05d", i), ID: digest("id") + "0123", UpdateTime: "2026-01-02T03:04:05Z", Modifier: "connsync", Written: diff.WrittenConfirmed,
			Plugin:  diff.Plugin{ComponentID: "c0000000-0000-4000-8000-000000000001", VersionID: "v0000000-0000-4000-8000-000000000001", Component: "KafkaBus", Version: "1.0"},
			Clear:   secrets.TableOf(map[secrets.Path]diff.Digests{"description": same("d"), "config.kafkaAddr": same("a"), "config.userName": same("u")}),
			Secrets: secrets.TableOf(map[secrets.Path]secrets.Fingerprint{"config.password": secrets.Fingerprint(digest("f"))}), Marks: secrets.TableOf(map[secrets.Path]string{"config.password": digest("m")}),
			Keys: digest("k"), File: fmt.Sprintf("connections/%03d/bus_%05d.yaml", i/100, i), Blob: digest("b") + "01234567", Commit: "0123456789012345678901234567890123456789", LastModified: "2026-01-02T03:04:05Z", MAC: digest("mac"), Checked: digest("c"),
		}
		if !secret {
			k := &out[i]
			k.Clear, k.Secrets, k.Marks, k.Keys, k.LastModified, k.MAC = k.Clear[:1], nil, nil, "", "", ""
			k.File, k.Blob = "connections/prod.yaml", "0123456789012345678901234567890123456789"
		}
	}
	return out
}

package state_test

import (
	"crypto/sha256"
	"fmt"
	"testing"

	"connsync/apply/state"
	"connsync/diff"
	"connsync/secrets"
)

// How many connections are known is told before any of them is read, near enough to know whether a list has one page or many; it does
// not matter how Git keeps them.
func TestKnownStateIsEstimatedUnread(t *testing.T) {
	dir := repository(t)
	s := store(t, dir)
	if n := s.Estimate(); n != 0 {
		t.Errorf("%d of none", n)
	}
	for _, n := range []int{50, 400, 3000} {
		l := locked(t, s)
		commit(t, l, new(state.Edit).Record(manyKnown(n)...))
		_ = l.Close()
		for _, kept := range []string{"in a file of its own", "packed"} {
			if got := s.Estimate(); got < n/2 || got > 2*n {
				t.Errorf("%d connections %s are estimated to be %d", n, kept, got)
			}
			run(t, dir, "gc", "--quiet", "--prune=now")
			s = store(t, dir)
		}
	}
	other := run(t, dir, "commit-tree", "-m", "x", run(t, dir, "mktree"))
	run(t, dir, "update-ref", state.Ref("prod"), other)
	if n := store(t, dir).Estimate(); n != 0 {
		t.Errorf("what is no known state is estimated to be of %d connections", n)
	}
}

// manyKnown are records as a sync of files with one secret each makes them.
func manyKnown(n int) []diff.Known {
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
	}
	return out
}

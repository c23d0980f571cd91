package state

import (
	"testing"

	"connsync/diff"
)

// What the log says of entries of schema 1 is said of a copy: what was read stays as it was read.
func TestAConversionLeavesWhatWasRead(t *testing.T) {
	read := Snapshot{Known: map[string]*diff.Known{
		"a": {Name: "a", ID: "1", Written: diff.WrittenUnsaid},
		"b": {Name: "b", ID: "2", Written: diff.WrittenConfirmed},
	}}
	got := new(Store).converted(read) // without a commit there is no log, and so nothing that connsync wrote
	for name, want := range map[string][2]diff.Written{"a": {diff.WrittenUnsaid, diff.WrittenNever}, "b": {diff.WrittenConfirmed, diff.WrittenConfirmed}} {
		if was, is := read.Of(name).Written, got.Of(name).Written; was != want[0] || is != want[1] {
			t.Errorf("%s was read as %q, and is %q", name, was, is)
		}
	}
	if read.Of("none").ID != "" {
		t.Error("something is known of nothing")
	}
}

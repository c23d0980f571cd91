package gittest

import (
	"os"
	"testing"
)

// A place that somebody chose is left, and one is taken only where programs have room.
func TestAPlaceThatWasChosenIsLeft(t *testing.T) {
	t.Setenv("TMPDIR", "/chosen")
	if InMemory(); os.Getenv("TMPDIR") != "/chosen" {
		t.Errorf("it is %s", os.Getenv("TMPDIR"))
	}
	t.Setenv("TMPDIR", "")
	if InMemory(); os.Getenv("TMPDIR") != "" && !roomy(os.Getenv("TMPDIR")) {
		t.Errorf("%s has no room", os.Getenv("TMPDIR"))
	}
	for _, none := range []string{"/nonexistent", "/proc"} {
		if roomy(none) {
			t.Errorf("%s has room", none)
		}
	}
}

package main

import (
	"strings"
	"testing"
)

// A connection that Git takes over under another name is not imported a second time.
func TestAConnectionOfAnotherNameIsManaged(t *testing.T) {
	h := newHandMade(t, 1)
	if err := h.server.Set("config=masked-all"); err != nil {
		t.Fatal(err)
	}
	h.run(exitDone, []string{"Wrote 1 manifest"}, "import")
	h.write("connections/prod/hand_000.yaml", strings.Replace(h.read("hand_000"), "hand_000:", "mine:", 1))
	h.run(exitDone, []string{"Nothing to import."}, "import")
	if got := h.manifests(); len(got) != 1 {
		t.Error(got)
	}
}

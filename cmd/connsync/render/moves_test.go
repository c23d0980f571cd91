package render

import (
	"bytes"
	"strings"
	"testing"

	"connsync/cmd/connsync/view"
	"connsync/diff"
)

func TestAMoveBetweenTargetsIsShownAsOne(t *testing.T) {
	var out bytes.Buffer
	plans := []diff.Plan{
		{Target: "prod", Changes: []diff.Change{{Action: diff.Orphaned, Name: "edr"}, {Action: diff.Orphaned, Name: "other"}}},
		{Target: "test", Changes: []diff.Change{{Action: diff.Create, Name: "edr", Write: true}}},
	}
	if err := asText(&out, view.Diff{Plans: plans}); err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(out.String(), "moves to target test, where it is created"); n != 1 {
		t.Errorf("%d moves are shown:\n%s", n, out.String())
	}
}

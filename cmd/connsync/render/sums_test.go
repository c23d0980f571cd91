package render

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	"connsync/cmd/connsync/view"
	"connsync/diff"
	"connsync/secrets"
)

// longPlan has 300 creates of two plugins, a delete, a conflict and an update of high risk.
func longPlan() view.Diff {
	var changes []diff.Change
	for i := range 300 {
		changes = append(changes, diff.Change{Action: diff.Create, Name: fmt.Sprintf("new_%03d", i), Plugin: diff.Plugin{Component: []string{"Edr", "Kafka"}[i%2], Version: "1"}})
	}
	changes = append(changes, diff.Change{Action: diff.Delete, Name: "gone"}, diff.Change{Action: diff.Conflict, Name: "contested", Conflict: &diff.ConflictDetail{Kind: diff.ConflictDiffers}},
		diff.Change{Action: diff.Update, Name: "risky", Risks: []diff.Risk{{Kind: diff.RiskDestination, Path: secrets.Path("config.endpoint")}}})
	return view.Diff{Plans: []diff.Plan{{Target: "prod", Changes: changes}}}
}

// A long plan is summed up on a terminal, with what must be looked at one by one; never in a file or a pipe, and not with -v.
func TestALongPlanIsSummedUpOnATerminal(t *testing.T) {
	shown := func(width int, all bool) string {
		var b bytes.Buffer
		d := longPlan()
		d.All = all
		if err := (&Stream{w: &b, width: width}).diff(d); err != nil {
			t.Fatal(err)
		}
		return b.String()
	}
	short := shown(80, false)
	for _, want := range []string{"+ create    150 connections of Edr 1", "150 connections of Kafka 1", "new_000, new_002, new_004, …", "300 of 303 changes are summed up; -v shows each", "- delete    gone", "! conflict  contested", "~ update    risky", "high risk: ", "300 to create"} {
		if !strings.Contains(short, want) {
			t.Errorf("no %q in\n%s", want, short)
		}
	}
	if n := strings.Count(short, "\n"); n > 30 || strings.Contains(short, "new_100") {
		t.Errorf("%d lines", n)
	}
	for name, long := range map[string]string{"a pipe": shown(0, false), "-v": shown(80, true)} {
		if strings.Count(long, "+ create") != 300 || strings.Contains(long, "summed up") {
			t.Errorf("%s has %d creates", name, strings.Count(long, "+ create"))
		}
	}
}

func TestThePaceIsSaidOfWhatTakesLong(t *testing.T) {
	for _, c := range []struct {
		done, total int
		took        time.Duration
		want        string
	}{
		{1, 10, time.Second, ""}, {0, 10, time.Minute, ""}, {10, 10, time.Minute, ""}, {50, 300, 10 * time.Second, ", 5/s, 50s left"},
		{1, 3, time.Minute, ", 0.0167/s, 2m0s left"}, {999, 1000, 100 * time.Second, ", 9.99/s, 1s left"},
	} {
		if got := pace(c.done, c.total, c.took); got != c.want {
			t.Errorf("%+v: %q", c, got)
		}
	}
}

package diff_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"connsync/diff"
	"connsync/manifest"
)

// A plan of commit "new" touches connections applied from other commits: what becomes of each, where "old" is contained and "side" is not.
func TestOnlyForward(t *testing.T) {
	from := func(commit string) *diff.Known {
		return &diff.Known{Name: "a", Commit: commit, File: "connections/a.yaml", Blob: "b-" + commit}
	}
	protected := from("side")
	protected.Protect = true
	want := &diff.Want{Connection: manifest.Connection{Name: "a"}}
	for _, c := range []struct {
		name   string
		change diff.Change
		past   map[string]diff.Past
		want   string // action, whether it writes, and the commit of its conflict
		older  string // with permission
	}{
		{"an update over what is contained", diff.Change{Action: diff.Update, Write: true, Known: from("old"), Want: want}, nil, "update true ", "update true "},
		{"an update over its own commit", diff.Change{Action: diff.Update, Write: true, Known: from("new"), Want: want}, nil, "update true ", "update true "},
		{"an update over another branch", diff.Change{Action: diff.Update, Write: true, Known: from("side"), Want: want}, nil, "conflict false side", "update true , behind side"},
		{"a delete of what another branch made", diff.Change{Action: diff.Delete, Write: true, Known: from("side")}, nil, "conflict false side", "delete true , behind side"},
		{"what is missing, and another branch wrote", diff.Change{Action: diff.Create, Write: true, Known: from("side"), Want: want}, nil, "conflict false side", "create true , behind side"},
		{"a record without a commit", diff.Change{Action: diff.Update, Write: true, Known: from(""), Want: want}, nil, "update true ", "update true "},
		{"something new", diff.Change{Action: diff.Create, Write: true, Want: want}, nil, "create true ", "create true "},
		{"a name that a contained commit deleted", diff.Change{Action: diff.Create, Write: true, Want: want}, map[string]diff.Past{"a": {Commit: "old"}}, "create true ", "create true "},
		{"a name that another branch deleted", diff.Change{Action: diff.Create, Write: true, Want: want}, map[string]diff.Past{"a": {Commit: "side"}}, "conflict false side", "create true , behind side"},
		{"nothing to do", diff.Change{Action: diff.Unchanged, Known: from("side"), Want: want}, nil, "unchanged false ", "unchanged false "},
		{"a protection that another branch set", diff.Change{Action: diff.Unchanged, Known: protected, Want: want}, nil, "conflict false side", "unchanged false , behind side"},
		{"a stamp only", diff.Change{Action: diff.Unchanged, Restamp: true, Known: from("side"), Want: want}, nil, "unchanged false ", "unchanged false , behind side"},
		{"orphaned", diff.Change{Action: diff.Orphaned, Known: from("side")}, nil, "orphaned false ", "orphaned false "},
	} {
		for allow, want := range map[bool]string{false: c.want, true: c.older} {
			change := c.change
			change.Name = "a"
			p := diff.Plan{WantCommit: "new", Changes: []diff.Change{change}}
			err := p.Forward(c.past, func(commit, file, blob string) (bool, error) {
				if file != "" && (file != "connections/a.yaml" || blob != "b-"+commit) {
					t.Errorf("%s: asked for %s %s %s", c.name, commit, file, blob)
				}
				return commit == "old", nil
			}, allow)
			if got := judged(p.Changes[0]); got != want || err != nil {
				t.Errorf("%s, allowed %v: %q, want %q %v", c.name, allow, got, want, err)
			}
			if p.Changes[0].Restamp {
				t.Errorf("%s: a stamp goes back", c.name)
			}
		}
	}
}

func judged(c diff.Change) string {
	out := fmt.Sprintf("%s %v ", c.Action, c.Write)
	if c.Conflict != nil {
		out += strings.TrimPrefix(string(c.Conflict.Kind)+" "+c.Conflict.Commit, "behind ")
	}
	for _, w := range c.Warnings {
		out += fmt.Sprintf(", %s %s", w.Kind, w.Commit)
	}
	return out
}

// Where the history cannot be read, the plan says so, and judges nothing by it; a plan without a write asks for no history.
func TestAHistoryThatCannotBeRead(t *testing.T) {
	broken := errors.New("no history")
	asked := 0
	contains := func(string, string, string) (bool, error) { asked++; return false, broken }
	known := &diff.Known{Name: "a", Commit: "old"}
	p := diff.Plan{WantCommit: "new", Changes: []diff.Change{{Name: "a", Action: diff.Unchanged, Known: known, Want: &diff.Want{}}}}
	if err := p.Forward(nil, contains, false); err != nil || asked != 0 {
		t.Errorf("%v, asked %d times", err, asked)
	}
	p.Changes = append(p.Changes, diff.Change{Name: "b", Action: diff.Update, Write: true, Known: known})
	if err := p.Forward(nil, contains, false); !errors.Is(err, broken) || !slices.ContainsFunc(p.Changes, func(c diff.Change) bool { return c.Action == diff.Update && c.Write }) {
		t.Errorf("%v %v", err, p.Changes)
	}
	if err := p.Forward(nil, contains, true); err != nil || judged(p.Changes[1]) != "update true , "+string(diff.WarnBehind)+" old" {
		t.Errorf("allowed: %v %q", err, judged(p.Changes[1]))
	}
}

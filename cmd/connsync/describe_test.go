package main

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"

	"connsync/diff"
)

// T-OUT: the text of a diff, in whatever width, is lines that a terminal and a log show as they are.
func TestHostileTextsAreOnlyTextInTheText(t *testing.T) {
	hostileSheets(t, func(t *testing.T, seed int, s sheet) {
		var out bytes.Buffer
		p := &printer{out: &out, width: []int{0, 40, 80, 200}[seed%4]}
		if err := p.sheet(s); err != nil {
			t.Fatal(err)
		}
		quiet(t, out.String(), false)
		seen := strings.Join(strings.Fields(out.String()), "")
		for _, section := range s.sections {
			for _, c := range section.cards {
				for _, text := range append([]string{c.name, c.plugin, c.conflict}, c.warnings...) {
					if want := strings.Join(strings.Fields(safe(text)), ""); !strings.Contains(seen, want) {
						t.Errorf("%q is not to be seen in %q", want, out.String())
					}
				}
			}
		}
	})
}

func described(c diff.Change) card { return describeChange(&c, "", false) }

func TestAFieldSaysWhatItWasAndWhy(t *testing.T) {
	git, drift, both := []diff.Cause{diff.Git}, []diff.Cause{diff.Drift}, []diff.Cause{diff.Git, diff.Drift}
	for _, c := range []struct {
		field    diff.Field
		old, new string
		cause    string
	}{
		{diff.Field{Path: "description", Old: "a", New: "b", Causes: git}, `"a"`, `"b"`, "git"},
		{diff.Field{Path: "config.x", New: "b", Causes: git}, "", `"b"`, "git"},
		{diff.Field{Path: "config.x", Old: "a", Causes: git}, `"a"`, "(none)", "git"},
		{diff.Field{Path: "config.x", OldHidden: true, New: true, Causes: drift}, notShown, "true", "drift by j.doe"},
		{diff.Field{Path: "config.x", Old: false, NewHidden: true, New: "canary", Causes: both}, "false", notShown, "git, drift by j.doe"},
		{diff.Field{Path: "config.x", OldHidden: true, NewHidden: true, Causes: git}, notShown, notShown, "git"},
		{diff.Field{Path: "config.x", Old: "", New: map[string]any{}, Causes: git}, `""`, "{}", "git"},
		{diff.Field{Path: "config.x", Old: "two\nlines", New: []any{}, Causes: git}, `"two\nlines"`, "[]", "git"},
		{diff.Field{Path: "config.x", Old: "two\nlines", New: "canary\n", NewHidden: true, Causes: git}, `"two\nlines"`, notShown, "git"},
	} {
		got := described(diff.Change{Action: diff.Update, Modifier: "j.doe", Fields: []diff.Field{c.field}}).fields[0]
		if got.old != c.old || got.new != c.new || got.cause != c.cause || got.lines != nil {
			t.Errorf("%+v is %+v", c.field, got)
		}
		if strings.Contains(fmt.Sprintf("%+v", got), "canary") {
			t.Errorf("a value that must not be shown: %+v", got)
		}
	}
	lines := described(diff.Change{Action: diff.Update, Fields: []diff.Field{{Path: "config.x", Old: "a\nb", New: "a\nc", Causes: git}}}).fields[0]
	if lines.old != "" || lines.new != "" || len(lines.lines) == 0 {
		t.Errorf("a value of several lines is %+v", lines)
	}
}

func TestACreateShowsItsPluginAndNotEverySetting(t *testing.T) {
	c := diff.Change{Action: diff.Create, Name: "a", Plugin: diff.Plugin{ComponentID: "c1", VersionID: "v1"}, Fields: []diff.Field{{Path: "config.x", New: "b", Causes: []diff.Cause{diff.Git}}}}
	if got := described(c); got.plugin != "c1 v1" || len(got.fields) != 0 {
		t.Errorf("%+v", got)
	}
	if got := describeChange(&c, "", true); len(got.fields) != 1 || got.fields[0].cause != "" {
		t.Errorf("with all of it: %+v", got)
	}
	c.Plugin.Component, c.Plugin.Version = "EdrVendor", "2.1"
	if got := described(c); got.plugin != "EdrVendor 2.1" {
		t.Errorf("%+v", got)
	}
}

func TestEveryActionAndCauseThatNoFieldShowsIsSaid(t *testing.T) {
	for _, c := range []struct {
		change diff.Change
		want   string
	}{
		{diff.Change{Action: diff.Update, Causes: []diff.Cause{diff.Touched}, Modifier: "j.doe"}, "touched in SecMaster by j.doe; nothing visible differs, a secret may"},
		{diff.Change{Action: diff.Update, Causes: []diff.Cause{diff.Interrupted}}, "an earlier run announced this write and did not confirm it"},
		{diff.Change{Action: diff.Update, Causes: []diff.Cause{diff.Rewrite}}, "written again, as asked with --rewrite"},
		{diff.Change{Action: diff.Create, Causes: []diff.Cause{diff.Missing}}, "written before, and no longer in SecMaster"},
		{diff.Change{Action: diff.Adopt, ID: "123456789"}, "in SecMaster already (12345678…), with equal settings: recorded, not written"},
		{diff.Change{Action: diff.Adopt, ID: "123456789", Write: true}, "in SecMaster already (12345678…): taken over, and written once"},
		{diff.Change{Action: diff.Orphaned}, "no longer in Git; left alone"},
		{diff.Change{Action: diff.Remove}, "no longer in Git; a sync leaves it alone, and sync --prune deletes it"},
		{diff.Change{Action: diff.Delete}, "no longer in Git"},
		{diff.Change{Action: diff.Forget}, "no longer in Git, nor in SecMaster"},
	} {
		if got := described(c.change).why; !slices.Contains(got, c.want) {
			t.Errorf("%s is said as %q, not %q", c.change.Action, got, c.want)
		}
	}
}

func TestRisksNameBothPlaces(t *testing.T) {
	from := diff.Spot{Target: "prod", Name: "mail", Path: "config.password", File: "a.yaml"}
	got := described(diff.Change{Action: diff.Update, Risks: []diff.Risk{
		{Kind: diff.RiskDestination, Path: "config.endpoint"}, {Kind: diff.RiskMoved, Path: "config.token", From: from}, {Kind: diff.RiskCopied, Path: "config.token", From: from},
	}}).risks
	want := []string{
		"high risk: unchanged secrets will go to the new config.endpoint",
		"high risk: token was password of mail in target prod: it does not open here; set it with sops",
		"high risk: token is a copy of password of mail in target prod: it does not open here; set it with sops",
	}
	for i, w := range want {
		if got[i].text != w {
			t.Errorf("%q is not %q", got[i].text, w)
		}
	}
}

func TestThePlansAreShownInOneOrder(t *testing.T) {
	var changes []diff.Change
	for i, a := range slices.Backward(actions) {
		changes = append(changes, diff.Change{Action: a, Name: fmt.Sprint(i)})
	}
	s := describe([]diff.Plan{{Target: "prod", Changes: changes, Unverified: 1, Unmanaged: 1, BlindToTouch: true}}, false, false)
	var got []diff.Action
	for _, c := range s.sections[0].cards {
		got = append(got, c.action)
	}
	want := slices.DeleteFunc(slices.Clone(actions), func(a diff.Action) bool { return a == diff.Unchanged })
	if !slices.Equal(got, want) || s.sections[0].unchanged != 1 {
		t.Errorf("%v, and %d unchanged", got, s.sections[0].unchanged)
	}
	if notes := s.sections[0].notes; len(notes) != 3 || !strings.HasPrefix(notes[0], "1 secret could not be verified: no record of writing it;") || !strings.HasPrefix(notes[2], "1 connection in SecMaster") {
		t.Errorf("%q", notes)
	}
}

func TestTotalsSayWhatIsNoneOnlyWhereItMatters(t *testing.T) {
	for _, c := range []struct {
		plans   []diff.Plan
		offline bool
		want    string
	}{
		{nil, false, "0 to create, 0 to update, 0 to adopt, 0 to delete, 0 unchanged"},
		{nil, true, "0 to create, 0 to update, 0 unchanged"},
		{[]diff.Plan{{Changes: []diff.Change{{Action: diff.Conflict}, {Action: diff.Orphaned}}}}, false, "0 to create, 0 to update, 0 to adopt, 0 to delete, 0 unchanged, 1 orphaned, 1 conflict"},
		{[]diff.Plan{{Changes: []diff.Change{{Action: diff.Rename}, {Action: diff.Remove}}}}, true, "0 to create, 0 to update, 1 to rename, 1 to remove, 0 unchanged"},
	} {
		s := describe(c.plans, c.offline, false)
		if got := strings.Join(totalWords(s), ", "); got != c.want {
			t.Errorf("%q is not %q", got, c.want)
		}
		if live := strings.HasPrefix(s.next, "connsync sync --expect-plan "); live == c.offline || c.offline && s.hash != "" {
			t.Errorf("offline %t: next is %q", c.offline, s.next)
		}
	}
}

// A line of a terminal may end anywhere, but none begins with a command.
func TestALineThatIsWrappedIsNeverACommand(t *testing.T) {
	for n := range 60 {
		for _, gap := range []string{" ", "  ", "   "} {
			var out bytes.Buffer
			p := &printer{out: &out, width: 40}
			p.labelled(&lines{w: &out}, "  ", "note:", 5, strings.Repeat("a", n)+gap+"::error::x "+strings.Repeat("b", 30)+gap+"::error::y")
			quiet(t, out.String(), false)
			if strings.Count(out.String(), "::error::") != 2 && n > 0 {
				t.Errorf("%q", out.String())
			}
		}
	}
}

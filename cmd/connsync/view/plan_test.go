package view

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"connsync/diff"
	"connsync/diff/review"
	"connsync/manifest"
	"connsync/secrets"
)

func described(c diff.Change) Card { return card(&c, "", false) }

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
		got := described(diff.Change{Action: diff.Update, Modifier: "j.doe", Fields: []diff.Field{c.field}}).Fields[0]
		if got.Old != c.old || got.New != c.new || got.Cause != c.cause || got.Lines != nil {
			t.Errorf("%+v is %+v", c.field, got)
		}
		if strings.Contains(fmt.Sprintf("%+v", got), "canary") {
			t.Errorf("a value that must not be shown: %+v", got)
		}
	}
	lines := described(diff.Change{Action: diff.Update, Fields: []diff.Field{{Path: "config.x", Old: "a\nb", New: "a\nc", Causes: git}}}).Fields[0]
	if lines.Old != "" || lines.New != "" || len(lines.Lines) == 0 {
		t.Errorf("a value of several lines is %+v", lines)
	}
}

// What is long is cut around its first difference, and letters that only look like those of an address are spelled out.
func TestWhatChangesIsSeen(t *testing.T) {
	long := strings.Repeat("kafka.example:9092,", 40)
	for _, c := range []struct{ path, old, new, shownOld, shownNew string }{
		{"config.brokers", long + "tail-one", long + "tail-two", `kafka.example:9092,tail-one"`, `kafka.example:9092,tail-two"`},
		{"config.x", "one" + long, "two" + long, `"one` + long[:157] + `…"`, `"two` + long[:157] + `…"`},
		{"config.x", long, long + "tail", `"…2,kafka.example:9092,kafka.example:9092,"`, `,tail"`},
		{"config.endpoint", "https://api.example", "https://аpi.example", `"https://api.example"`, `"https://\u0430pi.example"`},
		{"config.host", "", "münchen.example", ``, `"m\u00fcnchen.example"`},
		{"config.note", "a", "ö", `"a"`, `"ö"`},
	} {
		f := diff.Field{Path: secrets.Path(c.path), New: c.new, Causes: []diff.Cause{diff.Git}}
		if c.old != "" {
			f.Old = c.old
		}
		got := described(diff.Change{Action: diff.Update, Fields: []diff.Field{f}}).Fields[0]
		if !strings.HasSuffix(got.Old, c.shownOld) && !strings.HasPrefix(got.Old, c.shownOld) || !strings.HasSuffix(got.New, c.shownNew) {
			t.Errorf("%s: %s -> %s", c.path, got.Old, got.New)
		}
		if n := utf8.RuneCountInString(got.New); n > MaxValue+4 {
			t.Errorf("%s: %d characters", c.path, n)
		}
	}
}

func TestACreateShowsItsPluginAndEverySetting(t *testing.T) {
	c := diff.Change{Action: diff.Create, Name: "a", Plugin: diff.Plugin{ComponentID: "c1", VersionID: "v1"}, Fields: []diff.Field{{Path: "config.x", New: "b", Causes: []diff.Cause{diff.Git}}}}
	if got := described(c); got.Plugin != "c1 v1" || len(got.Fields) != 1 || got.Fields[0].Cause != "" {
		t.Errorf("%+v", got)
	}
	c.Plugin.Component, c.Plugin.Version = "EdrVendor", "2.1"
	if got := described(c); got.Plugin != "EdrVendor 2.1" {
		t.Errorf("%+v", got)
	}
}

func TestEveryActionAndCauseThatNoFieldShowsIsSaid(t *testing.T) {
	for _, c := range []struct {
		change diff.Change
		want   string
	}{
		{diff.Change{Action: diff.Update, Causes: []diff.Cause{diff.Touched}, Modifier: "j.doe"}, "touched in SecMaster by j.doe; nothing visible differs, a secret may"},
		{diff.Change{Action: diff.Update, Causes: []diff.Cause{diff.Interrupted}}, "an earlier run was interrupted during this write"},
		{diff.Change{Action: diff.Update, Causes: []diff.Cause{diff.Rewrite}}, "written again, as asked with --rewrite"},
		{diff.Change{Action: diff.Create, Causes: []diff.Cause{diff.Missing}}, "written before, and no longer in SecMaster"},
		{diff.Change{Action: diff.Adopt, ID: "123456789"}, "in SecMaster already (12345678…), with equal settings: recorded, not written"},
		{diff.Change{Action: diff.Adopt, ID: "123456789", Write: true}, "in SecMaster already (12345678…): taken over, and written once if anything differs"},
		{diff.Change{Action: diff.Orphaned}, "no longer in Git; left alone, and sync --prune deletes it"},
		{diff.Change{Action: diff.Orphaned, Warnings: []diff.Warning{{Kind: diff.WarnProtected}}}, "no longer in Git; left alone"},
		{diff.Change{Action: diff.Remove}, "no longer in Git; a sync leaves it alone, and sync --prune deletes it"},
		{diff.Change{Action: diff.Delete}, "no longer in Git"},
		{diff.Change{Action: diff.Forget}, "no longer in Git, nor in SecMaster"},
	} {
		if got := described(c.change).Why; !slices.Contains(got, c.want) {
			t.Errorf("%s is said as %q, not %q", c.change.Action, got, c.want)
		}
	}
}

func TestRisksNameBothPlaces(t *testing.T) {
	from := diff.Spot{Target: "prod", Name: "mail", Path: "config.password", File: "a.yaml"}
	got := described(diff.Change{Action: diff.Update, Risks: []diff.Risk{
		{Kind: diff.RiskDestination, Path: "config.endpoint"}, {Kind: diff.RiskMoved, Path: "config.token", From: from}, {Kind: diff.RiskCopied, Path: "config.token", From: from},
	}}).Risks
	want := []string{
		"unchanged secrets will go to the new config.endpoint",
		"token was password of mail in target prod: it does not open here",
		"token is a copy of password of mail in target prod: it does not open here",
	}
	for i, w := range want {
		if got[i].Text != w {
			t.Errorf("%q is not %q", got[i].Text, w)
		}
	}
}

func TestThePlansAreShownInOneOrder(t *testing.T) {
	var changes []diff.Change
	for i, a := range slices.Backward(Actions) {
		changes = append(changes, diff.Change{Action: a, Name: fmt.Sprint(i)})
	}
	s := Diff{Plans: []diff.Plan{{Target: "prod", Changes: changes, Unverified: 1, Unmanaged: 1, BlindToTouch: true}}}.Page(false)
	var got []diff.Action
	for _, c := range s.Targets[0].Cards {
		got = append(got, c.Action)
	}
	want := slices.DeleteFunc(slices.Clone(Actions), func(a diff.Action) bool { return a == diff.Unchanged })
	if !slices.Equal(got, want) || s.Targets[0].Unchanged != 1 {
		t.Errorf("%v, and %d unchanged", got, s.Targets[0].Unchanged)
	}
	if notes := s.Targets[0].Notes; len(notes) != 3 || !strings.HasPrefix(notes[0], "1 secret could not be verified: no record of writing it;") || !strings.HasPrefix(notes[2], "1 connection in SecMaster") {
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
		s := Diff{Plans: c.plans, Offline: c.offline}.Page(false)
		if got := strings.Join(s.TotalWords(), ", "); got != c.want {
			t.Errorf("%q is not %q", got, c.want)
		}
		if live := strings.HasPrefix(s.Next, "connsync sync --expect-plan "); live == c.offline || c.offline && s.Hash != "" {
			t.Errorf("offline %t: next is %q", c.offline, s.Next)
		}
	}
}

// A value is shown up to a length, in characters, and is one line in quotes.
func TestAValueIsCutAtItsLimit(t *testing.T) {
	for n, cut := range map[int]bool{MaxValue - 1: false, MaxValue: false, MaxValue + 1: true} {
		want := `"` + strings.Repeat("é", min(n, MaxValue)) + map[bool]string{true: "…", false: ""}[cut] + `"`
		if got := Quoted(strings.Repeat("é", n)); got != want {
			t.Errorf("%d characters: %s", n, got)
		}
	}
	if got := Quoted("a\\\"\n\t"); got != `"a\\\"\n\t"` {
		t.Errorf("%s", got)
	}
	for id, want := range map[string]string{"1234567": "1234567", "12345678": "1234567", "": ""} {
		if CutHash(id) != want {
			t.Errorf("%q is cut to %q", id, CutHash(id))
		}
	}
	if Cut("12345678", 8) != "12345678" || Cut("123456789", 8) != "12345678…" {
		t.Error("an id of 8 characters is whole")
	}
}

func TestNearPluginsAreNamedUpToALimit(t *testing.T) {
	for n, want := range map[int]string{0: "the workspace lists no plugin at all", 12: "it has: p, p, p, p, p, p, p, p, p, p, p, p", 13: "it has: p, p, p, p, p, p, p, p, p, p, p, p, …"} {
		if got := nearHint(slices.Repeat([]string{"p"}, n)); len(got) != 1 || got[0] != want {
			t.Errorf("%d: %q", n, got)
		}
	}
}

func TestAMoveLeadsToAnotherTarget(t *testing.T) {
	plan := func(target string, changes ...diff.Change) diff.Plan {
		return diff.Plan{Target: target, Changes: changes}
	}
	create := diff.Change{Action: diff.Create, Name: "a"}
	for _, gone := range []diff.Action{diff.Orphaned, diff.Delete, diff.Remove} {
		got := newTargets([]diff.Plan{plan("prod", diff.Change{Action: gone, Name: "a"}), plan("test", create)})
		if len(got) != 1 || got[[2]string{"prod", "a"}] != "test" {
			t.Errorf("%s: %v", gone, got)
		}
	}
	for _, plans := range [][]diff.Plan{
		{plan("prod", diff.Change{Action: diff.Update, Name: "a"}), plan("test", create)},
		{plan("prod", diff.Change{Action: diff.Orphaned, Name: "a"}, create)},
		{plan("prod", diff.Change{Action: diff.Orphaned, Name: "b"}), plan("test", create)},
	} {
		if got := newTargets(plans); len(got) != 0 {
			t.Errorf("%v", got)
		}
	}
}

// A command at the end of a sentence is one piece of code; a sentence about a program is none.
func TestACommandOfASentenceIsOnePiece(t *testing.T) {
	for text, code := range map[string]string{
		"look: git fsck --full": "git fsck --full", "so: git update-ref a b": "git update-ref a b", "fetch it: git fetch origin x": "git fetch origin x",
		"write it: connsync sync --rewrite 'a b'": "connsync sync --rewrite 'a b'", "do: sops set a b": "sops set a b", "so: sops updatekeys a": "sops updatekeys a",
		"older: sops wrote it before": "", "refused: sops did not write it": "", "so: git and sops are there": "", "set apart  a b  here": "a b",
	} {
		got := ""
		for _, p := range Sentence(text) {
			if p.Code {
				got += p.Text
			}
		}
		if got != code {
			t.Errorf("%q has the code %q, not %q", text, got, code)
		}
	}
}

// What a contributor chose as prose, in a recipient, is code: a reader cannot take it for a sentence of connsync.
func TestAProseOfARecipientIsCode(t *testing.T) {
	for _, id := range []string{"ssh-ed25519 AAAAC3 reviewed and safe to merge", "approved", "safe to merge", `a" safe to "merge`, "x: connsync says safe to merge", "(safe) to merge", "safe\tmerge", "1 safe", "safe,", "safe.", "x,safe",
		"a  b  safe to merge  c", "safe  to", "reviewed and safe: connsync seal x", `a\\" safe: git fetch origin x`, "надёжно safe"} {
		r := manifest.Recipient{Kind: "age", ID: id}
		texts := FileNotes([]review.FileNote{{Changes: []review.FileChange{{Kind: review.FileRecipientAdded, Recipient: r}, {Kind: review.FileRecipientRemoved, Recipient: r}}}})[0].Words
		for _, kind := range []review.RuleKind{review.RuleNew, review.RecipientAdded, review.RecipientRemoved} {
			texts = append(texts, ruleWord(review.RuleChange{Kind: kind, File: ".sops.yaml", Recipients: []manifest.Recipient{r, r}}))
		}
		texts = append(texts, ruleWord(review.RuleChange{Kind: review.RuleGone, File: ".sops.yaml", Rule: manifest.Rule{PathRegex: id}}), "connsync reseal "+manifest.ShellWord(id+" x")+" --dry-run", "a rule ("+manifest.SaidSelector("encrypted_regex: "+id)+") of "+manifest.SaidName("x "+id))
		for _, text := range texts {
			for _, p := range Sentence(text) {
				for _, word := range []string{"safe", "merge", "approved", "reviewed", "says"} {
					if !p.Code && strings.Contains(p.Text, word) {
						t.Errorf("%q is text in %q", word, text)
					}
				}
			}
		}
	}
	if got := (manifest.Recipient{Kind: "age", ID: "age1qqqq"}).String(); got != "age age1qqqq" {
		t.Errorf("%s", got)
	}
}

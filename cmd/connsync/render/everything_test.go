package render

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"go/ast"
	"go/token"
	"os"
	"path/filepath"
	"reflect"
	"strconv"
	"strings"
	"testing"
	"time"

	"connsync/apply"
	"connsync/cmd/connsync/view"
	"connsync/diff"
	"connsync/diff/review"
	"connsync/manifest"
	"connsync/secrets"
)

var update = flag.Bool("update", false, "write testdata/everything anew: go test ./cmd/connsync/render -run Everything -update")

func at(file string, line int) manifest.Position {
	return manifest.Position{File: file, Line: line, Column: 5}
}

// everything is one of each: every action, cause, word, risk, warning, conflict, rule change, file note, finding and outcome.
type everything struct {
	live, branch []diff.Plan
	rules        []review.RuleChange
	files        []review.FileNote
	findings     []review.Finding
	report       apply.Report
	lost         apply.Report // what was sent, and could not be recorded
	kept         apply.Report // what is recorded in this clone only
}

func plansOf(prod, test []diff.Change) []diff.Plan {
	place := func(id string) diff.Place {
		return diff.Place{Region: "cn-north-4", ProjectID: "0a1b2c3d", WorkspaceID: id + "-2222-4333-8444-555555555555"}
	}
	plan := func(name, workspace string, changes []diff.Change) diff.Plan {
		return diff.Plan{Target: name, Place: place(workspace), WantCommit: "9a8b7c6d5e4f3a2b1c0d", KnownCommit: "1f2e3d4c5b6a7f8e9d0c", Changes: changes}
	}
	plans := []diff.Plan{plan("prod", "11111111", prod), plan("test", "22222222", test)}
	plans[1].Place.Endpoint = "https://secmaster.cloud.example"
	return plans
}

func newEverything() everything {
	var (
		git, drift   = []diff.Cause{diff.Git}, []diff.Cause{diff.Drift}
		edr          = diff.Plugin{ComponentID: "c-edr", VersionID: "v-21", Component: "EdrVendor", Version: "2.1"}
		id           = "5d1c2b3a-0000-4000-8000-000000000000"
		elsewhere    = diff.Spot{Target: "test", Name: "mail", Path: "config.password", File: "connections/test/mail.yaml"}
		conflictWith = func(kind diff.ConflictKind, line int, detail diff.ConflictDetail) diff.Change {
			detail.Kind = kind
			return diff.Change{Action: diff.Conflict, Name: "conflict_" + string(kind), From: "old_name", ID: id, Pos: at("connections/prod/conflicts.yaml", line), Conflict: &detail,
				Want: &diff.Want{Connection: manifest.Connection{Component: "SmtpRelay", Version: "9"}}}
		}
	)
	updates := []diff.Change{
		{Action: diff.Create, Name: "firewall", Pos: at("connections/prod/firewall.yaml", 3), Write: true, Plugin: edr, Causes: []diff.Cause{diff.Missing},
			Fields:  []diff.Field{{Path: "config.endpoint", New: "https://fw.example", Causes: git}},
			Secrets: []diff.SecretChange{{Path: "config.password", Word: diff.Set}, {Path: "config.token", Word: diff.Set}}},
		{Action: diff.Update, Name: "edr", From: "edr", ID: id, Pos: at("connections/prod/edr.yaml", 4), Write: true, Plugin: edr, Causes: []diff.Cause{diff.Git, diff.Drift}, Modifier: "j.doe",
			Fields: []diff.Field{
				{Path: "description", Old: "EDR", New: "EDR Europe, with \"quotes\", a \\ and a tab\t", Causes: git},
				{Path: "config.endpoint", Old: "https://edr.example/a/very/long/path/that/needs/room", New: "https://edr2.example/a/very/long/path/that/needs/room", Causes: drift},
				{Path: "config.rules", Old: "allow 10.0.0.0/8\na\nb\nc\nd\ne\ndeny all\n", New: "allow 10.0.0.0/8\na\nb\nc\nd\ne\nf\tg\ndeny none\n", Causes: git},
				{Path: "config.verify", Old: false, New: true, Causes: []diff.Cause{diff.Git, diff.Drift}},
				{Path: "config.timeout", New: json.Number("30"), Causes: git}, {Path: "config.proxy", Old: "http://proxy.example", Causes: git},
				{Path: "config.headers", Old: map[string]any{}, New: []any{}, Causes: git}, {Path: "config.key", OldHidden: true, NewHidden: true, Causes: git},
				{Path: "config.note", Old: strings.Repeat("long ", 40), New: "short", Causes: git}, {Path: "plugin", Old: "EdrVendor 2.0", New: "EdrVendor 2.1", Causes: git},
			},
			Secrets: []diff.SecretChange{
				{Path: "config.client_secret", Word: diff.Changed}, {Path: "config.proxy_password", Word: diff.Same}, {Path: "config.sasl.password", Word: diff.Reencrypted},
				{Path: "config.old_token", Word: diff.Removed}, {Path: "config.no_token", Word: diff.Emptied}, {Path: "config.adopted", Word: diff.Unverified}, {Path: "config.shown", Word: diff.Differs}, {Path: "config.fresh", Word: diff.Set},
				{Path: "config.a", Word: diff.Set}, {Path: "config.b", Word: diff.Set}, {Path: "config.c", Word: diff.Set}, {Path: "config.d", Word: diff.Set},
			},
			Extra: []secrets.Path{"config.legacy", "config.region"},
			Risks: []diff.Risk{
				{Kind: diff.RiskDestination, Path: "config.endpoint"}, {Kind: diff.RiskMoved, Path: "config.client_secret", From: elsewhere},
				{Kind: diff.RiskCopied, Path: "config.fresh", From: elsewhere}, {Kind: diff.RiskRepointed, Path: "config.endpoint"},
				{Kind: diff.RiskAdopt, Path: "adopt"}, {Kind: diff.RiskUnprotected, Path: "protect"}, {Kind: diff.RiskException, Path: `cleartext["config.user"]`}, {Kind: diff.RiskExposed, Path: `exposed["config.fresh"]`},
				{Kind: diff.RiskSealed, Path: "seal"},
			},
			Warnings: []diff.Warning{{Kind: diff.WarnDuplicate, IDs: []string{"11111111-a", "22222222-b"}}, {Kind: diff.WarnPreviouslyIgnored}}},
		{Action: diff.Update, Name: "touched", From: "touched", ID: id, Pos: at("connections/prod/touched.yaml", 3), Write: true, Causes: []diff.Cause{diff.Touched, diff.Interrupted, diff.Rewrite}, Modifier: "j.doe",
			Users: &diff.Users{Policies: 1, Workflows: []diff.Workflow{{Name: "draft", ID: "w-7"}}}},
	}
	live := append(updates,
		diff.Change{Action: diff.Adopt, Name: "adopted", ID: id, Pos: at("connections/prod/adopted.yaml", 3), Plugin: diff.Plugin{ComponentID: "c-1", VersionID: "v-1"},
			Secrets: []diff.SecretChange{{Path: "config.password", Word: diff.Unverified}}},
		diff.Change{Action: diff.Adopt, Name: "adopted_and_written", ID: id, Pos: at("connections/prod/adopted.yaml", 9), Plugin: edr, Write: true,
			Secrets: []diff.SecretChange{{Path: "config.password", Word: diff.Set}}},
		diff.Change{Action: diff.Delete, Name: "deleted", ID: id, Write: true, Users: &diff.Users{Policies: 2, Workflows: []diff.Workflow{
			{Name: "Block an IP", ID: "w-1", Enabled: true}, {Name: "contain_host", ID: "w-2", Enabled: true}, {Name: "notify \x1b[31m::error::", ID: "w-3", Enabled: true}, {ID: "w-4", Enabled: true}, {Name: "e", ID: "w-5", Enabled: true},
			{Name: "f", ID: "w-6", Enabled: true}, {Name: "draft", ID: "w-7"}}}},
		diff.Change{Action: diff.Orphaned, Name: "moved_away", ID: id, Warnings: []diff.Warning{{Kind: diff.WarnProtected}}},
		diff.Change{Action: diff.Incomplete, Name: "imported", ID: id, Pos: at("connections/prod/imported.yaml", 3), Plugin: edr,
			Want: &diff.Want{Connection: manifest.Connection{Target: "prod", Name: "imported", Missing: []secrets.Path{"config.password", "config.token"}}}},
		diff.Change{Action: diff.Orphaned, Name: "orphaned_and_locked", ID: id, Warnings: []diff.Warning{{Kind: diff.WarnInUse}}, Users: &diff.Users{Hidden: true}},
		diff.Change{Action: diff.Orphaned, Name: "orphaned", ID: id, Users: &diff.Users{}, Warnings: []diff.Warning{{Kind: diff.WarnInUse}, {Kind: diff.WarnBehind, Commit: "0a1b2c3d4e5f6a7b8c9d0a1b2c3d4e5f6a7b8c9d"}}},
		diff.Change{Action: diff.Orphaned, Name: "never_written", ID: id, Warnings: []diff.Warning{{Kind: diff.WarnNotWritten}}},
		diff.Change{Action: diff.Forget, Name: "forgotten"},
		diff.Change{Action: diff.Unchanged, Name: "same", From: "same", Pos: at("connections/prod/same.yaml", 3), Secrets: []diff.SecretChange{{Path: "config.password", Word: diff.Same}}},
		diff.Change{Action: diff.Unchanged, Name: "same_with_a_warning", From: "same_with_a_warning", Pos: at("connections/prod/same.yaml", 9), Warnings: []diff.Warning{{Kind: diff.WarnDuplicate, IDs: []string{"33333333-c"}}, {Kind: diff.WarnFailed}, {Kind: diff.WarnDisabled}, {Kind: diff.WarnName}, {Kind: diff.WarnSpent}, {Kind: diff.WarnOtherwise}, {Kind: diff.WarnDiffers}}},
		conflictWith(diff.ConflictDiffers, 3, diff.ConflictDetail{IDs: []string{id}, Fields: []secrets.Path{"description", "config.endpoint"}}),
		conflictWith(diff.ConflictUnseen, 6, diff.ConflictDetail{IDs: []string{id}, Fields: []secrets.Path{"config.endpoint"}}),
		conflictWith(diff.ConflictReplaced, 9, diff.ConflictDetail{IDs: []string{id}}),
		conflictWith(diff.ConflictDuplicate, 15, diff.ConflictDetail{IDs: []string{id, "6e2d3c4b-0000-4000-8000-000000000000"}}),
		conflictWith(diff.ConflictNameTaken, 21, diff.ConflictDetail{IDs: []string{id}}),
		conflictWith(diff.ConflictAdoptNone, 27, diff.ConflictDetail{IDs: []string{id}}),
		conflictWith(diff.ConflictAdoptBusy, 33, diff.ConflictDetail{IDs: []string{id}}),
		conflictWith(diff.ConflictPlugin, 39, diff.ConflictDetail{Near: []string{"SmtpRelay 1", "SmtpRelay 2"}}),
		conflictWith(diff.ConflictRename, 45, diff.ConflictDetail{IDs: []string{id}}),
		diff.Change{Action: diff.Conflict, Name: "conflict_hole", Pos: at("connections/prod/conflicts.yaml", 46), Conflict: &diff.ConflictDetail{Kind: diff.ConflictHole, Fields: []secrets.Path{"config.token"}},
			Want: &diff.Want{Connection: manifest.Connection{Target: "prod", Name: "conflict_hole", Component: "SmtpRelay", Version: "9", Missing: []secrets.Path{"config.token"}}}},
		conflictWith(diff.ConflictInClear, 47, diff.ConflictDetail{Fields: []secrets.Path{"config.token"}}),
		conflictWith(diff.ConflictBehind, 48, diff.ConflictDetail{Commit: "0a1b2c3d4e5f6a7b8c9d0a1b2c3d4e5f6a7b8c9d"}),
		conflictWith(diff.ConflictRepointed, 51, diff.ConflictDetail{Fields: []secrets.Path{"config.endpoint"}}),
		conflictWith(diff.ConflictUnsealed, 54, diff.ConflictDetail{}),
		conflictWith(diff.ConflictResealed, 57, diff.ConflictDetail{Fields: []secrets.Path{"config.tenant"}}),
	)
	branch := append(updates[:len(updates):len(updates)],
		diff.Change{Action: diff.Rename, Name: "proxy_eu", From: "proxy_old", Pos: at("connections/prod/proxy.yaml", 3), Write: true, Causes: git,
			Fields: []diff.Field{{Path: "name", Old: "proxy_old", New: "proxy_eu", Causes: git}}},
		diff.Change{Action: diff.Remove, Name: "moved_away"}, diff.Change{Action: diff.Remove, Name: "removed"},
		diff.Change{Action: diff.Unchanged, Name: "same", From: "same", Pos: at("connections/prod/same.yaml", 3)})
	moved := []diff.Change{{Action: diff.Create, Name: "moved_away", Pos: at("connections/test/moved.yaml", 3), Plugin: edr, Write: true, Causes: git}}
	e := everything{live: plansOf(live, moved), branch: plansOf(branch, moved), rules: ruleChanges(), files: fileNotes(), findings: findings()}
	e.live[0].Unmanaged, e.live[0].Unverified, e.live[0].Unconfirmed, e.live[0].BlindToTouch = 7, 2, 3, true
	e.live[0].Others = []diff.Other{{Name: "by_hand", ID: "44444444-d"}, {Name: "by_hand", ID: "55555555-e"}}
	e.live[0].Reviewed = true
	e.live[0].Search = &diff.Search{Workflows: 12, Policies: 1, Gaps: []diff.Gap{
		{Of: diff.UserPolicies, Why: diff.GapDenied}, {Of: diff.UserPolicies, Why: diff.GapAbsent}, {Of: diff.UserWorkflows, Why: diff.GapDenied, N: 1}, {Of: diff.UserWorkflows, Why: diff.GapLimit, N: 34},
		{Of: diff.UserWorkflows, Why: diff.GapLimit}, {Of: diff.UserWorkflows, Why: diff.GapUnreadable, N: 1}, {Of: diff.UserPolicies, Why: diff.GapUnreadable}, {Of: diff.UserPolicies, Why: diff.GapUnreadable, N: 2}, {Of: diff.UserWorkflows, Why: diff.GapFailed},
	}}
	e.report, e.lost, e.kept = reports(e.live[0])
	return e
}

func ruleChanges() []review.RuleChange {
	age := func(id string) []manifest.Recipient { return []manifest.Recipient{{Kind: "age", ID: "age1" + id}} }
	prod := manifest.Target{Name: "prod", Region: "cn-north-4", WorkspaceID: "11111111-2222"}
	rule := manifest.Rule{PathRegex: `^connections/prod/.*\.yaml$`}
	return []review.RuleChange{
		{Kind: review.ProjectUnread, File: "connsync.yaml"},
		{Kind: review.ProjectValue, File: "connsync.yaml", Setting: "secrets.allow", Was: "age", Now: "age hc_vault"},
		{Kind: review.ProjectValue, File: "connsync.yaml", Target: prod, Setting: "region", Was: "cn-north-1", Now: "cn-north-4"},
		{Kind: review.TargetNew, File: "connsync.yaml", Target: prod}, {Kind: review.TargetGone, File: "connsync.yaml", Target: manifest.Target{Name: "old"}},
		{Kind: review.PluginsGone, File: "connsync.plugins.yaml", Target: prod}, {Kind: review.PasswordGone, File: "connsync.plugins.yaml", Target: prod, Was: "EdrVendor 2.1", Setting: "auth.password"},
		{Kind: review.DestinationsReviewed, File: "connsync.yaml"},
		{Kind: review.RulesGone, File: "a/.sops.yaml"}, {Kind: review.RulesOrder, File: ".sops.yaml"},
		{Kind: review.RuleNew, File: ".sops.yaml", Rule: rule, Recipients: append(age("aaaa"), age("bbbb")...)}, {Kind: review.RuleGone, File: ".sops.yaml"},
		{Kind: review.RecipientAdded, File: ".sops.yaml", Rule: rule, Recipients: age("cccc")}, {Kind: review.RecipientRemoved, File: ".sops.yaml", Rule: rule, Recipients: age("dddd")},
		{Kind: review.RuleValue, File: ".sops.yaml", Rule: rule, Setting: "selector", Was: "", Now: "encrypted_regex: ^password$"},
		{Kind: review.RuleValue, File: ".sops.yaml", Rule: rule, Setting: "shamir_threshold", Was: "0", Now: "2"},
	}
}

func fileNotes() []review.FileNote {
	eve, was := manifest.Recipient{Kind: "age", ID: "age1eeee"}, time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)
	return []review.FileNote{
		{Path: "connections/prod/adopted.yaml", Changes: []review.FileChange{{Kind: review.FileEncrypted}}},
		{Path: "connections/prod/edr.yaml", Changes: []review.FileChange{{Kind: review.FileRecipientAdded, Recipient: eve}, {Kind: review.FileMACLess}, {Kind: review.FileOlder, Was: was, Now: was.Add(-time.Hour)}}},
		{Path: "connections/prod/proxy.yaml", Changes: []review.FileChange{{Kind: review.FileDecrypted}}},
		{Path: "connections/prod/same.yaml", Changes: []review.FileChange{{Kind: review.FileRecipientRemoved, Recipient: eve}, {Kind: review.FileMACAll}}},
	}
}

func findings() []review.Finding {
	spot := diff.Spot{Target: "prod", Name: "edr", Path: "config.endpoint", File: "connections/prod/edr.yaml"}
	from := diff.Spot{Target: "test", Name: "mail", Path: "config.password", File: "connections/test/mail.yaml"}
	return []review.Finding{
		{Kind: review.Edited, Fatal: true, Pos: at("connections/prod/edr.yaml", 2), Spot: spot}, {Kind: review.Edited, Fatal: true, Pos: at("connections/prod/edr.yaml", 2), Spot: spot, MACOnly: true},
		{Kind: review.Mixed, Fatal: true, Pos: at("connections/prod/edr.yaml", 2), Spot: spot},
		{Kind: review.Exposed, Fatal: true, Pos: at("connections/prod/edr.yaml", 7), Spot: spot, Commit: "0123456789abcdef", Until: "aaaaaaaaaaaaaaaaaaaa"}, {Kind: review.Exposed, Pos: at("connections/prod/edr.yaml", 8), Spot: spot, Commit: "fedcba9876543210"},
		{Kind: review.Exposed, Fatal: true, Pos: at("connections/prod/edr.yaml", 8), Spot: spot, Commit: "fedcba9876543210", Named: "0123456789ab", Until: "aaaaaaaaaaaaaaaaaaaa"},
		{Kind: review.Exposed, Fatal: true, Pos: at("connections/prod/edr.yaml", 8), Spot: spot, Commit: "fedcba9876543210", Named: "0123456789ab", Proven: true},
		{Kind: review.Replaced, Pos: at("connections/prod/edr.yaml", 8), Spot: spot, Commit: "fedcba9876543210"},
		{Kind: review.Needless, Pos: at("connections/prod/edr.yaml", 8), Spot: spot, Commit: "fedcba9876543210"}, {Kind: review.Needless, Pos: at("connections/prod/edr.yaml", 8), Spot: spot, Commit: "fedcba9876543210", Merged: true},
		{Kind: review.Moved, Fatal: true, Pos: at("connections/prod/edr.yaml", 9), Spot: spot, From: from}, {Kind: review.Repointed, Fatal: true, Pos: at("connections/prod/edr.yaml", 11), Spot: spot},
		{Kind: review.Unsealed, Fatal: true, Pos: at("connections/prod/edr.yaml", 12), Spot: spot}, {Kind: review.Resealed, Fatal: true, Pos: at("connections/prod/edr.yaml", 13), Spot: spot},
		{Kind: review.Wrong, Fatal: true, Pos: at("connections/prod/siem.yaml", 14), Mistake: manifest.Mistake{
			Pos: at("connections/prod/siem.yaml", 14), Message: "config.password is in the clear, and its name says that it is a secret", Source: "    password: …", Hints: []string{"encrypt it: sops encrypt --in-place connections/prod/siem.yaml"}}},
		{Kind: review.CutOff, Pos: manifest.Position{File: "connsync.yaml"}},
	}
}

// reports are a sync's with every outcome, one unable to record what it sent, and one unable to share it.
func reports(p diff.Plan) (all, lost, kept apply.Report) {
	said := func(message string, hints ...string) error { return &view.Said{Message: message, Hints: hints} }
	all = apply.Report{Target: "prod", Run: "0123456789abcdef", Plan: p, Started: time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC), Took: 1500 * time.Millisecond,
		StateCommit: "abcdef0123456789", Recorded: true, Interrupted: true, Err: said("out of time", "--timeout gives more")}
	for i, o := range apply.Outcomes {
		r := apply.Result{Name: "connection_" + string(o), ID: "5d1c2b3a-0000-4000-8000-00000000000" + strconv.Itoa(i%10), Action: diff.Update, Outcome: o, Sent: i < 4, RequestIDs: []string{"r" + strconv.Itoa(i)}}
		switch o {
		case apply.Created:
			r.Duplicates, r.Pos = []string{"11111111-a"}, at("connections/prod/edr.yaml", 4)
		case apply.Updated:
			r.Unconfirmed, r.Warnings = true, []diff.Warning{{Kind: diff.WarnFailed}, {Kind: diff.WarnDisabled}, {Kind: diff.WarnOtherwise}}
		case apply.Refused, apply.Failed, apply.Unknown:
			r.Err = said("SecMaster says no", "ask again", "or do not")
		}
		all.Results = append(all.Results, r)
	}
	lost = apply.Report{Target: "test", Run: "fedcba9876543210", Interrupted: true, Results: all.Results[:2]}
	kept = apply.Report{Target: "dev", Run: "00112233", Kept: true, Interrupted: true, Results: all.Results[:1]}
	return all, lost, kept
}

// run is a sync of all targets: of one every change has its outcome, and one was only planned.
func (e everything) run() view.Run {
	became := map[diff.Action][]apply.Outcome{
		diff.Create: {apply.Created}, diff.Update: {apply.Updated, apply.Failed}, diff.Adopt: {apply.Adopted, apply.Unknown}, diff.Delete: {apply.Deleted}, diff.Orphaned: {apply.Orphaned},
		diff.Forget: {apply.Forgotten}, diff.Incomplete: {apply.Incomplete}, diff.Unchanged: {apply.Unchanged}, diff.Conflict: {apply.Conflicted},
	}
	prod, lost, n := e.report, e.lost, map[diff.Action]int{}
	prod.Results = nil
	for _, c := range prod.Plan.Changes {
		o := became[c.Action][n[c.Action]%len(became[c.Action])]
		n[c.Action]++
		prod.Results = append(prod.Results, apply.Result{Name: c.Name, ID: c.ID, Action: c.Action, Outcome: o, Pos: c.Pos, Unconfirmed: o == apply.Updated})
	}
	prod.Results = append(prod.Results, e.report.Results...)
	lost.Plan, lost.Target = e.live[1], "lost"
	return view.Run{Plans: e.live, Reports: []apply.Report{prod, lost, e.kept}, Errors: []view.Said{{Message: "dev: out of time", Hints: []string{"connsync doctor"}}}, ExitCode: 4, Next: "connsync sync"}
}

func (e everything) diffs() map[string]view.Diff {
	return map[string]view.Diff{
		"live": {All: true, Others: true, Again: func(c string) string { return strings.Replace(c, " --", " --target prod --", 1) }, Plans: e.live, Failed: []view.Finding{{Mistake: manifest.Mistake{Pos: manifest.Position{File: "connsync.yaml"}, Message: "dev: SecMaster cannot be reached", Hints: []string{"check the network"}}, Fatal: true}}},
		"branch": {Offline: true, All: true, Plans: e.branch, Alarms: view.RuleChanges(e.rules), Findings: view.Findings(e.findings),
			Files: map[string][]view.FileNote{"prod": view.FileNotes(e.files)}},
	}
}

// A developer who changes a word, a count, a total or an order of any format sees it in the difference of these files.
func TestEverythingIsSaidAsItWas(t *testing.T) {
	e := newEverything()
	golden := map[string][]byte{}
	for name, d := range e.diffs() {
		for _, width := range []int{80, 120} {
			var out bytes.Buffer
			_ = (&Stream{w: &out, width: width}).diff(d)
			golden[name+"."+strconv.Itoa(width)+".txt"] = out.Bytes()
		}
		var coloured bytes.Buffer
		_ = (&Stream{w: &coloured, colour: true}).diff(d)
		golden[name+".colours.txt"] = visibly(coloured)
		for _, f := range formats {
			var out bytes.Buffer
			if err := Diff(&out, f.name, d); err != nil {
				t.Fatal(err)
			}
			golden[name+"."+f.name] = out.Bytes()
		}
	}
	var text, machine, page bytes.Buffer
	p := New(&text, &text, Options{})
	p.Report(view.OfReport(e.report))
	p.Report(view.OfReport(e.lost))
	p.Report(view.OfReport(e.kept))
	p.Report(view.OfReport(apply.Report{Target: "none", Recorded: true}))
	run := view.Run{Plans: e.live, Reports: []apply.Report{e.report}, Errors: []view.Said{{Message: "test: out of time"}}, ExitCode: 4}
	if err := errors.Join(Run(&machine, "report.json", run), Run(&page, "report.html", e.run())); err != nil {
		t.Fatal(err)
	}
	var coloured bytes.Buffer
	New(&coloured, &coloured, Options{Color: "always"}).Report(view.OfReport(e.report))
	golden["report.txt"], golden["report.json"], golden["report.colours.txt"], golden["report.html"] = text.Bytes(), machine.Bytes(), visibly(coloured), page.Bytes()
	checkedGolden(t, golden, e)
	for name, got := range golden {
		file := filepath.Join("testdata", "everything", name)
		if *update {
			if err := os.WriteFile(file, got, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(file)
		if err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s differs (%v); if that is meant: go test ./cmd/connsync/render -run Everything -update\n%s", file, err, firstDifference(want, got))
		}
	}
	files, _ := filepath.Glob("testdata/everything/*")
	if len(files) != len(golden) {
		t.Errorf("%d files and %d formats", len(files), len(golden))
	}
}

// checkedGolden adds what validate shows: of mistakes, and of none.
func checkedGolden(t *testing.T, golden map[string][]byte, e everything) {
	t.Helper()
	c := view.Checked{Connections: 3, Files: 2, Encrypted: 1, Targets: 1}
	var text, machine, commands bytes.Buffer
	p := New(&text, &text, Options{})
	p.Checked(c)
	for _, f := range view.Findings(e.findings) {
		if f.Fatal {
			c.Wrong = append(c.Wrong, f.Mistake)
			continue
		}
		c.Warnings = append(c.Warnings, f.Mistake)
	}
	p.Checked(c)
	p.Mistakes(c.Wrong, false)
	if err := errors.Join(CheckedJSON(&machine, c), CheckedAnnotations(&commands, c)); err != nil {
		t.Fatal(err)
	}
	golden["checked.txt"], golden["checked.json"], golden["checked.github"] = text.Bytes(), machine.Bytes(), commands.Bytes()
}

// visibly spells out the escapes of colours, so that a golden file is text.
func visibly(b bytes.Buffer) []byte {
	return bytes.ReplaceAll(b.Bytes(), []byte("\x1b["), []byte("^["))
}

func firstDifference(want, got []byte) string {
	a, b := strings.Split(string(want), "\n"), strings.Split(string(got), "\n")
	for i := range b {
		if i >= len(a) || a[i] != b[i] {
			return "line " + strconv.Itoa(i+1) + ": " + b[i]
		}
	}
	return "it ends early"
}

// constants are those of the string types of a package's source, by type.
func constants(t *testing.T, dir string) map[string][]string {
	t.Helper()
	out := map[string][]string{}
	for _, f := range parsed(t, dir) {
		ast.Inspect(f, func(n ast.Node) bool {
			if v, ok := n.(*ast.ValueSpec); ok && len(v.Values) == 1 {
				kind, typed := v.Type.(*ast.Ident)
				value, literal := v.Values[0].(*ast.BasicLit)
				if typed && literal && value.Kind == token.STRING && kind.Name != "string" {
					text, _ := strconv.Unquote(value.Value)
					out[kind.Name] = append(out[kind.Name], text)
				}
			}
			return true
		})
	}
	return out
}

// held collects the texts of a value by their types.
func held(v reflect.Value, into map[string]map[string]bool) {
	switch v.Kind() {
	case reflect.String:
		name := v.Type().Name()
		if into[name] == nil {
			into[name] = map[string]bool{}
		}
		into[name][v.String()] = true
	case reflect.Struct:
		for i := range v.NumField() {
			held(v.Field(i), into)
		}
	case reflect.Slice:
		for i := range v.Len() {
			held(v.Index(i), into)
		}
	case reflect.Pointer:
		if !v.IsNil() {
			held(v.Elem(), into)
		}
	}
}

// A new constant of what a plan, a review or a report can say has to be added to everything.
func TestEverythingHoldsEveryConstant(t *testing.T) {
	have := map[string]map[string]bool{}
	held(reflect.ValueOf(newEverything()), have)
	n := 0
	for _, dir := range []string{"diff", "diff/review", "apply"} {
		for kind, values := range constants(t, "../../../"+dir) {
			if kind == "Written" || kind == "SealFault" { // what known state remembers, and what an error is before it has words
				continue
			}
			for _, value := range values {
				n++
				if !have[kind][value] {
					t.Errorf("%s: no %s %q in everything", dir, kind, value)
				}
			}
		}
	}
	if n < 70 {
		t.Errorf("only %d constants", n)
	}
}

// unshown are the fields not shown by any format.
var unshown = map[string]string{
	"Change.Have": "the plan says what differs", "Change.Known": "likewise", "Change.Intent": "likewise", "Change.Restamp": "it changes the record alone", "Change.Verified": "likewise",
	"SecretChange.Fingerprint": "no fact about a secret but its word is shown", "Plan.Wanted": "for the limits of a prune", "Plan.Recorded": "likewise",
	"Plan.Unread": "of what is no plan yet", "Change.Rests": "an unread file changes nothing in what is said",
}

// A new field of what a plan, a review or a report can say has to be used in everything, or named above.
func TestEverythingUsesEveryField(t *testing.T) {
	used := map[string]bool{}
	var walk func(v reflect.Value)
	walk = func(v reflect.Value) {
		switch v.Kind() {
		case reflect.Struct:
			if p := v.Type().PkgPath(); p != "connsync/diff" && p != "connsync/diff/review" && p != "connsync/apply" && p != "connsync/cmd/connsync/view" && v.Type() != reflect.TypeFor[everything]() {
				return
			}
			for i := range v.NumField() {
				if f := v.Type().Field(i); f.Name != "Want" {
					name := v.Type().Name() + "." + f.Name
					used[name] = used[name] || !v.Field(i).IsZero()
					walk(v.Field(i))
				}
			}
		case reflect.Slice:
			for i := range v.Len() {
				walk(v.Index(i))
			}
		case reflect.Map:
			for _, k := range v.MapKeys() {
				walk(v.MapIndex(k))
			}
		case reflect.Pointer:
			if !v.IsNil() {
				walk(v.Elem())
			}
		}
	}
	e := newEverything()
	walk(reflect.ValueOf(e))
	for _, d := range e.diffs() {
		walk(reflect.ValueOf(d))
	}
	for name, is := range used {
		if !is && unshown[name] == "" {
			t.Errorf("%s is nowhere in everything", name)
		}
	}
	if len(used) < 80 {
		t.Errorf("only %d fields", len(used))
	}
}

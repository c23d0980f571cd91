package main

import (
	"bytes"
	"errors"
	"io"
	"path"
	"strings"
	"testing"
	"testing/fstest"
	"unicode"
	"unicode/utf8"

	"connsync/apply"
	"connsync/apply/secmaster"
	"connsync/apply/state"
	"connsync/cmd/connsync/render"
	"connsync/cmd/connsync/view"
	"connsync/diff"
	"connsync/diff/review"
	"connsync/manifest"
	"connsync/secrets"
)

// harmlessLines checks what a terminal and a CI system's log are given: no character that does anything, no command.
func harmlessLines(t *testing.T, what, out string) {
	t.Helper()
	for line := range strings.SplitSeq(out, "\n") {
		if !utf8.ValidString(line) || strings.ContainsFunc(line, func(r rune) bool { return !unicode.IsPrint(r) }) {
			t.Errorf("%s: not fit to print: %q", what, line)
		}
		if strings.HasPrefix(strings.TrimSpace(line), "::") || strings.Contains(line, "##[") {
			t.Errorf("%s: a command: %q", what, line)
		}
	}
}

// hostile are texts that a terminal, a CI system's log or a reader would take for more than text.
var hostile = []string{
	"\x1b[31mred\x1b[0m", "a\r\nb", "::error::x", "##[error]x", "\u202egnp.exe", "\u009b31m", "a\x00b", "\xff\xfe", "a\u2028b", "\u200bzero", "\U000e0041tag", "\a\b\v", "a\u3164b", "a\ufe0f",
}

// plansOf are two plans of every action, cause, risk and conflict, with one text wherever a text of others may stand.
func plansOf(s string) []diff.Plan {
	p := diff.Plan{Target: s, Place: diff.Place{Region: s, ProjectID: s, WorkspaceID: s}, WantCommit: s, KnownCommit: s, Unmanaged: 1, Unverified: 1, BlindToTouch: true}
	path := secrets.Path("config").Key(s)
	want := &diff.Want{Connection: manifest.Connection{Name: s, Component: s, Version: s, ComponentID: s, ComponentVersionID: s}}
	change := diff.Change{
		Name: s, From: s + "x", ID: s, Pos: manifest.Position{File: s, Line: 1}, Plugin: diff.Plugin{ComponentID: s, VersionID: s, Component: s, Version: s}, Write: true,
		Causes: []diff.Cause{diff.Git, diff.Drift, diff.Touched, diff.Interrupted, diff.Rewrite, diff.Missing}, Modifier: s,
		Fields: []diff.Field{
			{Path: path, Old: s, New: s + "\n" + s, Causes: []diff.Cause{diff.Git, diff.Drift}}, {Path: path, New: s}, {Path: "name", Old: "\n" + s + "\ny", New: s},
			{Path: secrets.Path(s), OldHidden: true, New: s},
		},
		Secrets: []diff.SecretChange{{Path: path, Word: diff.Set}, {Path: path, Word: diff.Changed}}, Extra: []secrets.Path{path, secrets.Path(s)},
		Risks: []diff.Risk{{Path: path}}, Want: want,
		Warnings: []diff.Warning{{Kind: diff.WarnDuplicate, IDs: []string{s}}, {Kind: diff.WarnInUse}, {Kind: diff.WarningKind(s)}},
	}
	for _, a := range []diff.Action{diff.Create, diff.Update, diff.Adopt, diff.Delete, diff.Orphaned, diff.Forget, diff.Unchanged} {
		c := change
		c.Action = a
		p.Changes = append(p.Changes, c)
	}
	for _, k := range []diff.ConflictKind{diff.ConflictDiffers, diff.ConflictReplaced, diff.ConflictDuplicate, diff.ConflictNameTaken, diff.ConflictAdoptNone, diff.ConflictAdoptBusy, diff.ConflictPlugin, diff.ConflictRename, diff.ConflictKind(s)} {
		c := change
		c.Action, c.Write, c.Conflict = diff.Conflict, false, &diff.ConflictDetail{Kind: k, IDs: []string{s}, Fields: []secrets.Path{path}, Near: []string{s}}
		p.Changes = append(p.Changes, c)
	}
	other := p
	other.Target, other.Changes = s+"2", p.Changes[:2]
	return []diff.Plan{p, other}
}

// FuzzPlan: no text in a plan, a report or an error gets out of its line, whatever the format. The format says what is written.
func FuzzPlan(f *testing.F) {
	kinds := []string{"text", "json", "markdown", "html", "github", "report", "errors"}
	for i, s := range append(hostile, "EDR", "", "\n::error::x", "a\n  ::warning::b\nc", "\r::x", "\n\n\n", "\u0085::x", "##[x]\n##[y]") {
		for which := range kinds {
			f.Add(s, i%2 == 0, byte(which))
		}
	}
	f.Fuzz(func(t *testing.T, s string, offline bool, which byte) {
		v := view.Diff{Offline: offline, All: true, Plans: plansOf(s), Alarms: []view.Alarm{{File: s, Text: s}, {File: s, Text: s}}}
		v.Findings = []view.Finding{{Mistake: manifest.Mistake{Pos: manifest.Position{File: s, Line: 1}, Message: s, Hints: []string{s}, Source: s}, Fatal: true}}
		var out bytes.Buffer
		p := render.New(&out, &out, render.Options{Verbose: true})
		switch kind := kinds[int(which)%len(kinds)]; kind {
		case "report":
			r := inWords(reportOf(s, v.Plans[0]))
			p.Report(view.OfReport(r))
			run := view.Run{Plans: v.Plans, Reports: []apply.Report{r}, Errors: reported(errors.New(s)), ExitCode: 1}
			for _, file := range []string{"report.json", "report.html"} {
				if err := render.Run(&out, file, run); err != nil {
					t.Fatal(err)
				}
			}
			harmlessLines(t, kind, out.String())
		case "errors":
			fail(p, errors.Join(manifest.Mistakes{v.Findings[0].Mistake}))
			fail(p, &inTarget{s, &secmaster.Error{Op: "create", Code: s, Message: s, RequestID: s}})
			harmlessLines(t, kind, out.String())
		case "text", "json":
			if err := render.Diff(&out, kind, v); err != nil {
				t.Fatal(err)
			}
			harmlessLines(t, kind, out.String())
		default:
			if err := render.Diff(&out, kind, v); err != nil {
				t.Fatal(err)
			}
			if s := strings.ReplaceAll(out.String(), "\n", ""); strings.ContainsFunc(s, func(r rune) bool { return !unicode.IsPrint(r) }) {
				t.Errorf("%s: not fit to print: %q", kind, s)
			}
		}
	})
}

// reportOf is a report of every outcome, with one text wherever a text of others may stand.
func reportOf(s string, p diff.Plan) apply.Report {
	failures := []error{
		nil, &secmaster.Error{Op: "create", Status: 400, Code: s, Message: s, RequestID: s}, &secmaster.CredentialsError{Source: s, Reason: s}, &state.CorruptError{Ref: s, Reason: s},
		&state.HeldError{Run: state.Run{ID: s, Host: s, Actor: s, Job: s}}, &state.BusyError{Holder: s}, &state.LockedRefError{File: s}, &manifest.ReadError{File: s},
		&remoteError{s, errors.New(s)}, &usageError{s}, &state.PlaceError{Known: diff.Place{Region: s}}, &fileError{"--report", s, io.EOF}, errors.New(s),
	}
	r := apply.Report{Target: s, Run: s, Plan: p, StateCommit: s, Interrupted: true, Err: failures[1]}
	for i, c := range p.Changes {
		r.Results = append(r.Results, apply.Result{
			Name: s, ID: s, Action: c.Action, Outcome: apply.Outcomes[i%len(apply.Outcomes)], Err: failures[i%len(failures)], RequestIDs: []string{s}, Duplicates: []string{s},
		})
	}
	return r
}

// FuzzMistakes: whatever a manifest holds, what is said of it is harmless in every format.
func FuzzMistakes(f *testing.F) {
	for _, s := range append(hostile, "connections:\n  prod:\n    a:\n      version: 1\n", "connections: {p: 1}\n\t::x: 1", "::error: 1\n", "\"::error\": {\"\\x1b\": 1}\n", "connections:\n  \"p\\u202e\": {}\n", "connections:\n  p:\n    \u00ad: 1\n") {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		project := manifest.Project{File: "connsync.yaml", Manifests: []string{"connections"}, Targets: map[string]manifest.Target{"p": {Name: "p"}}}
		files := fstest.MapFS{"connections/a.yaml": {Data: []byte(text)}}
		set, mistakes, err := manifest.Survey(files, project, nil)
		if err != nil {
			t.Fatal(err)
		}
		var findings []review.Finding
		for i, m := range mistakes {
			findings = append(findings, review.Finding{Kind: review.Wrong, Fatal: i%2 == 0, Pos: m.Pos, Mistake: m})
		}
		for _, format := range []string{"text", "json", "github"} {
			var out, errs bytes.Buffer
			p := render.New(&out, &errs, render.Options{})
			if failed := (validateCmd{Format: format}).show(world{stdout: &out}, p, checked(review.Side{Project: project, Set: set}, findings, nil, nil)); failed != nil {
				fail(p, failed)
			}
			if format != "github" { // its output is commands
				harmlessLines(t, format, out.String())
			}
			harmlessLines(t, format+", errors", errs.String())
		}
	})
}

// FuzzPattern: a pattern is refused, or matches every name without an error, and as its letters say.
func FuzzPattern(f *testing.F) {
	for _, p := range []string{"edr_*", "*", "[a-", "[", "\\", "a?c", "[^a]*", "*a*b*", "", "[]a]", "a\\"} {
		f.Add(p, "edr_prod")
	}
	f.Fuzz(func(t *testing.T, pattern, name string) {
		matches := matcher([]string{pattern})
		if strings.Contains(name, "/") || len(pattern) > 40 {
			return // no connection has such a name, and no user such a pattern
		}
		if !isPattern(pattern) {
			if matches(name) {
				t.Errorf("%q is refused and matches %q", pattern, name)
			}
			return
		}
		if _, err := path.Match(pattern, name); err != nil {
			t.Errorf("%q is taken, and of %q it says %v", pattern, name, err)
		}
		if !strings.ContainsAny(pattern, `[?\`) && matches(name) != glob(pattern, name) {
			t.Errorf("%q matches %q: %v", pattern, name, matches(name))
		}
	})
}

// glob tells whether a pattern with no other sign than * matches.
func glob(pattern, name string) bool {
	first, rest, star := strings.Cut(pattern, "*")
	if !star {
		return pattern == name
	}
	name, ok := strings.CutPrefix(name, first)
	for i := 0; ok && i <= len(name); i++ {
		if glob(rest, name[i:]) {
			return true
		}
	}
	return false
}

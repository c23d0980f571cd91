package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"connsync/cmd/connsync/render"
)

// workerReport is the report of a worker, as short as one may be.
func workerReport(code int, more, targets string) string {
	text, _ := json.Marshal(code)
	return `{"schema": 1, "exit_code": ` + string(text) + `, "plan": "00"` + more + `, "targets": [` + targets + `]}`
}

const (
	workedProd = `{"target": "prod", "run": "r1", "recorded": true, "counts": {"created": 2, "unchanged": 5}, "plan": {}, "results": [{"name": "a", "action": "create", "outcome": "created"}]}`
	brokenEU   = `{"target": "eu", "run": "r2", "recorded": true, "counts": {"updated": 1, "failed": 1, "conflict": 1}, "plan": {}, "results": [` +
		`{"name": "edr", "id": "i-1", "action": "update", "outcome": "failed", "error": "403 from SecMaster", "hints": ["ask for the permission"]},` +
		`{"name": "siem", "action": "conflict", "outcome": "conflict"}, {"name": "fw", "action": "update", "outcome": "updated"}]}`
	endedTest = `{"target": "test", "run": "r3", "recorded": true, "interrupted": true, "error": "interrupted", "counts": {}, "plan": {}, "results": []}`
	planned   = `{"target": "stage", "run": "", "recorded": false, "counts": null, "plan": {}, "results": []}`
)

// laid are files in a folder, by their names.
func laid(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// mergedIn runs  report merge  in a folder, so files have short names.
func mergedIn(t *testing.T, dir string, args ...string) (code int, out, errs string) {
	t.Helper()
	back, err := os.Getwd()
	if err == nil {
		err = os.Chdir(dir)
	}
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = os.Chdir(back) }()
	return inProcess(nil, append([]string{"report", "merge"}, args...)...)
}

// The status of many workers has the worst of their exit codes, what was done in all, and each target with what failed.
func TestOneStatusOfManyWorkers(t *testing.T) {
	dir := laid(t, map[string]string{
		"a.json": workerReport(0, "", workedProd+","+planned), "b.json": workerReport(3, `, "errors": ["asia: no credentials"]`, brokenEU), "c.json": workerReport(130, "", endedTest),
		"d.json": `{"schema": 1, "exit_code": 1, "error": {"message": "1 mistake in 1 file", "mistakes": [{"file": "x.yaml", "line": 3, "column": 1, "message": "twice"}]}}`,
	})
	all := []string{"a.json", "b.json", "c.json", "d.json"}
	merge := func(format string) string {
		code, out, errs := mergedIn(t, dir, append([]string{"--format", format}, all...)...)
		if code != exitInterrupted || errs != "" {
			t.Errorf("%s: exit %d: %s", format, code, errs)
		}
		return out
	}
	words := []string{"exit code 130: 4 reports of 4 targets, 2 with failures", "2 created, 1 updated, 5 unchanged, 1 conflict, 1 failed", "failed edr: 403", "conflict siem", "interrupted", "prod", "planned", "stage", "asia", "no credentials", "x.yaml:3", "twice"}
	for _, format := range []string{"text", "markdown"} {
		out := strings.NewReplacer("`", "", "*", "").Replace(merge(format))
		for _, want := range words {
			if !strings.Contains(out, want) {
				t.Errorf("%s does not say %q:\n%s", format, want, out)
			}
		}
		if strings.Contains(out, "fw") || (strings.Index(out, "prod") < strings.Index(out, "failed edr")) != (format == "text") {
			t.Errorf("%s: what failed comes last in text and first in Markdown, and what did not is not named:\n%s", format, out)
		}
	}
	var status struct {
		Schema, Reports int
		ExitCode        int `json:"exit_code"`
		Counts          map[string]int
		Targets         []struct {
			Target, File, State, Error string
			Recorded                   bool
			Failed                     []struct{ Name, ID, Outcome, Error string }
		}
		Unplanned []struct{ File, Message string }
	}
	out := merge("json")
	if err := asPublished("report merge", []byte(out)); err != nil {
		t.Error(err)
	}
	if err := json.Unmarshal([]byte(out), &status); err != nil {
		t.Fatal(err)
	}
	var states []string
	for _, s := range status.Targets {
		states = append(states, s.Target+" "+s.File+" "+s.State)
	}
	if status.ExitCode != 130 || status.Reports != 4 || status.Counts["created"] != 2 || status.Counts["failed"] != 1 || len(status.Unplanned) != 3 ||
		!slices.Equal(states, []string{"eu b.json failed", "prod a.json done", "stage a.json planned", "test c.json interrupted"}) || len(status.Targets[0].Failed) != 2 {
		t.Errorf("%v: %s", states, out)
	}
}

// The worst of codes is the worst as a sync with all targets would have it, in any order of the files.
func TestTheWorstCodeOfManyWorkers(t *testing.T) {
	files, order := map[string]string{}, []int{0, 2, 1, 5, 3, 4, 130, 80}
	for i, code := range order {
		files[string(rune('a'+i))] = workerReport(code, "", "")
	}
	dir := laid(t, files)
	for i, want := range order {
		var names []string
		for j := range i + 1 {
			names = append(names, string(rune('a'+j)))
		}
		for range 2 {
			if code, _, errs := mergedIn(t, dir, names...); code != want {
				t.Errorf("%v: exit %d, want %d: %s", names, code, want, errs)
			}
			slices.Reverse(names)
		}
	}
}

// A target with several workers is said, whichever of them was right.
func TestATargetTwice(t *testing.T) {
	dir := laid(t, map[string]string{"a.json": workerReport(0, "", workedProd), "b.json": workerReport(0, "", workedProd)})
	const says = "prod is in 2 reports: a.json, b.json"
	for _, format := range []string{"text", "markdown"} {
		if code, out, _ := mergedIn(t, dir, "--format", format, "a.json", "b.json"); code != exitDone || !strings.Contains(strings.ReplaceAll(out, "`", ""), says) || strings.Count(strings.ReplaceAll(out, "4 created", ""), "2 created") != 2 {
			t.Errorf("%s: exit %d: %s", format, code, out)
		}
	}
	if _, out, _ := mergedIn(t, dir, "--format=json", "a.json", "b.json"); strings.Join(strings.Fields(out[strings.Index(out, `"twice"`):]), "") != `"twice":[{"target":"prod","files":["a.json","b.json"]}]}` {
		t.Error(out)
	}
	if _, out, _ := mergedIn(t, dir, "--format=json", "a.json"); strings.Contains(out, "twice") {
		t.Error(out)
	}
}

// A missing file, or one without a report, is one error with its place. The error quotes nothing of the file; the others' status is there all the same.
func TestWhatIsNoReport(t *testing.T) {
	good := workerReport(0, "", workedProd)
	files := map[string]string{"good.json": good}
	bad := []struct{ name, text, says string }{
		{"missing", "", "report merge missing: no such file or directory"},
		{"empty", "", "empty: not JSON, or cut off"},
		{"cut", good[:len(good)-20], `cut:1:\d+: not JSON, or cut off`},
		{"words", "{\n  canary", `words:2:3: not JSON`},
		{"two", good + "\n" + good, `two:\d+:\d+: more than one JSON value`},
		{"list", `["canary"]`, `list:1:\d+: not the report of a sync: no JSON object`},
		{"type", "{\"schema\": 1,\n\"exit_code\": \"canary\"}", `type:2:\d+: not the report of a sync: a value has another type`},
		{"none", `{"canary": 1}`, "none: not the report of a sync: schema, exit_code or targets is missing"},
		{"plan", `{"schema": 1, "mode": "live", "plans": []}`, "plan: not the report of a sync"},
		{"newer", strings.Replace(good, `"schema": 1`, `"schema": 2`, 1), "newer: schema 2: this connsync reads schema 1"},
		{"code", workerReport(7, "", ""), "code: exit_code 7 is none of connsync's"},
		{"outcome", strings.Replace(workerReport(0, "", workedProd), `"outcome": "created"`, `"outcome": "canary"`, 1), "outcome: target prod: a result has an outcome"},
		{"counts", strings.Replace(workerReport(0, "", workedProd), `"unchanged": 5`, `"unchanged": -5`, 1), "counts: target prod: counts has an outcome"},
		{"nameless", workerReport(0, "", `{"run": "canary"}`), "nameless: a target has no name"},
		{"errors", workerReport(1, `, "errors": {"canary": 1}`, ""), "errors: errors is no list of texts"},
		{"failure", `{"schema": 1, "exit_code": 1, "error": {"message": "m"}, "errors": "canary"}`, "failure: errors is no list of texts"},
	}
	for _, b := range bad {
		if b.name != "missing" {
			files[b.name] = b.text
		}
	}
	dir := laid(t, files)
	for _, b := range bad {
		code, out, errs := mergedIn(t, dir, b.name, "good.json")
		if code != exitFailed || !regexp.MustCompile(b.says).MatchString(errs) || strings.Count(errs, "\n") != 1 || !strings.HasPrefix(errs, "connsync: error: report merge ") || !strings.Contains(out, "prod") || strings.Contains(out+errs, "canary") {
			t.Errorf("%s: exit %d: %s%s", b.name, code, out, errs)
		}
		code, out, errs = mergedIn(t, dir, "--format=json", b.name)
		if err := asPublished("error", []byte(out)); err != nil || code != exitFailed || !regexp.MustCompile(b.says).MatchString(out) || strings.Contains(out, "canary") {
			t.Errorf("%s: exit %d: %v %s%s", b.name, code, err, out, errs)
		}
	}
	var status struct {
		ExitCode int `json:"exit_code"`
		Errors   []struct{ Message string }
	}
	code, out, _ := mergedIn(t, dir, "--format=json", "good.json", "missing", "cut")
	if err := json.Unmarshal([]byte(out), &status); err != nil || code != exitFailed || status.ExitCode != exitFailed || len(status.Errors) != 2 {
		t.Errorf("exit %d: %v %s", code, err, out)
	}
	if err := asPublished("report merge", []byte(out)); err != nil {
		t.Error(err)
	}
	dir = laid(t, map[string]string{"unknown": workerReport(4, "", "")})
	if code, _, _ := mergedIn(t, dir, "unknown", "missing"); code != exitUnknown {
		t.Errorf("exit %d: a missing report hides a worse code", code)
	}
	if _, err := readWithin(filepath.Join(dir, "unknown"), 10); err == nil {
		t.Error("a file of any length is read")
	}
	if _, err := render.ReadReport("x", []byte(workerReport(0, "", "")), func(int) bool { return true }); err != nil {
		t.Error(err)
	}
}

// What others wrote into a report is shown as harmless text, and a long status fits where GitHub shows it.
func TestAHostileReport(t *testing.T) {
	const hostile = "::add-mask::x\\u001b[31m##[error]|`<b>@all"
	target := func(name string) string {
		return strings.NewReplacer(`"eu"`, `"`+name+`"`, `"edr"`, `"`+hostile+`"`, "403 from SecMaster", "\\n"+hostile, `"siem"`, `"`+strings.Repeat("long ", 1000)+`"`).Replace(brokenEU)
	}
	all := []string{target(hostile)}
	for range 200 {
		all = append(all, target(strings.Repeat("n", 500)))
	}
	dir := laid(t, map[string]string{"a.json": workerReport(3, `, "errors": ["`+hostile+`"]`, strings.Join(all, ","))})
	for _, format := range []string{"text", "json", "markdown"} {
		code, out, errs := mergedIn(t, dir, "--format", format, "a.json")
		if code != exitPartly || errs != "" || strings.ContainsAny(out, "\x1b\r") || strings.Contains(out, "##[") {
			t.Errorf("%s: exit %d: %.3000s%s", format, code, out, errs)
		}
		for line := range strings.Lines(out) {
			if strings.HasPrefix(strings.TrimLeft(line, " "), "::") {
				t.Errorf("%s: a workflow command: %s", format, line)
			}
		}
		if format == "markdown" && (len(out) > 65_536 || !strings.Contains(out, "more that do not fit")) {
			t.Errorf("%d bytes", len(out))
		}
	}
}

package main

import (
	"context"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"connsync/apply/secmaster"
	"connsync/apply/secmaster/emulator"
	"connsync/manifest"
)

// wants writes what Git wants in the clear, and commits it.
func wants(t *testing.T, work string, lines ...string) {
	t.Helper()
	text := "connections:\n  prod:\n"
	for _, l := range lines {
		name, address, _ := strings.Cut(l, " ")
		text += "    " + name + ":\n      component: KafkaBus\n      version: \"1.0\"\n      config: {kafkaAddr: " + address + "}\n"
	}
	if err := os.WriteFile(filepath.Join(work, "connections", "a.yaml"), []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	runGit(t, work, "add", "-A")
	runGit(t, work, "commit", "-q", "-m", "wants")
}

// Who uses a connection is said in every format, with harmless names. What else a workflow holds stands nowhere.
func TestWhoUsesAConnectionIsSaidAndNoMore(t *testing.T) {
	t.Parallel()
	server, env, url := emulated(t)
	work := lay(t, manifestsOf(""))
	runGit(t, work, "init", "-q", "--template=")
	run := func(want int, args ...string) string {
		t.Helper()
		code, stdout, stderr := inProcess(env, append(args, "-C", work, "--endpoint", url)...)
		if code != want || strings.Contains(stdout+stderr, "canary") || strings.Contains(stdout+stderr, "\x1b") {
			t.Errorf("%v: exit %d\n%s%s", args, code, stdout, stderr)
		}
		return stdout
	}
	wants(t, work, "a k1:9093", "b k2:9093", "c k3:9093")
	run(exitDone, "sync", "--yes")
	for _, w := range []emulator.Workflow{
		{Name: "Block an IP", Enabled: true, Connections: []string{"a", "c"}, Note: "canary-of-a-playbook"},
		{Name: "x\x1b[31m\n::error::y\u202e", Enabled: true, Config: true, Connections: []string{"c"}, Note: "canary-of-a-playbook"},
		{Name: "draft", Connections: []string{"a"}},
	} {
		server.PutWorkflow(w)
	}
	server.PutPolicy(emulator.EmergencyPolicy{Target: "canary-of-a-policy", Connections: []string{"c"}})
	wants(t, work, "a k9:9093", "b k2:9093")
	const ofA, ofC = `used by 1 enabled workflow: "Block an IP"; used by 1 disabled workflow: draft`, `used by 2 enabled workflows: "Block an IP", x?[31m?::error::y?; used by 1 emergency policy`
	for format, says := range map[string][]string{
		"text":     {ofA, "warning: " + ofC, "note: who uses the connections was looked for in 3 workflows and 1 emergency policy"},
		"github":   {"notice.*: update, kafkaAddr, " + ofA, "::warning title=connsync%3A warning::prod / c: " + ofC},
		"markdown": {"used by 1 enabled workflow: `\"Block an IP\"`; used by 1 disabled workflow: draft", "- warning: used by 2 enabled workflows: `\"Block an IP\"", "in 3 workflows and 1 emergency policy"},
		"html":     {"<li>used by 1 enabled workflow: <code>&#34;Block an IP&#34;</code>; used by 1 disabled workflow: draft</li>", "<b>warning</b> used by 2 enabled workflows: <code>&#34;Block an IP&#34;"},
		"json":     {`"name": "Block an IP"`, `"name": "x?[31m?::error::y?"`, `"emergency_policies": 1`, `"users_search": {`, `"enabled": false`},
	} {
		out := run(exitDone, "diff", "--uses", "--format", format)
		for _, want := range says {
			if !strings.Contains(out, want) && !(format == "github" && regexp.MustCompile(strings.Replace(regexp.QuoteMeta(want), `\.\*`, ".*", 1)).MatchString(out)) {
				t.Errorf("%s lacks %s:\n%s", format, want, out)
			}
		}
	}
	server.ResetRequests()
	if out := run(exitDone, "diff"); strings.Contains(out, "used by") || server.Count(emulator.RouteWorkflows)+server.Count(emulator.RoutePolicies) > 0 {
		t.Errorf("a diff asks without --uses:\n%s", out)
	}
	run(exitUsage, "diff", "--uses", "--base", "HEAD")
	run(exitDone, "diff", "--uses", "-v")
	if out := run(exitDone, "sync", "--dry-run"); strings.Contains(out, "used by") || server.Count(emulator.RouteVersion) != 3 {
		t.Errorf("a sync without --prune asks:\n%s", out)
	}
	if out := run(exitDone, "sync", "--yes", "--prune", "--max-deletes", "50%", "--report", filepath.Join(work, "report.json")); !strings.Contains(out, "warning: "+ofC) || strings.Contains(out, ofA) {
		t.Errorf("what is deleted:\n%s", out)
	}
	report, err := os.ReadFile(filepath.Join(work, "report.json"))
	if kept := runGit(t, work, "cat-file", "--batch", "--batch-all-objects"); err != nil || strings.Contains(kept+string(report), "canary") || !strings.Contains(string(report), `"used_by": {`) {
		t.Errorf("%v: the report or known state: %s", err, report)
	}
}

// A target planned again is asked by the same client. The client remembers which connections a version of a workflow names.
func TestATargetThatIsPlannedAgainHasItsClient(t *testing.T) {
	_, env, url := emulated(t)
	r := &syncRun{cmd: &syncCmd{Prune: true, Parallelism: 1}, g: &globals{Endpoint: url}, w: world{env: func(k string) string { return env[k] }}}
	target := func(name string) *targetRun {
		target := manifest.Target{Name: name, Region: emulator.DefaultRegion, ProjectID: emulator.DefaultProject, WorkspaceID: emulator.DefaultWorkspace}
		return &targetRun{wanted: wanted{Target: target}}
	}
	of := func(u *targetRun) *secmaster.Client {
		t.Helper()
		c, err := r.writer(context.Background(), u)
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	prod := target("prod")
	first, other := of(prod), of(target("test"))
	defer first.Close()
	defer other.Close()
	if again := of(prod); again != first || other == first {
		t.Error("another client asks for it")
	}
}

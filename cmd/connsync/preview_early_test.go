package main

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"connsync/apply/secmaster"
)

// longBranch wants so many connections, in one file.
func longBranch(t *testing.T, n int) (*branch, string) {
	t.Helper()
	var text strings.Builder
	text.WriteString("connections:\n  prod:\n")
	for i := range n {
		fmt.Fprintf(&text, "    c%03d: {component: EdrVendor, version: \"2.1\", config: {endpoint: \"https://c%03d.example\"}}\n", i, i)
	}
	b := newBranch(t, true)
	b.write(branchFile, text.String())
	b.commit("many")
	return b, text.String()
}

// A long list is asked for once, be it early. Where a manifest is wrong meanwhile, the command ends as ever, and nothing but lists was asked for.
func TestALongListIsAskedForOnce(t *testing.T) {
	t.Parallel()
	const n = 205
	server, env, url := emulated(t)
	b, text := longBranch(t, n)
	run := func(args ...string) (int, string) {
		code, stdout, stderr := inProcess(env, append(args, "-C", b.dir, "--endpoint", url)...)
		return code, stdout + stderr
	}
	if code, out := run("sync", "--yes"); code != exitDone {
		t.Fatalf("exit code %d\n%s", code, out[max(0, len(out)-500):])
	}
	server.ResetRequests()
	if code, out := run("diff"); code != exitDone || !strings.Contains(out, fmt.Sprintf("%d unchanged", n)) || server.Count("list connections") != secmaster.PagesOf(n) {
		t.Errorf("exit code %d, %d lists\n%s", code, server.Count("list connections"), out[max(0, len(out)-500):])
	}
	server.ResetRequests()
	b.write(branchFile, strings.Replace(text, "endpoint", "endpoint: x, endpoint", 1))
	if code, out := run("diff"); code != exitFailed || !strings.Contains(out, branchFile+":3:") {
		t.Errorf("exit code %d\n%s", code, out)
	}
	for _, r := range server.Requests() {
		if r.Method != http.MethodGet || r.Route != "list connections" && r.Route != "look up project" {
			t.Errorf("asked beside a mistake: %v", r)
		}
	}
}

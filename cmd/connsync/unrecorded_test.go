package main

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"connsync/apply/secmaster/emulator"
)

// inTheWay makes a folder unusable for everybody, root too: a file stands in its place. The second function undoes it.
func inTheWay(t *testing.T, folder string) (block, clear func()) {
	t.Helper()
	aside := folder + ".aside"
	must := func(errs ...error) {
		for _, err := range errs {
			if err != nil {
				t.Error(err)
			}
		}
	}
	return func() { must(os.Rename(folder, aside), os.WriteFile(folder, nil, 0o644)) },
		func() { must(os.Remove(folder), os.Rename(aside, folder)) }
}

// The disk fails after a create was sent: only the user has its id then.
func TestWhatCannotBeRecordedIsHandedToTheUser(t *testing.T) {
	server, env, _ := emulated(t)
	bare, work := filepath.Join(t.TempDir(), "server.git"), filepath.Join(t.TempDir(), "work")
	seedRepository(t, bare, 2)
	runGit(t, ".", "clone", "-q", bare, work)
	runGit(t, work, "remote", "remove", "origin")
	block, clear := inTheWay(t, filepath.Join(work, ".git/objects"))
	blocked := false
	h := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost && strings.HasSuffix(r.URL.Path, "/assetcredentials") && !blocked {
			blocked = true
			block()
		}
		server.ServeHTTP(w, r)
	}))
	t.Cleanup(h.Close)
	report := filepath.Join(t.TempDir(), "report.json")
	code, stdout, stderr := inProcess(env, "sync", "-C", work, "--endpoint", h.URL, "--parallelism", "1", "--report", report)
	if code != exitUnknown {
		t.Errorf("exit code %d\n%s%s", code, stdout, stderr)
	}
	for _, c := range server.Connections() {
		if !strings.Contains(stderr, "  created    "+c.Name+"   "+c.ID+"\n") {
			t.Errorf("%s with its id is not in\n%s", c.Name, stderr)
		}
	}
	for _, lie := range []string{"nothing was sent", "is kept in this clone", "what was done is recorded"} {
		if strings.Contains(stdout+stderr, lie) {
			t.Errorf("%q in\n%s", lie, stderr)
		}
	}
	if !strings.Contains(stderr, "prod: this was sent, and could not be recorded") || !strings.Contains(stderr, "next: connsync sync") {
		t.Errorf("%s", stderr)
	}
	checkReport(t, report)

	clear()
	code, stdout, stderr = inProcess(env, "sync", "-C", work, "--endpoint", h.URL)
	if code != exitDone || server.Count(emulator.RouteCreate) != 2 || strings.Count(stdout, "adopted ") != 2 {
		t.Errorf("afterwards: exit code %d, %d creates\n%s%s", code, server.Count(emulator.RouteCreate), stdout, stderr)
	}
	server.ResetRequests()
	if code, stdout, _ = inProcess(env, "sync", "-C", work, "--endpoint", h.URL); code != exitDone || server.Count("") != server.Count(emulator.RouteList) {
		t.Errorf("then: exit code %d, %v\n%s", code, server.Requests(), stdout)
	}
}

func checkReport(t *testing.T, name string) {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	var r toldReport
	if err = json.Unmarshal(text, &r); err != nil || r.ExitCode != exitUnknown || len(r.Targets) != 1 || r.Targets[0].Recorded || len(r.Targets[0].Results) != 2 {
		t.Errorf("%v\n%s", err, text)
		return
	}
	for _, res := range r.Targets[0].Results {
		if len(res.ID) < 32 {
			t.Errorf("%+v", res)
		}
	}
}

package main

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"connsync/apply/secmaster/emulator"
)

// convoy is a clone with several targets, t0, t1 and so on, each with as many connections in a workspace of its own, w-0, w-1 and so on.
type convoy struct {
	dir, url string
	targets  int
	server   *emulator.Server
	env      map[string]string
	before   func(w http.ResponseWriter, r *http.Request) (answered bool) // hears of every request; nil for none
	world    func(*world)                                                 // changes the world of a command; nil for none
}

func newConvoy(t *testing.T, targets, each int) *convoy {
	t.Helper()
	f := &convoy{dir: quickDir(t), targets: targets}
	var workspaces []string
	files := map[string]string{"connsync.yaml": "targets:\n"}
	for i := range targets {
		workspaces = append(workspaces, fmt.Sprint("w-", i))
		files["connsync.yaml"] += fmt.Sprintf("  t%d: {region: cn-north-4, project_id: %s, workspace_id: w-%d}\n", i, emulator.DefaultProject, i)
		text := fmt.Sprintf("connections:\n  t%d:\n", i)
		for j := range each {
			text += fmt.Sprintf("    c%d:\n      component: KafkaBus\n      version: \"1.0\"\n      config: {kafkaAddr: k%d.example}\n", j, j)
		}
		files[fmt.Sprintf("connections/t%d.yaml", i)] = text
	}
	for name, text := range files {
		name = filepath.Join(f.dir, name)
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	runGit(t, f.dir, "init", "-q", "-b", "main")
	runGit(t, f.dir, "add", "-A")
	runGit(t, f.dir, "commit", "-q", "-m", "wanted")
	f.serve(t, workspaces)
	return f
}

// serve begins with a new SecMaster.
func (f *convoy) serve(t *testing.T, workspaces []string) {
	t.Helper()
	server, err := emulator.New(emulator.Options{Workspaces: workspaces})
	if err != nil {
		t.Fatal(err)
	}
	h := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if f.before == nil || !f.before(w, r) {
			server.ServeHTTP(w, r)
		}
	}))
	t.Cleanup(h.Close)
	f.server, f.url = server, h.URL
	f.env = map[string]string{"HUAWEICLOUD_SDK_AK": emulator.DefaultAccessKey, "HUAWEICLOUD_SDK_SK": emulator.DefaultSecretKey}
}

func (f *convoy) run(ctx context.Context, args ...string) (code int, stdout, stderr string) {
	var out, errs bytes.Buffer
	w := world{stdin: strings.NewReader(""), stdout: &out, stderr: &errs, env: func(k string) string { return f.env[k] }}
	if f.world != nil {
		f.world(&w)
	}
	code = Main(ctx, append(args, "-C", f.dir, "--endpoint", f.url), w)
	return code, out.String(), errs.String()
}

// shown counts the connections by workspace and name.
func (f *convoy) shown() map[string]int {
	out := map[string]int{}
	for _, c := range f.server.Connections() {
		out[c.Workspace+" "+c.Name]++
	}
	return out
}

// heals checks that one more sync does the rest after something, and makes nothing twice.
func (f *convoy) heals(t *testing.T, after any, each int) {
	t.Helper()
	if code, out, errs := f.run(t.Context(), "sync", "--settle", "1ms"); code != exitDone {
		t.Errorf("after %v, the next sync: exit %d\n%s%s", after, code, out, errs)
	}
	f.converged(t, each)
}

// converged checks that every connection is there once, and that nothing is left to do.
func (f *convoy) converged(t *testing.T, each int) {
	t.Helper()
	shown := f.shown()
	for i := range f.targets {
		for j := range each {
			if name := fmt.Sprintf("w-%d c%d", i, j); shown[name] != 1 {
				t.Errorf("%s is there %d times", name, shown[name])
			}
		}
	}
	f.server.ResetRequests()
	if code, out, errs := f.run(t.Context(), "sync", "--settle", "1ms"); code != exitDone || f.server.Count("") != f.server.Count(emulator.RouteList) || len(shown) != f.targets*each {
		t.Errorf("the sync after it: exit %d, %d connections: %s%s", code, len(shown), out, errs)
	}
}

// workspaceOf is the target that a request is about, as a number in its path; "" for none.
func workspaceOf(r *http.Request) string {
	if m := regexp.MustCompile(`/workspaces/w-([0-9]+)/`).FindStringSubmatch(r.URL.Path); m != nil {
		return m[1]
	}
	return ""
}

// meeting lets requests of several targets go on once so many targets have come, or after a time.
type meeting struct {
	mu    sync.Mutex
	of    map[string]bool
	want  int
	there chan struct{}
}

func newMeeting(want int) *meeting {
	return &meeting{of: map[string]bool{}, want: want, there: make(chan struct{})}
}

func (m *meeting) come(target string) {
	m.mu.Lock()
	if !m.of[target] {
		if m.of[target] = true; len(m.of) == m.want {
			close(m.there)
		}
	}
	m.mu.Unlock()
	select {
	case <-m.there:
	case <-time.After(20 * time.Second):
	}
}

// met tells whether all came while the others were there.
func (m *meeting) met() bool {
	select {
	case <-m.there:
		return true
	default:
		return false
	}
}

// process is a sync of its own process, with variables about its effects.
func (f *convoy) process(t *testing.T, variables ...string) *exec.Cmd {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), exe)
	cmd.Args = []string{"connsync", "sync", "-C", f.dir, "--endpoint", f.url, "--settle", "1ms"}
	cmd.Env = append(append(os.Environ(), "TMPDIR="+onDisk), variables...) // another file system than that of the repository
	for k, v := range f.env {
		cmd.Env = append(cmd.Env, k+"="+v)
	}
	return cmd
}

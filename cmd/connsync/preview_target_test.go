package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"connsync/apply/secmaster/emulator"
)

// crowded is a server before another one: a list waits until as many as wanted are asked for at the same time, or for a moment.
type crowded struct {
	next http.Handler
	want int

	mu        sync.Mutex
	now, most int
	full      chan struct{}
	once      sync.Once
}

func (c *crowded) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if strings.Contains(r.URL.Path, "/w-2/") {
		http.Error(w, "{}", http.StatusForbidden)
		return
	}
	if strings.HasSuffix(r.URL.Path, "/assetcredentials") {
		c.mu.Lock()
		c.now++
		if c.most = max(c.most, c.now); c.now == c.want {
			c.once.Do(func() { close(c.full) })
		}
		c.mu.Unlock()
		select {
		case <-c.full:
		case <-time.After(5 * time.Second):
		}
		defer func() {
			c.mu.Lock()
			defer c.mu.Unlock()
			c.now--
		}()
	}
	c.next.ServeHTTP(w, r)
}

// Four targets at a time are looked at. Plans, and what is said of targets, have the order of the targets; one that fails hides no other.
func TestTargetsAreLookedAtSideBySide(t *testing.T) {
	workspaces := []string{emulator.DefaultWorkspace, "w-0", "w-1", "w-2", "w-3", "w-4"}
	e, err := emulator.New(emulator.Options{Workspaces: workspaces})
	if err != nil {
		t.Fatal(err)
	}
	_, env, _ := emulated(t)
	crowd := &crowded{next: e, want: targetsOnce, full: make(chan struct{})}
	server := httptest.NewServer(crowd)
	defer server.Close()
	dir := lay(t, manifestsOf("connections:\n  prod:\n    edr:\n      component: EdrVendor\n      version: \"2.1\"\n      config: {}\n"))
	var targets strings.Builder
	targets.WriteString("targets:\n")
	for i := range 6 {
		fmt.Fprintf(&targets, "  t%d: {region: cn-north-4, project_id: %s, workspace_id: w-%d}\n", i, emulator.DefaultProject, i)
	}
	project := filepath.Join(dir, "connsync.yaml")
	text, err := os.ReadFile(project)
	if err == nil {
		err = os.WriteFile(project, []byte(strings.Replace(string(text), "targets:\n", targets.String(), 1)), 0o644)
	}
	if err != nil {
		t.Fatal(err)
	}
	code, out, errs := inProcess(env, "diff", "-C", dir, "--endpoint", server.URL)
	if crowd.most != targetsOnce {
		t.Errorf("%d lists were asked for at a time", crowd.most)
	}
	inOrder := func(text, format string, names ...string) {
		before := -1
		for _, name := range names {
			at := strings.Index(text, fmt.Sprintf(format, name))
			if at <= before {
				t.Errorf("%s is at %d, after %d:\n%s", name, at, before, text)
			}
			before = at
		}
	}
	inOrder(out, "%s  cn-north-4/", "prod", "t0", "t1", "t3", "t4")
	inOrder(errs, "error: %s: ", "t2", "t5")
	if code != exitFailed || strings.Count(errs, "error: ") != 2 || strings.Count(out, "1 to create, ") != 1 {
		t.Errorf("exit %d\n%s%s", code, out, errs)
	}
}

package main

import (
	"encoding/base64"
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"net/http/cgi"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"connsync/apply/secmaster/emulator"
)

// hosted serves a bare repository over HTTP to any client with the token, as GitHub and GitLab do.
func hosted(t *testing.T, bare, token string) string {
	t.Helper()
	runGit(t, bare, "config", "http.receivepack", "true")
	h := &cgi.Handler{
		Path: filepath.Join(runGit(t, bare, "--exec-path"), "git-http-backend"),
		Env:  []string{"GIT_PROJECT_ROOT=" + filepath.Dir(bare), "GIT_HTTP_EXPORT_ALL=1", "GIT_CONFIG_NOSYSTEM=1"},
	}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, password, _ := r.BasicAuth(); password != token && !strings.EqualFold(r.Header.Get("Authorization"), "bearer "+token) {
			w.Header().Set("WWW-Authenticate", "Basic")
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		h.ServeHTTP(w, r)
	}))
	t.Cleanup(s.Close)
	return s.URL
}

// A checkout as CI systems make it: shallow, of one branch, detached, with the credentials where they leave them.
func TestTheCheckoutsOfCISystems(t *testing.T) {
	t.Parallel()
	server, env, url := emulated(t)
	bare := filepath.Join(t.TempDir(), "server.git")
	seedRepository(t, bare, 3)
	host := hosted(t, bare, "canary-token")
	header := "AUTHORIZATION: basic " + base64.StdEncoding.EncodeToString([]byte("x-access-token:canary-token"))
	checkout := func(t *testing.T) string {
		dir := filepath.Join(t.TempDir(), "work")
		runGit(t, ".", "init", "-q", dir)
		runGit(t, dir, "remote", "add", "origin", host+"/server.git")
		runGit(t, dir, "-c", "http.extraheader="+header, "fetch", "-q", "--no-tags", "--depth=1", "origin", "+refs/heads/main:refs/remotes/origin/main")
		runGit(t, dir, "checkout", "-q", "--detach", "refs/remotes/origin/main")
		return dir
	}
	for i, c := range []struct {
		name string
		left func(dir string, env map[string]string)
	}{
		{"GitHub: a header in the repository's configuration", func(dir string, _ map[string]string) { runGit(t, dir, "config", "http."+host+"/.extraheader", header) }},
		{"GitHub: a token in the environment", func(_ string, env map[string]string) {
			env["GITHUB_TOKEN"], env["GITHUB_SERVER_URL"] = "canary-token", host
		}},
		{"GitLab: a job's token", func(_ string, env map[string]string) {
			env["CI_JOB_TOKEN"], env["CI_SERVER_URL"] = "canary-token", host
		}},
		{"a token of connsync's own", func(_ string, env map[string]string) { env["CONNSYNC_GIT_TOKEN"] = "canary-token" }},
		{"none", func(string, map[string]string) {}},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir, own := checkout(t), map[string]string{}
			maps.Copy(own, env)
			c.left(dir, own)
			server.ResetRequests()
			code, stdout, stderr := inProcess(own, "sync", "-C", dir, "--endpoint", url)
			if strings.Contains(stdout+stderr, "canary") {
				t.Errorf("the token is shown: %s%s", stdout, stderr)
			}
			switch {
			case c.name == "none":
				if code != exitFailed || !strings.Contains(stderr, "contents: write") || server.Count("") != 0 {
					t.Errorf("exit %d, %d requests: %s", code, server.Count(""), stderr)
				}
			case i == 0:
				if code != exitDone || !strings.Contains(stdout, "3 created") {
					t.Errorf("exit %d: %s%s", code, stdout, stderr)
				}
			case code != exitDone || !strings.Contains(stdout, "3 unchanged") || server.Count("") != server.Count(emulator.RouteList):
				t.Errorf("exit %d: %s%s", code, stdout, stderr)
			}
		})
	}
	// Manifests of one remote, state of another, and no clone at all.
	empty := t.TempDir()
	env["CONNSYNC_GIT_TOKEN"] = "canary-token"
	code, stdout, stderr := inProcess(env, "sync", "-C", empty, "--repo", host+"/server.git", "--state", host+"/server.git", "--endpoint", url)
	if left, err := os.ReadDir(empty); code != exitDone || !strings.Contains(stdout, "3 unchanged") || err != nil || len(left) > 0 {
		t.Errorf("without a clone: exit %d, %v, %v: %s%s", code, left, err, stdout, stderr)
	}
	if len(server.Connections()) != 3 {
		t.Errorf("%d connections", len(server.Connections()))
	}
}

var takeover = flag.Bool("takeover", false, "wait for the expiry of killed runs, which takes more than a minute, instead of ending them by hand")

// A runner is killed at any moment and its clone is gone. Once its run is over, by its expiry or by hand, a fresh clone converges,
// and the audit log tells the story.
func TestAKilledRunnerIsTakenUpByAFreshClone(t *testing.T) {
	random := rand.New(rand.NewPCG(*crashSeed, 2))
	// One early death here. A git left behind by a later one may announce its run after the fresh clone was made: its expiry is waited for then, so
	// the later moments are of the long form. T-CRASH has every effect of a shared sync in its short one.
	rounds, least, more := 1, 20, 1
	if *takeover {
		rounds, least, more = 8, 60, 400
	}
	for round := range rounds {
		after := time.Duration(least+random.IntN(more)) * time.Millisecond // the moment of the kill is what the test varies
		t.Run(fmt.Sprint(round), func(t *testing.T) {
			t.Parallel()
			killAndTakeUp(t, after)
		})
	}
}

func killAndTakeUp(t *testing.T, after time.Duration) {
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	server, env, url := emulated(t)
	if err := server.Set("latency=15ms"); err != nil {
		t.Fatal(err)
	}
	bare := filepath.Join(t.TempDir(), "server.git")
	seedRepository(t, bare, 12)
	clone := filepath.Join(t.TempDir(), "clone")
	runGit(t, ".", "clone", "-q", bare, clone)
	cmd := exec.Command(exe)
	cmd.Args = []string{"connsync", "sync", "-C", clone, "--endpoint", url, "--parallelism", "2", "--timeout", "2s"}
	cmd.Env = os.Environ()
	for k, v := range env {
		cmd.Env = append(cmd.Env, k+"="+v)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	time.Sleep(after)
	_ = cmd.Process.Kill()
	_ = cmd.Wait()
	if err := os.RemoveAll(clone); err != nil {
		t.Fatal(err)
	}
	before := len(server.Connections())

	runGit(t, ".", "clone", "-q", bare, clone)
	dead := heldBy(t, bare)
	if dead != "" {
		code, stdout, stderr := inProcess(env, "sync", "-C", clone, "--endpoint", url, "--lock-timeout", "0s")
		if code != exitRefused || !strings.Contains(stderr, dead) {
			t.Errorf("while it is held: exit %d %s%s", code, stdout, stderr)
		}
	}
	if dead != "" && !*takeover {
		if code, _, stderr := inProcess(env, "state", "unlock", "-C", clone, "--run", dead); code != exitDone {
			t.Errorf("unlock: exit %d %s", code, stderr)
		}
	}
	code, stdout, stderr := inProcess(env, "sync", "-C", clone, "--endpoint", url, "--settle", "1s", "-q")
	names := map[string]int{}
	for _, c := range server.Connections() {
		names[c.Name]++
	}
	if code != exitDone || len(names) != 12 || len(server.Connections()) != 12 {
		t.Errorf("after %d were there: exit %d, %v\n%s%s", before, code, names, stdout, stderr)
	}
	if code, stdout, _ := inProcess(env, "diff", "-C", clone, "--endpoint", url, "--exit-code"); code != exitDone {
		t.Errorf("not at rest: %s", stdout)
	}
	_, story, _ := inProcess(env, "state", "log", "-C", clone)
	if dead != "" && (!strings.Contains(story, "Run: "+dead) || !strings.Contains(story, "about to write 12") || strings.Count(story, "Run: ") < 3) {
		t.Errorf("the audit log does not tell of run %s:\n%s", dead, story)
	}
	t.Logf("killed with %d of 12 there, holding %q", before, dead)
	runGit(t, bare, "fsck", "--strict")
}

// heldBy is the run with the lock of the shared state; "" for none.
func heldBy(t *testing.T, bare string) string {
	t.Helper()
	if runGit(t, bare, "branch", "--list", "connsync-state/prod") == "" {
		return ""
	}
	var header struct {
		Run struct {
			ID string `json:"id"`
		} `json:"run"`
	}
	first, _, _ := strings.Cut(runGit(t, bare, "show", "connsync-state/prod:intents.jsonl"), "\n")
	if err := json.Unmarshal([]byte(first), &header); err != nil {
		t.Fatal(err)
	}
	return header.Run.ID
}

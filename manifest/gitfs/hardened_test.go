package gitfs_test

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"connsync/manifest/gitfs"
)

// watched has a remote use a program for Git with a note of each call: its arguments, and Git's own variables.
func watched(t *testing.T, s *gitfs.Shared) (calls func() string) {
	t.Helper()
	real, err := exec.LookPath("git")
	if err != nil {
		t.Fatal(err)
	}
	dir, notes := t.TempDir(), filepath.Join(t.TempDir(), "notes")
	script := "#!/bin/sh\n{ echo \"ARGS $*\"; env | grep -E '^(GIT_|SSH_ASKPASS|LC_ALL|CONNSYNC)' | grep -v VALUE | sed 's/^/ENV /'; } >>'" + notes + "'\nexec '" + real + "' \"$@\"\n"
	if err := os.WriteFile(filepath.Join(dir, "git"), []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
	gitfs.Replaced(s, filepath.Join(dir, "git"))
	return func() string {
		text, err := os.ReadFile(notes)
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
}

// exchange looks, pushes, looks and fetches.
func exchange(t *testing.T, bare, clone string, s *gitfs.Shared) {
	t.Helper()
	ctx := context.Background()
	made := child(t, filepath.Join(clone, ".git"), "")
	if err := s.Replace(ctx, sharedRef, "", made); err != nil {
		t.Fatal(err)
	}
	theirs := stateCommit(t, bare, "theirs", made)
	if head, err := s.Head(ctx, sharedRef); err != nil || head != theirs {
		t.Fatalf("%s %v", head, err)
	}
}

// No argument of a program holds a credential: everybody on the machine could read it.
func TestCredentialsAreInNoArgument(t *testing.T) {
	for _, way := range []string{"http, a token", "http, a stored header", "http, in the address"} {
		if way == "http, a token" && !*everyWay { // is a header as the next two are
			continue
		}
		t.Run(way, func(t *testing.T) {
			bare, clone, s := served(t, ways[way])
			calls := watched(t, s)
			exchange(t, bare, clone, s)
			text := calls()
			if strings.Contains(text, "canary") || strings.Contains(text, basicHeader[21:]) || strings.Contains(text, "emma@") {
				t.Errorf("a credential is in an argument:\n%s", text)
			}
			for _, command := range []string{"ARGS ls-remote -- http", "ARGS push --porcelain", "ARGS fetch -q"} {
				if !strings.Contains(text, command) {
					t.Errorf("no %q in\n%s", command, text)
				}
			}
		})
	}
}

// What steers Git elsewhere, and what a repository's configuration runs, does not reach the programs that talk to remotes.
func TestGitIsShielded(t *testing.T) {
	bare, clone, s := served(t, ways["file://"])
	harm := filepath.Join(t.TempDir(), "harm")
	bad := filepath.Join(t.TempDir(), "bad")
	if err := os.WriteFile(bad, []byte("#!/bin/sh\necho \"$0 $*\" >>'"+harm+"'\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	for _, hook := range []string{"pre-push", "reference-transaction", "post-checkout"} {
		write(t, clone, ".git/hooks/"+hook, "#!/bin/sh\n"+bad+" "+hook+"\n")
		if err := os.Chmod(filepath.Join(clone, ".git/hooks", hook), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for _, setting := range [][2]string{
		{"core.fsmonitor", bad}, {"core.alternateRefsCommand", bad}, {"protocol.ext.allow", "always"}, {"remote.origin.uploadpack", bad},
		{"remote.origin.receivepack", bad}, {"remote.origin.vcs", "bad"}, {"push.gpgSign", "true"}, {"push.pushOption", "x"}, {"remote.origin.mirror", "true"},
		{"fetch.writeCommitGraph", "true"}, {"url.file:///nowhere/.insteadOf", "file:///"}, {"transfer.hideRefs", "refs/"}, {"remote.pushDefault", "nowhere"},
	} {
		if setting[0] != "url.file:///nowhere/.insteadOf" { // this one moves the remote, as it does for Git
			run(t, clone, "config", setting[0], setting[1])
		}
	}
	other := t.TempDir()
	for name, value := range map[string]string{
		"GIT_DIR": other, "GIT_WORK_TREE": other, "GIT_OBJECT_DIRECTORY": other, "GIT_COMMON_DIR": other, "GIT_INDEX_FILE": other + "/index", "GIT_NAMESPACE": "n",
		"GIT_ALTERNATE_OBJECT_DIRECTORIES": other, "GIT_QUARANTINE_PATH": other, "GIT_TRACE": harm, "GIT_TRACE_CURL": harm, "GIT_TRACE2": harm, "GIT_TRACE_PACKET": harm,
		"GIT_SMART_HTTP": "0", "GIT_PROTOCOL_FROM_USER": "0", "GIT_PROXY_COMMAND": bad, "GIT_EXTERNAL_DIFF": bad, "GIT_CONFIG": other + "/config", "GIT_PREFIX": "x/",
	} {
		t.Setenv(name, value)
	}
	calls := watched(t, s)
	ctx := context.Background()
	before := listing(t, filepath.Join(clone, ".git"))
	if head, err := s.Head(ctx, sharedRef); err != nil || head != "" {
		t.Fatalf("%q %v", head, err)
	}
	main := strings.Fields(bareRun(t, bare, "rev-parse", "main"))[0]
	if err := s.Replace(ctx, sharedRef, "", main); err != nil {
		t.Fatal(err)
	}
	if head, err := s.Head(ctx, sharedRef); err != nil || head != main {
		t.Fatalf("%q %v", head, err)
	}
	if after := listing(t, filepath.Join(clone, ".git")); after != before {
		t.Errorf("the clone changed:\n%s\nnow\n%s", before, after)
	}
	if text, err := os.ReadFile(harm); err == nil {
		t.Errorf("run or written: %s", text)
	}
	text := calls()
	for _, name := range []string{"GIT_WORK_TREE", "GIT_OBJECT_DIRECTORY", "GIT_NAMESPACE", "GIT_TRACE", "GIT_INDEX_FILE", "GIT_QUARANTINE_PATH", "GIT_CONFIG=", "GIT_SMART_HTTP"} {
		if strings.Contains(text, "ENV "+name) {
			t.Errorf("%s is inherited", name)
		}
	}
	for _, set := range []string{"ENV GIT_TERMINAL_PROMPT=0", "ENV GIT_ALLOW_PROTOCOL=file:http:https:ssh", "ENV GIT_CONFIG_NOSYSTEM=1", "ENV SSH_ASKPASS_REQUIRE=never", "ENV LC_ALL=C"} {
		if !strings.Contains(text, set) {
			t.Errorf("no %s", set)
		}
	}
}

// bareRun asks Git of a repository, whatever the environment leads it to.
func bareRun(t *testing.T, dir string, args ...string) string {
	t.Helper()
	cmd := exec.Command("git", append([]string{"--git-dir", dir}, args...)...)
	for _, pair := range os.Environ() {
		if !strings.HasPrefix(pair, "GIT_") {
			cmd.Env = append(cmd.Env, pair)
		}
	}
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(out))
}

// A server without an answer is given up at the context's end, and no started program goes on.
func TestAGitThatHangsIsEnded(t *testing.T) {
	_, _, s := served(t, ways["file://"])
	dir := t.TempDir()
	pid := filepath.Join(dir, "pid")
	script := "#!/bin/sh\ncase \"$1\" in version) echo git version 2.99.0;; *) sleep 300 & echo $! >'" + pid + "'; wait;; esac\n"
	if err := os.WriteFile(filepath.Join(dir, "git"), []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
	gitfs.Replaced(s, filepath.Join(dir, "git"))
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	began := time.Now()
	var remote *gitfs.RemoteError
	if _, err := s.Head(ctx, sharedRef); !errors.As(err, &remote) || remote.Detail != "no answer in time" {
		t.Errorf("%v", err)
	}
	if took := time.Since(began); took > 20*time.Second {
		t.Errorf("after %v", took)
	}
	number, err := os.ReadFile(pid)
	if err != nil {
		t.Fatal(err)
	}
	for range 50 {
		if state, err := os.ReadFile(filepath.Join("/proc", strings.TrimSpace(string(number)), "stat")); err != nil || strings.Contains(string(state), ") Z ") {
			return
		}
		time.Sleep(100 * time.Millisecond)
	}
	t.Error("what it started still runs")
}

// A Git that is too old, or none, leaves the work to go-git.
func TestWhichGitIsUsed(t *testing.T) {
	for version, used := range map[string]bool{
		"git version 2.39.5": true, "git version 2.32.0": true, "git version 2.31.9": false, "git version 2.30.2": false, "git version 3.0.0-rc1": true,
		"git version 2.43.0.windows.1": true, "git version 10.1": true, "hub 1": false, "": false,
	} {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, "git"), []byte("#!/bin/sh\necho '"+version+"'\n"), 0o755); err != nil {
			t.Fatal(err)
		}
		t.Setenv("PATH", dir)
		if program, why := gitfs.FindGit(); (program != "") != used || (why == "") != used {
			t.Errorf("%q: %q %q", version, program, why)
		}
	}
	t.Setenv("PATH", t.TempDir())
	if program, why := gitfs.FindGit(); program != "" || why == "" {
		t.Errorf("%q %q", program, why)
	}
}

package main

import (
	"path/filepath"
	"strings"
	"testing"

	"connsync/manifest"
)

// A fork copies the branches of known state with all others: a sync there would undo what upstream's writes.
func TestAForkThatCopiedTheStateDoesNotSync(t *testing.T) {
	t.Parallel()
	server, env, url := emulated(t)
	root := t.TempDir()
	bare := filepath.Join(root, "server.git")
	seedRepository(t, bare, 3)
	host := hosted(t, bare, "canary-token")
	env["CONNSYNC_GIT_TOKEN"] = "canary-token"
	clone := func(name string) string {
		dir := filepath.Join(t.TempDir(), "clone")
		runGit(t, ".", "clone", "-q", filepath.Join(root, name), dir)
		runGit(t, dir, "remote", "set-url", "origin", host+"/"+name)
		return dir
	}
	if code, _, stderr := inProcess(env, "sync", "-C", clone("server.git"), "--endpoint", url); code != exitDone {
		t.Fatalf("exit %d: %s", code, stderr)
	}
	runGit(t, root, "clone", "-q", "--bare", bare, "fork.git")
	runGit(t, filepath.Join(root, "fork.git"), "config", "http.receivepack", "true")
	dir := clone("fork.git")
	known := runGit(t, filepath.Join(root, "fork.git"), "rev-parse", "connsync-state/prod")
	server.ResetRequests()

	code, stdout, stderr := inProcess(env, "sync", "-C", dir, "--endpoint", url, "--rewrite", "*")
	if code != exitRefused || server.Count("") != 0 || !strings.Contains(stderr, "shared in 127.0.0.1/server, and the remote is 127.0.0.1/fork; nothing was sent") ||
		!strings.Contains(stderr, "connsync sync --accept-home 127.0.0.1/fork") {
		t.Errorf("exit %d, %d requests: %s%s", code, server.Count(""), stdout, stderr)
	}
	code, stdout, stderr = inProcess(env, "sync", "--dry-run", "-C", dir, "--endpoint", url)
	if code != exitRefused || !strings.Contains(stdout, "3 unchanged") || !strings.Contains(stderr, "127.0.0.1/fork") {
		t.Errorf("dry run: exit %d: %s%s", code, stdout, stderr)
	}
	code, stdout, stderr = inProcess(env, "diff", "-C", dir, "--endpoint", url)
	if code != exitDone || !strings.Contains(stdout, "3 unchanged") || !strings.Contains(stderr, "planned with the state of another repository") {
		t.Errorf("diff: exit %d: %s%s", code, stdout, stderr)
	}
	if code, _, _ = inProcess(env, "diff", "--exit-code", "-C", dir, "--endpoint", url); code != exitRefused {
		t.Errorf("diff --exit-code: %d", code)
	}
	for flag, want := range map[string]int{"": exitUsage, "127.0.0.1/server": exitRefused, "github.com/x/y": exitRefused} {
		if code, _, stderr := inProcess(env, "sync", "-C", dir, "--endpoint", url, "--accept-home", flag); code != want {
			t.Errorf("--accept-home %q: exit %d: %s", flag, code, stderr)
		}
	}
	if now := runGit(t, filepath.Join(root, "fork.git"), "rev-parse", "connsync-state/prod"); now != known {
		t.Errorf("the fork's state moved to %s", now)
	}

	// Accepted once, on purpose, also where there is nothing to do; from then on everybody there may sync.
	if code, stdout, stderr := inProcess(env, "sync", "-C", dir, "--endpoint", url, "--accept-home", "127.0.0.1/fork"); code != exitDone || !strings.Contains(stdout, "3 unchanged") {
		t.Errorf("exit %d: %s%s", code, stdout, stderr)
	}
	if code, stdout, stderr := inProcess(env, "sync", "-C", clone("fork.git"), "--endpoint", url, "--rewrite", "*"); code != exitDone || !strings.Contains(stdout, "3 updated") {
		t.Errorf("exit %d: %s%s", code, stdout, stderr)
	}
	if header := runGit(t, filepath.Join(root, "fork.git"), "show", "connsync-state/prod:known.jsonl"); !strings.Contains(header, `"homes":["127.0.0.1/fork","127.0.0.1/server"]`) {
		t.Errorf("%s", header)
	}
}

func TestAWordForAShellStaysOneWord(t *testing.T) {
	for text, want := range map[string]string{"github.com/a/b": "github.com/a/b", "h/a b": "'h/a b'", "h/$(x)": "'h/$(x)'", "h/a'b": `'h/a'\''b'`, "": "''", "-x": "'./-x'"} {
		if got := manifest.ShellWord(text); got != want {
			t.Errorf("%q: %s, want %s", text, got, want)
		}
	}
}

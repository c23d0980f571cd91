package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"connsync/apply/state"
	"connsync/manifest/gitfs"
)

// countedGit puts a Git on PATH to note what it is asked, and gives how often it was asked each of some commands since.
func countedGit(t *testing.T) func(commands ...string) []int {
	t.Helper()
	real, err := exec.LookPath("git")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	log := filepath.Join(dir, "log")
	if err := os.WriteFile(filepath.Join(dir, "git"), []byte("#!/bin/sh\necho \" $* \" >>"+log+"\nexec "+real+" \"$@\"\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", dir+":"+os.Getenv("PATH"))
	return func(commands ...string) (n []int) {
		text, _ := os.ReadFile(log)
		_ = os.Remove(log)
		for _, c := range commands {
			n = append(n, strings.Count(string(text), " "+c+" "))
		}
		return n
	}
}

// A read-only command looks at the remote's refs once, for all targets; and a ref moved since is read as it is now.
func TestOneLookServesAllTargets(t *testing.T) {
	_, env, url := emulated(t)
	dir := lay(t, manifestsOf("connections:\n  prod:\n    edr:\n      component: EdrVendor\n      version: \"2.1\"\n      config: {}\n"))
	project := filepath.Join(dir, "connsync.yaml")
	text, err := os.ReadFile(project)
	if err == nil {
		more := "targets:\n  eu: {region: cn-north-4, project_id: p, workspace_id: w-eu}\n  test: {region: cn-north-4, project_id: p, workspace_id: w-test}\n"
		err = os.WriteFile(project, []byte(strings.Replace(string(text), "targets:\n", more, 1)), 0o644)
	}
	if err != nil {
		t.Fatal(err)
	}
	bare, clone := filepath.Join(t.TempDir(), "bare.git"), filepath.Join(t.TempDir(), "clone")
	runGit(t, dir, "init", "-q", "-b", "main")
	runGit(t, dir, "add", "-A")
	runGit(t, dir, "commit", "-q", "-m", "c")
	runGit(t, dir, "clone", "-q", "--bare", ".", bare)
	runGit(t, dir, "remote", "add", "origin", bare)
	if code, _, errs := inProcess(env, "sync", "-C", dir, "--endpoint", url, "--settle", "1ms", "-t", "prod"); code != exitDone {
		t.Fatalf("exit %d: %s", code, errs)
	}
	runGit(t, dir, "clone", "-q", "--single-branch", bare, clone)
	asked := countedGit(t)
	for _, args := range []string{"state list", "diff --endpoint " + url, "sync --dry-run --endpoint " + url, "doctor --endpoint " + url} {
		_, out, errs := inProcess(env, append(strings.Fields(args), "-C", clone)...)
		if n := asked("ls-remote")[0]; n != 1 || strings.HasPrefix(args, "state") && !strings.Contains(out, "edr") || strings.HasPrefix(args, "doctor") && !strings.Contains(out, "known state of 1 of 3 targets") {
			t.Errorf("%s: %d looks: %s%s", args, n, out, errs)
		}
	}
	if code, _, errs := inProcess(env, "sync", "-C", clone, "--endpoint", url, "-t", "prod"); code != exitDone || asked("ls-remote")[0] < 1 {
		t.Errorf("a sync does not look by itself: exit %d: %s", code, errs)
	}
	repo, err := gitfs.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer repo.Close()
	shared, err := sharedBy(repo, "", func(string) string { return "" })
	if err != nil {
		t.Fatal(err)
	}
	ref := state.Ref("prod")
	shared.sight = &sight{looked: true, heads: map[string]string{ref: strings.Repeat("0", 39) + "1"}}
	if hash, err := shared.Seen(t.Context(), ref); err != nil || hash != runGit(t, bare, "rev-parse", ref) {
		t.Errorf("%s, %v", hash, err)
	}
	there := runGit(t, bare, "rev-parse", ref)
	for _, c := range []struct {
		age   time.Duration
		refs  []string
		looks [2]int // of a target's first question, and of its second one
	}{
		{0, []string{ref, "refs/heads/other"}, [2]int{0, 1}},
		{aMoment, []string{ref, "refs/heads/other"}, [2]int{1, 1}},
		{0, []string{ref}, [2]int{1, 1}},
	} {
		shared.headed, shared.sight = false, &sight{refs: c.refs, looked: true, when: time.Now().Add(-c.age), heads: map[string]string{ref: there}}
		asked()
		for i, want := range c.looks {
			if hash, err := shared.Head(t.Context(), ref); err != nil || hash != there || asked("ls-remote")[0] != want {
				t.Errorf("a look %s old for %d targets, question %d: not %d looks, or %v", c.age, len(c.refs), i, want, err)
			}
		}
	}
	runGit(t, dir, "remote", "set-url", "origin", bare+"-gone")
	if code, _, errs := inProcess(env, "diff", "-C", dir, "--endpoint", url); code != exitFailed || strings.Count(errs, "planned with what is known here") != 3 || asked("ls-remote")[0] > 2 {
		t.Errorf("exit %d: %s", code, errs)
	}
}

package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"connsync/manifest/gitfs"
)

// SOPS is lent what it finds one type of key by, and while it looks, no program started for another type inherits it.
func TestTheEnvironmentIsLentForOneTypeOfKeyAtATime(t *testing.T) {
	t.Setenv("SOPS_AGE_KEY", "an age key")
	t.Setenv("HUAWEICLOUD_SDK_SK", "a secret key")
	t.Setenv("CONNSYNC_GIT_TOKEN", "a token")
	t.Setenv("HW_AUTH_TOKEN", "")
	w := withhold()
	gone := func(name string) {
		t.Helper()
		if v, there := os.LookupEnv(name); there {
			t.Errorf("%s is there: %q", name, v)
		}
	}
	for name := range ours {
		gone(name)
	}
	if w.env("SOPS_AGE_KEY") != "an age key" || w.env("CONNSYNC_GIT_TOKEN") != "a token" || w.env("HOME") != os.Getenv("HOME") {
		t.Error("what was withheld is lost")
	}
	var wg sync.WaitGroup
	for _, kind := range []string{"age", "age", "pgp", "hckms", "pgp", "age", "hckms", "kms"} {
		wg.Go(func() {
			for range 200 {
				back := w.lend(kind)
				age, sk := os.Getenv("SOPS_AGE_KEY") != "", os.Getenv("HUAWEICLOUD_SDK_SK") != ""
				if age != (kind == "age") || sk != (kind == "hckms") || os.Getenv("CONNSYNC_GIT_TOKEN") != "" {
					t.Errorf("%s: age key %v, secret key %v", kind, age, sk)
				}
				back()
			}
		})
	}
	wg.Wait()
	for name := range ours {
		gone(name)
	}
}

// A Git that starts while SOPS is lent its key inherits nothing of it.
func TestGitIsNotLentWhatSOPSIs(t *testing.T) {
	t.Setenv("SOPS_AGE_KEY", "an age key")
	real, err := exec.LookPath("git")
	if err != nil {
		t.Fatal(err)
	}
	dir, repo := t.TempDir(), t.TempDir()
	noted := filepath.Join(dir, "noted")
	if err := os.WriteFile(filepath.Join(dir, "git"), []byte("#!/bin/sh\nenv >>"+noted+"\nexec "+real+" \"$@\"\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	runGit(t, repo, "init", "-q")
	runGit(t, repo, "remote", "add", "origin", repo)
	t.Setenv("PATH", dir+string(os.PathListSeparator)+os.Getenv("PATH"))
	w := withhold()
	t.Cleanup(func() { gitfs.Withhold(nil) })
	back := w.lend("age")
	defer back()
	r, err := gitfs.Open(repo)
	if err != nil {
		t.Fatal(err)
	}
	shared, err := r.Shared("origin", w.env)
	if err == nil {
		_, err = shared.Head(t.Context(), "refs/heads/none")
	}
	text, _ := os.ReadFile(noted)
	if err != nil || os.Getenv("SOPS_AGE_KEY") != "an age key" || !strings.Contains(string(text), "PATH="+dir) || strings.Contains(string(text), "an age key") {
		t.Errorf("%v; Git was given\n%s", err, text)
	}
}

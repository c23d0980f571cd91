package gitfs

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// What is withheld is given to no Git, although it is set while that starts; everything else is.
func TestGitIsNotGivenWhatIsWithheld(t *testing.T) {
	before := withheld.Load()
	t.Cleanup(func() { withheld.Store(before) })
	Withhold([]string{"SOPS_AGE_KEY", "CONNSYNC_TEST_TOKEN"})
	for name, value := range map[string]string{"SOPS_AGE_KEY": "made-up-key", "CONNSYNC_TEST_TOKEN": "made-up-token", "CONNSYNC_TEST_OTHER": "other"} {
		t.Setenv(name, value)
	}
	if all := strings.Join(environ(), "\n"); strings.Contains(all, "made-up") || !strings.Contains(all, "CONNSYNC_TEST_OTHER=other") {
		t.Errorf("Git is given\n%s", all)
	}
	dir := t.TempDir()
	git, err := exec.LookPath("git")
	if err != nil {
		t.Fatal(err)
	}
	noted := filepath.Join(dir, "noted")
	if err := os.WriteFile(filepath.Join(dir, "git"), []byte("#!/bin/sh\nenv >>"+noted+"\nexec "+git+" \"$@\"\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", dir+string(os.PathListSeparator)+os.Getenv("PATH"))
	repo := t.TempDir()
	if out, err := exec.Command(git, "init", "-q", repo).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if out, err := exec.Command(git, "-C", repo, "remote", "add", "origin", repo).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	r, err := Open(repo)
	if err != nil {
		t.Fatal(err)
	}
	shared, err := r.Shared("origin", os.Getenv)
	if err == nil {
		_, err = shared.Head(t.Context(), "refs/heads/connsync-state/prod")
	}
	text, _ := os.ReadFile(noted)
	if err != nil || !strings.Contains(string(text), "CONNSYNC_TEST_OTHER=other") || strings.Contains(string(text), "made-up") {
		t.Errorf("%v; Git was given\n%s", err, text)
	}
}

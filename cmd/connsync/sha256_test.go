package main

import (
	"path/filepath"
	"strings"
	"testing"

	"connsync/apply/secmaster/emulator"
)

// A repository made by Git with the other hash is refused in words by every command about to read it, and nothing is sent; so is a remote that is one.
func TestARepositoryOfOtherHashesIsRefused(t *testing.T) {
	root := t.TempDir()
	bare, clone, other := filepath.Join(root, "server.git"), filepath.Join(root, "clone"), filepath.Join(root, "other")
	seedRepository(t, bare, 1)
	runGit(t, root, "clone", "-q", bare, clone)
	runGit(t, root, "init", "-q", "-b", "main", "--object-format=sha256", other)
	runGit(t, root, "--work-tree="+clone, "--git-dir="+other+"/.git", "add", "-A")
	runGit(t, other, "commit", "-q", "-m", "wanted")
	runGit(t, other, "reset", "-q", "--hard")
	runGit(t, clone, "remote", "set-url", "origin", other)
	server, env, url := emulated(t)
	const here, there = "the repository uses the extension objectformat = sha256, which connsync cannot read", "it uses other hashes than sha1, which connsync cannot read"
	for _, c := range []struct {
		dir, says string
		code      int
		args      []string
	}{
		{other, here, exitRefused, []string{"sync"}},
		{other, here, exitFailed, []string{"diff", "--exit-code"}},
		{other, here, exitFailed, []string{"diff", "--base", "main"}},
		{other, here, exitFailed, []string{"validate", "--base", "main"}},
		{clone, there, exitFailed, []string{"sync"}},
		{clone, there, exitFailed, []string{"diff", "--exit-code"}},
		{clone, "", exitDone, []string{"diff", "--base", "main"}}, // it asks no remote
	} {
		code, stdout, stderr := inProcess(env, append(c.args, "-C", c.dir, "--endpoint", url)...)
		if code != c.code || !strings.Contains(stdout+stderr, c.says) || server.Count(emulator.RouteCreate) > 0 {
			t.Errorf("%v in %s: exit %d:\n%s%s", c.args, filepath.Base(c.dir), code, stdout, stderr)
		}
	}
}

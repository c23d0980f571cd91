package main

import (
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// hostedBranch is a Git server with a main and a topic. Main went on, and the topic parted from it two commits ago. It is merged for a pull request.
func hostedBranch(t *testing.T) (server, base, topic, merged string) {
	t.Helper()
	b := newBranch(t, true)
	main := func() { runGit(t, b.dir, "checkout", "-q", "main") }
	base = runGit(t, b.dir, "rev-parse", "main")
	b.sops("set", branchFile, `["connections"]["prod"]["edr"]["config"]["password"]`, `"canary-second"`)
	b.commit("rotate")
	b.write("README", "x")
	b.commit("more")
	topic = runGit(t, b.dir, "rev-parse", "HEAD")
	main()
	b.write("connections/other.yaml", strings.ReplaceAll(strings.ReplaceAll(othersManifest, "NAME", "other"), "HOST", "o.example"))
	b.commit("main went on")
	runGit(t, b.dir, "checkout", "-q", "--detach")
	runGit(t, b.dir, "merge", "-q", "--no-ff", "topic", "-m", "merge")
	merged = runGit(t, b.dir, "rev-parse", "HEAD")
	server = filepath.Join(t.TempDir(), "server.git")
	runGit(t, ".", "init", "-q", "--bare", server)
	runGit(t, b.dir, "push", "-q", server, "main", "topic", merged+":refs/pull/7/merge")
	return server, base, topic, merged
}

const othersManifest = "connections:\n  prod:\n    NAME:\n      component: KafkaBus\n      version: \"1.0\"\n      config: {kafkaAddr: HOST}\n"

// A pull request's preview works in what CI systems check out, or names the missing fetch; and then this fetch helps.
func TestAPreviewInTheCheckoutsOfCISystems(t *testing.T) {
	t.Parallel()
	server, base, topic, merged := hostedBranch(t)
	checkout := func(t *testing.T, commit string, refs ...string) string {
		dir := filepath.Join(t.TempDir(), "work")
		runGit(t, ".", "init", "-q", dir)
		runGit(t, dir, "remote", "add", "origin", "file://"+server)
		runGit(t, dir, append([]string{"fetch", "-q", "--no-tags", "origin"}, refs...)...)
		runGit(t, dir, "checkout", "-q", "--detach", commit)
		return dir
	}
	const pull = "+refs/pull/7/merge:refs/remotes/pull/7/merge"
	for _, c := range []struct {
		name, commit string
		refs         []string
		base         string
		missing      string // what the first try says is missing: a command of its hint
		note         string // what is said beside the plan
	}{
		{"GitHub, all of the history", merged, []string{"+refs/heads/*:refs/remotes/origin/*", pull}, "origin/main", "", ""},
		{"GitHub, a merge commit with its parents", merged, []string{"--depth=2", pull}, "HEAD^1", "", "not every commit of the branch was searched"},
		{"GitHub, a merge commit alone", merged, []string{"--depth=1", pull}, "origin/main", "git fetch --no-tags origin +main:refs/remotes/origin/main", "not every commit of the branch was searched"},
		{"GitLab, a branch and its base", topic, []string{"--depth=20", "+refs/heads/topic:refs/remotes/origin/topic"}, base, "", ""},
		{"GitLab, a branch cut short", topic, []string{"--depth=1", "+refs/heads/topic:refs/remotes/origin/topic"}, base, "git fetch --no-tags origin " + base, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := checkout(t, c.commit, c.refs...)
			preview := func() (int, string) {
				cmd := quickProcess(t, []string{noSockets + "=1", noChildren + "=1"}, "diff", "-C", dir, "--base", c.base)
				out, _ := cmd.CombinedOutput()
				return cmd.ProcessState.ExitCode(), string(out)
			}
			code, out := preview()
			if c.missing != "" {
				if code != exitFailed || !strings.Contains(out, "hint: fetch it first:  "+c.missing) {
					t.Fatalf("exit %d: %s", code, out)
				}
				run := exec.Command("sh", "-c", c.missing)
				run.Dir = dir
				if got, err := run.CombinedOutput(); err != nil {
					t.Fatalf("%v %s", err, got)
				}
				if code, out = preview(); code == exitFailed { // the base is there, and the way to it is not
					if !strings.Contains(out, "git fetch --no-tags --unshallow origin") {
						t.Fatalf("exit %d: %s", code, out)
					}
					runGit(t, dir, "fetch", "-q", "--no-tags", "--unshallow", "origin")
					code, out = preview()
				}
			}
			for _, want := range []string{"~ update    edr", "secrets    password changed, token unchanged", c.note} {
				if code != exitDone || !strings.Contains(out, want) {
					t.Errorf("exit %d, without %q: %s", code, want, out)
				}
			}
			if strings.Contains(out, "other") {
				t.Errorf("it tells what main did: %s", fmt.Sprint(out))
			}
		})
	}
}

// What no fetch brings is said as such, without a hint to fetch.
func TestAnUpstreamIsNamedAsUnsupported(t *testing.T) {
	bare := filepath.Join(t.TempDir(), "server.git")
	seedRepository(t, bare, 1)
	clone := filepath.Join(t.TempDir(), "clone")
	runGit(t, ".", "clone", "-q", bare, clone)
	for _, rev := range []string{"@{upstream}", "@{u}", "main@{u}", "main@{1}", "HEAD@{yesterday}"} {
		for _, args := range [][]string{{"diff", "--base", rev}, {"diff", "--ref", rev}} {
			code, stdout, stderr := inProcess(nil, append(args, "-C", clone)...)
			if code != exitFailed || !strings.Contains(stdout+stderr, rev+": @{…} is not read: name the branch or the commit that it stands for") || strings.Contains(stdout+stderr, "fetch") {
				t.Errorf("%v: exit %d %s%s", args, code, stdout, stderr)
			}
		}
	}
}

// A tag is read before a branch of the same name, as Git does it: that is seldom what was meant.
func TestATagThatShadowsABranchIsAWarning(t *testing.T) {
	_, env, url := emulated(t)
	root := t.TempDir()
	seedRepository(t, filepath.Join(root, "server.git"), 1)
	runGit(t, root, "clone", "-q", "server.git", "clone")
	clone := filepath.Join(root, "clone")
	runGit(t, clone, "tag", "main")
	runGit(t, clone, "tag", "alone")
	runGit(t, clone, "tag", "origin/main")
	runGit(t, clone, "commit", "-q", "--allow-empty", "-m", "later")
	for rev, branch := range map[string]string{"main": "refs/heads/main", "main~0": "refs/heads/main", "origin/main": "refs/remotes/origin/main", "alone": "", "refs/heads/main": "", "HEAD": ""} {
		for _, c := range [][2]string{{"diff", "--ref"}, {"diff", "--base"}, {"validate", "--base"}} {
			flag := c[1]
			code, stdout, stderr := inProcess(env, c[0], flag, rev, "-C", clone, "--endpoint", url)
			want := "note: " + rev + " is a tag and a branch: the tag is read, as Git does; the branch is " + branch + "\n"
			if code != exitDone || branch != "" && !strings.Contains(stderr, want) || strings.Contains(stderr, "is a tag and a branch") != (branch != "") {
				t.Errorf("%v %s: exit %d: %s%s", c, rev, code, stdout, stderr)
			}
			if flag == "--ref" && branch == "refs/heads/main" && !strings.Contains(stdout, "Git "+runGit(t, clone, "rev-parse", "--short=7", "refs/tags/main")) {
				t.Errorf("another commit is read: %s", stdout)
			}
		}
	}
}

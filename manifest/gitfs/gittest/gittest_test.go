package gittest_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"connsync/manifest/gitfs/gittest"
)

func git(t *testing.T, dir string, args ...string) string {
	t.Helper()
	cmd := exec.Command("git", append([]string{"-C", dir, "-c", "user.name=t", "-c", "user.email=t@example.invalid"}, args...)...)
	cmd.Env = append(os.Environ(), "GIT_CONFIG_GLOBAL="+os.DevNull, "GIT_CONFIG_NOSYSTEM=1")
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("git %v: %v\n%s", args, err, out)
	}
	return string(out)
}

// What is done here is what git does: the same repository, the same trees, and nothing left to commit.
func TestGitDoesTheSame(t *testing.T) {
	t.Setenv("GIT_CONFIG_GLOBAL", os.DevNull)
	ours, theirs := t.TempDir(), t.TempDir()
	both := func(args ...string) {
		t.Helper()
		if out, did := gittest.Does(ours, args...); !did {
			t.Fatalf("%v: %q, %t", args, out, did)
		}
		git(t, theirs, args...)
	}
	write := func(name, text string, mode os.FileMode) {
		for _, dir := range []string{ours, theirs} {
			file := filepath.Join(dir, name)
			if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(file, []byte(text), mode); err != nil {
				t.Fatal(err)
			}
		}
	}
	same := func(args ...string) {
		t.Helper()
		if a, b := git(t, ours, args...), git(t, theirs, args...); a != b {
			t.Errorf("git %v: here %s, of git %s", args, a, b)
		}
	}
	both("init", "-q", "-b", "main")
	for _, name := range []string{"HEAD", "config"} {
		a, _ := os.ReadFile(filepath.Join(ours, ".git", name))
		b, _ := os.ReadFile(filepath.Join(theirs, ".git", name))
		if string(a) != string(b) {
			t.Errorf("%s: here %s, of git %s", name, a, b)
		}
	}
	write("a/b.yaml", "x: 1\n", 0o644)
	write("run", "#!/bin/sh\n", 0o755)
	write(".gitignore", "ignored\n", 0o644)
	write("ignored", "x\n", 0o644)
	both("add", "-A")
	both("commit", "-q", "-m", "first")
	same("rev-parse", "HEAD^{tree}")
	both("checkout", "-q", "-b", "topic")
	write("a/b.yaml", "x: 2\n", 0o644)
	for _, dir := range []string{ours, theirs} {
		if err := os.Remove(filepath.Join(dir, "run")); err != nil {
			t.Fatal(err)
		}
	}
	both("add", "-A")
	both("commit", "-q", "--allow-empty", "-m", "second")
	both("commit", "-q", "--allow-empty", "-m", "third")
	same("rev-parse", "HEAD^{tree}")
	same("log", "--format=%T %an %ae %cn %B", "topic")
	same("status", "--porcelain")
	if head, did := gittest.Does(ours, "rev-parse", "HEAD"); !did || head != strings.TrimSpace(git(t, ours, "rev-parse", "HEAD")) {
		t.Errorf("HEAD is %s", head)
	}
	git(t, ours, "fsck", "--strict")
}

// Where it may matter that it is not git, git is asked.
func TestWhatIsStrangeIsLeftToGit(t *testing.T) {
	for what, do := range map[string]func(dir string){
		"a configuration": func(dir string) { git(t, dir, "config", "core.autocrlf", "true") },
		"attributes":      func(dir string) { _ = os.WriteFile(filepath.Join(dir, ".gitattributes"), []byte("* text\n"), 0o644) },
		"an exclusion": func(dir string) {
			_ = os.WriteFile(filepath.Join(dir, ".git/info/exclude"), []byte("# x\nnew\n"), 0o644)
		},
		"a hook":         func(dir string) { _ = os.WriteFile(filepath.Join(dir, ".git/hooks/pre-commit"), nil, 0o755) },
		"of no worktree": func(dir string) { _ = os.RemoveAll(filepath.Join(dir, ".git")) },
	} {
		dir := t.TempDir()
		if err := gittest.Init(dir, "main", false); err != nil {
			t.Fatal(err)
		}
		do(dir)
		if _, did := gittest.Does(dir, "commit", "-q", "--allow-empty", "-m", "x"); did {
			t.Errorf("%s: a commit was made", what)
		}
	}
	for _, variable := range []string{"GIT_DIR", "GIT_COMMITTER_DATE", "GIT_CONFIG_COUNT"} {
		t.Run(variable, func(t *testing.T) {
			t.Setenv(variable, "1")
			if _, did := gittest.Does(t.TempDir(), "init", "-q", "-b", "main"); did {
				t.Error("a repository was made")
			}
		})
	}
}

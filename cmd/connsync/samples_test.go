package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"gopkg.in/yaml.v3"
)

type workflow struct {
	Jobs map[string]struct {
		Steps []struct {
			ID, Run string
			Uses    string
		}
	}
}

// The steps of the sample for GitHub Actions are run as they stand, by a shell, with a stand-in for gh that writes down what
// it is asked for.
func TestTheSampleForGitHubActionsRuns(t *testing.T) {
	text, err := os.ReadFile("../../examples/github-actions.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var w workflow
	if err := yaml.Unmarshal(text, &w); err != nil {
		t.Fatal(err)
	}
	server, env, url := emulated(t)
	bare := filepath.Join(t.TempDir(), "server.git")
	seedRepository(t, bare, 2)
	dir := filepath.Join(t.TempDir(), "work")
	runGit(t, ".", "clone", "-q", bare, dir)
	bin := t.TempDir()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(exe, filepath.Join(bin, "connsync")); err != nil {
		t.Fatal(err)
	}
	gh := "#!/bin/sh\necho \"$@\" >>\"$GH_LOG\"\ncase \"$1 $2\" in 'issue list') cat \"$GH_OPEN\";; esac\n"
	if err := os.WriteFile(filepath.Join(bin, "gh"), []byte(gh), 0o755); err != nil {
		t.Fatal(err)
	}
	out, log, open := filepath.Join(t.TempDir(), "output"), filepath.Join(t.TempDir(), "gh"), filepath.Join(t.TempDir(), "open")
	summary := filepath.Join(t.TempDir(), "summary")
	write := func(name, text string) {
		if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	read := func(name string) string { b, _ := os.ReadFile(name); return string(b) }
	write(open, "")
	step := func(script string) {
		t.Helper()
		cmd := exec.Command("sh", "-e", "-c", script)
		cmd.Dir = dir
		cmd.Env = append(os.Environ(), "PATH="+bin+":"+os.Getenv("PATH"), "CONNSYNC_ENDPOINT="+url, "GITHUB_OUTPUT="+out, "GITHUB_BASE_REF=main", "GITHUB_STEP_SUMMARY="+summary, "GH_LOG="+log, "GH_OPEN="+open)
		for k, v := range env {
			cmd.Env = append(cmd.Env, k+"="+v)
		}
		if said, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%s\n%v\n%s", script, err, said)
		}
	}
	job := func(name string) {
		t.Helper()
		for _, s := range w.Jobs[name].Steps {
			if s.Run != "" && (!strings.Contains(s.Run, "gh issue") || strings.Contains(read(out), "code=2")) {
				step(s.Run)
			}
		}
	}
	job("preview")
	if got := read(summary); !strings.HasPrefix(got, "### connsync: 0 to create, 0 to update, 2 unchanged") {
		t.Errorf("the preview's summary: %q", got)
	}
	job("sync")
	if len(server.Connections()) != 2 {
		t.Fatalf("%d connections after the sync job", len(server.Connections()))
	}
	job("drift")
	if got := read(out); got != "code=0\n" || read(log) != "" {
		t.Errorf("in step: %q %q", got, read(log))
	}
	server.Remove(server.Connections()[0].ID)
	write(out, "")
	job("drift")
	if got := read(log); !strings.Contains(got, "issue create") || strings.Contains(got, "issue edit") || !strings.Contains(read(filepath.Join(dir, "body.md")), "    Plan: 1 to create") {
		t.Errorf("out of step: %q", got)
	}
	write(open, "17\n")
	write(log, "")
	job("drift")
	if got := read(log); !strings.Contains(got, "issue edit 17") || strings.Contains(got, "issue create") {
		t.Errorf("out of step, and said already: %q", got)
	}
}

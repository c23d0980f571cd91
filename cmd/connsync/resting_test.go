package main

import (
	"context"
	"os"
	"strings"
	"testing"
	"time"

	"connsync/apply/state"
	"connsync/diff"
	"connsync/manifest"
	"connsync/manifest/gitfs"
)

// stateOf is the known state of a branch's repository.
func (b *branch) stateOf() *state.Store {
	b.t.Helper()
	repo, err := gitfs.Open(b.dir)
	if err != nil {
		b.t.Fatal(err)
	}
	b.t.Cleanup(func() { _ = repo.Close() })
	store, err := state.Open(state.Repo{Git: repo.Git(), CommonDir: repo.CommonDir()}, "prod")
	if err != nil {
		b.t.Fatal(err)
	}
	return store
}

// rests counts the connections of a worktree that are read, and those that known state vouches for.
func (b *branch) rests() (read, rest int) {
	b.t.Helper()
	snap, err := b.stateOf().Read(context.Background())
	if err != nil {
		b.t.Fatal(err)
	}
	files := os.DirFS(b.dir)
	p, err := manifest.LoadProject(files, manifest.ProjectFile)
	if err != nil {
		b.t.Fatal(err)
	}
	set, _, err := (&vouchers{states: map[string]state.Snapshot{"prod": snap}}).survey(files, p)
	if err != nil {
		b.t.Fatal(err)
	}
	return len(set.Connections), len(set.Resting)
}

// An applied encrypted file is not read by the next run, until it, the project file, or .sops.yaml is another one.
func TestAnEncryptedFileThatWasAppliedRests(t *testing.T) {
	t.Setenv("SOPS_AGE_KEY", testIdentity)
	b := newBranch(t, true)
	_, env, url := emulated(t)
	if code, stdout, stderr := inProcess(env, "sync", "-C", b.dir, "--endpoint", url, "-q"); code != exitDone {
		t.Fatalf("exit %d\n%s%s", code, stdout, stderr)
	}
	if read, rest := b.rests(); read != 0 || rest != 2 {
		t.Errorf("%d are read and %d rest", read, rest)
	}
	for _, file := range []string{branchFile, manifest.ProjectFile, ".sops.yaml"} {
		was := b.read(file)
		b.write(file, was+"# note\n")
		if read, rest := b.rests(); read != 2 || rest != 0 {
			t.Errorf("a note in %s: %d are read and %d rest", file, read, rest)
		}
		b.write(file, was)
	}
	quiet := "0 to create, 0 to update, 0 to adopt, 0 to delete, 2 unchanged"
	for _, args := range [][]string{{"diff"}, {"diff", "-v"}, {"sync", "--dry-run"}, {"diff", "--exit-code"}} {
		code, stdout, stderr := inProcess(env, append(args, "-C", b.dir, "--endpoint", url)...)
		if code != exitDone || !strings.Contains(stdout, quiet) || strings.Contains(stdout, branchFile) != (len(args) == 2 && args[1] == "-v") {
			t.Errorf("%v: exit %d\n%s%s", args, code, stdout, stderr)
		}
	}
}

// Who may push known state can make an unapplied file pass for applied. This hides what is in it from a plan that goes by records, and from nothing else: every check
// of all files, every preview of a branch, every sync that may delete and every mistake elsewhere reads it; and nothing of it is sent.
func TestAForgedRecordDoesNotHideAFileFromChecks(t *testing.T) {
	t.Setenv("SOPS_AGE_KEY", testIdentity)
	b := newBranch(t, true)
	server, env, url := emulated(t)
	run := func(args ...string) (int, string) {
		code, stdout, stderr := inProcess(env, append(args, "-C", b.dir)...)
		return code, stdout + stderr
	}
	if code, said := run("sync", "--endpoint", url, "-q"); code != exitDone {
		t.Fatal(said)
	}
	b.commit("main")
	const mistake = "looks like a secret in the clear"
	before, _, _ := strings.Cut(b.read(branchFile), "mode: fast\n")
	indent := before[strings.LastIndex(before, "\n"):]
	b.replace("mode: fast\n", "mode: fast"+indent+"private_key: AGE-SECRET-KEY-1QQQQ\n")
	if code, said := run("diff", "--endpoint", url); code != exitFailed || !strings.Contains(said, mistake) {
		t.Fatalf("exit %d: %s", code, said)
	}
	b.forge()
	sent := len(server.Connections())
	code, said := run("diff", "--endpoint", url)
	if code != exitDone || !strings.Contains(said, "2 unchanged") {
		t.Errorf("the forged record: exit %d: %s", code, said)
	}
	for _, args := range [][]string{
		{"validate"}, {"diff", "--base", "main"}, {"diff", "-v", "--endpoint", url}, {"sync", "--prune", "--dry-run", "--endpoint", url}, {"sync", "--prune", "--dirty", "--endpoint", url},
		{"sync", "--dirty", "--rewrite", "*", "--endpoint", url},
	} {
		if code, said := run(args...); code == exitDone || !strings.Contains(said, mistake) {
			t.Errorf("%v: exit %d: %s", args, code, said)
		}
	}
	b.write("connections/other.yaml", "connections: {prod: {x: {}}}\n")
	if code, said := run("diff", "--endpoint", url); code != exitFailed || !strings.Contains(said, mistake) || !strings.Contains(said, "other.yaml") {
		t.Errorf("a mistake elsewhere: exit %d: %s", code, said)
	}
	if n := len(server.Connections()); n != sent {
		t.Errorf("%d connections", n)
	}
	for _, c := range server.Connections() {
		if strings.Contains(c.Config, "private_key") {
			t.Errorf("%s was sent", c.Name)
		}
	}
}

// forge has known state vouch for the file as it stands.
func (b *branch) forge() {
	b.t.Helper()
	files := os.DirFS(b.dir)
	p, err := manifest.LoadProject(files, manifest.ProjectFile)
	if err != nil {
		b.t.Fatal(err)
	}
	set, _, err := manifest.Survey(files, p, nil)
	if err != nil {
		b.t.Fatal(err)
	}
	session, err := b.stateOf().Lock(context.Background(), time.Second)
	if err != nil {
		b.t.Fatal(err)
	}
	defer session.Close()
	var names []string
	for _, c := range set.Target("prod") {
		names = append(names, c.Name)
	}
	e := new(state.Edit)
	for _, name := range names {
		k := *session.Snapshot().Known[name]
		k.Blob = manifest.BlobHash([]byte(b.read(branchFile)))
		k.Checked = k.CheckedBy(checksOf(set.RulesDigest), diff.Together(names))
		e.Record(k)
	}
	if _, err := session.Commit(context.Background(), e); err != nil {
		b.t.Fatal(err)
	}
}

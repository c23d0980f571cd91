package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A protected connection of a file that rests stays protected, whatever a later sync records of others: a prune keeps it when it is gone from Git.
func TestWhatRestsStaysProtected(t *testing.T) {
	t.Setenv("SOPS_AGE_KEY", testIdentity)
	b := newBranch(t, true)
	_, env, url := emulated(t)
	run := func(args ...string) string {
		code, stdout, stderr := inProcess(env, append(args, "-C", b.dir)...)
		if code != exitDone {
			t.Fatalf("%v: exit %d\n%s%s", args, code, stdout, stderr)
		}
		return stdout
	}
	const protect = "connections: {prod: {guard: {component: KafkaBus, version: '1.0', protect: true, config: {endpoint: https://a.example.com}}}}\n"
	b.write("connections/guard.yaml", protect)
	b.commit("protected")
	run("sync", "--endpoint", url, "-q")
	b.write("connections/more.yaml", strings.NewReplacer("guard", "more", "protect: true, ", "").Replace(protect))
	b.commit("another one")
	if read, rest := b.rests(); read != 1 || rest != 3 {
		t.Fatalf("%d are read and %d rest", read, rest)
	}
	run("sync", "--endpoint", url, "-q")
	if listed := run("state", "list"); strings.Count(listed, "protected") != 1 {
		t.Errorf("the protected one is not:\n%s", listed)
	}
	if err := os.Remove(filepath.Join(b.dir, "connections/guard.yaml")); err != nil {
		t.Fatal(err)
	}
	b.commit("one less")
	if said := run("sync", "--prune", "--endpoint", url); !strings.Contains(said, "0 to delete") || !strings.Contains(said, "protected") {
		t.Errorf("a prune does not keep it:\n%s", said)
	}
}

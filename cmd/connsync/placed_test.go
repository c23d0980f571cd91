package main

import (
	"regexp"
	"strings"
	"testing"
)

// What two places have in common, and only one may have, is told at the one changed by the branch: its twin is innocent, wherever it stands in the order.
func TestAMistakeStandsAtThePlaceThatWasChanged(t *testing.T) {
	t.Parallel()
	copied := func(as string) func(b *branch) string {
		return func(b *branch) string {
			return strings.Replace(strings.Replace(b.read(branchFile), " bus:\n", " "+as+":\n", 1), " edr:\n", " edr_"+as+":\n", 1)
		}
	}
	plain := func(text string) func(b *branch) string {
		return func(*branch) string { return "connections: {prod: {" + text + "}}\n" }
	}
	for _, c := range []struct {
		what, file string
		text       func(b *branch) string
		says       string
	}{
		{"a copy that comes first", "connections/0.yaml", copied("aaa"), "config.password of aaa in target prod has the ciphertext of config.password of bus in target prod (connections/a.yaml:"},
		{"a copy that comes last", "connections/z.yaml", copied("zzz"), "config.password of zzz in target prod has the ciphertext of config.password of bus in target prod (connections/a.yaml:"},
		{"a copy in a file before, under a later name", "connections/0.yaml", copied("zzz"), "config.password of zzz in target prod has the ciphertext of"},
		{"wanted twice, first", "connections/0.yaml", plain(`bus: {component: A, version: "1", config: {}}`), "connection bus of target prod is wanted already at connections/a.yaml:"},
		{"wanted twice, last", "connections/z.yaml", plain(`bus: {component: A, version: "1", config: {}}`), "connection bus of target prod is wanted already at connections/a.yaml:"},
		{"a former name", "connections/0.yaml", plain(`aaa: {component: A, version: "1", config: {}, previously: edr}`), "edr is still wanted, at connections/a.yaml:"},
	} {
		b := newBranch(t, true)
		b.write(c.file, c.text(b))
		b.commit("copied")
		code, stdout, stderr := inProcess(nil, "validate", "-C", b.dir, "--base", "main")
		if out := stdout + stderr; code != exitFailed || !strings.Contains(out, c.says) || regexp.MustCompile(`(?m)^connections/a.yaml`).MatchString(out) || !strings.Contains(out, c.file+":") {
			t.Errorf("%s: exit code %d:\n%s", c.what, code, out)
		}
	}
	// The other way round: what is wanted now is the former name of another one.
	b := newBranch(t, true)
	b.write("connections/z.yaml", "connections: {prod: {aaa: {component: A, version: \"1\", config: {}, previously: gone}}}\n")
	b.commit("before")
	runGit(t, b.dir, "branch", "-f", "main")
	b.write("connections/0.yaml", "connections: {prod: {gone: {component: A, version: \"1\", config: {}}}}\n")
	b.commit("after")
	code, stdout, stderr := inProcess(nil, "validate", "-C", b.dir, "--base", "main")
	if out := stdout + stderr; code != exitFailed || !strings.Contains(out, "connections/0.yaml:1:22: gone is what another connection was called until now, at connections/z.yaml:1") {
		t.Errorf("exit code %d:\n%s", code, out)
	}
}

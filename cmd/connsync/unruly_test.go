package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// With a .sops.yaml of no use to sops, or not followed, no one can tell what should be encrypted: every command says so, and none sends
// anything.
func TestRulesThatCannotBeReadStopEveryCommand(t *testing.T) {
	for what, c := range map[string]struct {
		rules func(b *branch)
		says  string
	}{
		"no YAML":     {func(b *branch) { b.write(".sops.yaml", "creation_rules: [\n") }, ".sops.yaml:1:1: not valid YAML"},
		"no regex":    {func(b *branch) { b.write(".sops.yaml", "creation_rules:\n  - encrypted_regex: (\n") }, ".sops.yaml:2:22: encrypted_regex is no regular expression"},
		"of a folder": {func(b *branch) { b.write("connections/.sops.yaml", "creation_rules: {}\n") }, "connections/.sops.yaml:1:17: not what sops reads here"},
		"two selectors": {func(b *branch) {
			b.write(".sops.yaml", "creation_rules:\n  - {encrypted_regex: a, encrypted_suffix: b}\n")
		}, "sops refuses two"},
		"a link": {func(b *branch) {
			if err := os.Rename(filepath.Join(b.dir, ".sops.yaml"), filepath.Join(b.dir, "rules")); err != nil {
				b.t.Fatal(err)
			}
			if err := os.Symlink("rules", filepath.Join(b.dir, ".sops.yaml")); err != nil {
				b.t.Fatal(err)
			}
		}, ".sops.yaml: "},
	} {
		b := newBranch(t, true)
		c.rules(b)
		b.commit("rules")
		s, env, address := emulated(t)
		for _, command := range []string{"validate", "diff", "sync", "sync --dry-run"} {
			code, stdout, stderr := inProcess(env, append(strings.Fields(command), "-C", b.dir, "--endpoint", address)...)
			if out := stdout + stderr; code != exitFailed || !strings.Contains(out, c.says) {
				t.Errorf("%s, %s: exit code %d:\n%s", what, command, code, out)
			}
		}
		if n := len(s.Requests()); n > 0 {
			t.Errorf("%s: %d requests", what, n)
		}
	}
}

package main

import (
	"fmt"
	"strings"
	"testing"

	"connsync/apply/secmaster/emulator"
)

// selectorManifest has a comment by which a value may be encrypted, and one by which it may stay in the clear.
const selectorManifest = `# clear
connections:
  prod:
    edr: # clear
      component: EdrVendor # clear
      version: "2.1"
      config:
        # clear
        endpoint: https://edr.example
        # sops:enc
        password: canary-first-password
        # clear
        list:
          # a note of an item
          - one
          - two
`

// TestASelectorOfAnyKindIsReadAsTheSopsCommandWroteIt has sops encrypt a manifest by each kind of selector, in both MAC modes. Nothing
// panics, and what is fine is sent as it was written.
func TestASelectorOfAnyKindIsReadAsTheSopsCommandWroteIt(t *testing.T) {
	const broken = "is no regular expression: sops says nothing, and lets it match nothing"
	for i, c := range []struct{ kind, text, says string }{
		{"encrypted_regex", "^password$", ""},
		{"encrypted_suffix", "word", ""},
		{"unencrypted_regex", "^(component|version|endpoint|list)$", ""},
		{"unencrypted_suffix", "n", "component must not be encrypted"}, // version and component
		{"encrypted_comment_regex", "sops:enc", ""},
		{"unencrypted_comment_regex", "^ clear$", "config.password looks like a secret in the clear"}, // the first line is in force everywhere
		{"unencrypted_comment_regex", ".", "config.password looks like a secret in the clear"},
		{"encrypted_regex", "[", broken},
		{"encrypted_comment_regex", "(?<x", broken},
		{"unencrypted_regex", "*", broken},
		{"unencrypted_comment_regex", "a{1001}", broken},
		{"encrypted_regex", strings.Repeat("x|", 3000) + "^password$", "encrypted_regex of the sops block is too large to be looked at"},
		{"encrypted_regex", "(" + strings.Repeat(`\pL{900}|`, 9) + "^password$)", "encrypted_regex of the sops block is too large to be looked at"},
	} {
		for j, macOnly := range []bool{false, true} {
			if (i+j)%2 == 1 && !*allTampers {
				continue
			}
			t.Run(fmt.Sprintf("%s %.20s %t", c.kind, c.text, macOnly), func(t *testing.T) {
				t.Parallel()
				b := newSelected(t, c.kind, c.text, macOnly)
				b.judged(c.says)
			})
		}
	}
}

// newSelected is a branch with a file encrypted by a selector; its base holds none.
func newSelected(t *testing.T, kind, text string, macOnly bool) *branch {
	t.Helper()
	b := &branch{t, t.TempDir()}
	runGit(t, b.dir, "init", "-q", "-b", "main")
	b.write("connsync.yaml", fmt.Sprintf(demoProject, emulator.DefaultRegion, emulator.DefaultProject, emulator.DefaultWorkspace)+"  destinations: reviewed\nstate: {remote: none}\n")
	b.write("connections/other.yaml", strings.NewReplacer("edr", "other", "        # sops:enc\n        password: canary-first-password\n", "").Replace(selectorManifest))
	b.commit("main")
	runGit(t, b.dir, "checkout", "-q", "-b", "topic")
	b.write(".sops.yaml", fmt.Sprintf("creation_rules:\n  - path_regex: a.yaml$\n    age: %s\n    %s: '%s'\n    mac_only_encrypted: %t\n", testRecipient, kind, text, macOnly))
	b.write(branchFile, selectorManifest)
	b.sops("encrypt", "--in-place", branchFile)
	b.write("connections/bad.yaml", "connections: {prod: {bad: {}}}\n") // its mistakes are told whatever the other file holds
	b.commit("encrypted")
	return b
}

// judged runs every command on the branch. says is the mistake of the encrypted file, "" where it has none.
func (b *branch) judged(says string) {
	b.t.Helper()
	server, env, address := emulated(b.t)
	run := func(want int, command string, args ...string) {
		b.t.Helper()
		code, out, errs := inProcess(env, append([]string{command, "-C", b.dir}, args...)...)
		if code != want || strings.Contains(out+errs, "internal error") || strings.Contains(out+errs, "canary") || strings.Contains(out+errs, "cannot be judged") {
			b.t.Errorf("%s %v: exit code %d, want %d\n%s%s", command, args, code, want, out, errs)
		}
		if says != "" && want == exitFailed && !strings.Contains(out+errs, says) {
			b.t.Errorf("%s %v: does not say %q\n%s%s", command, args, says, out, errs)
		}
		if command != "sync" && want == exitFailed && !strings.Contains(out+errs, "connection bad has no config") {
			b.t.Errorf("%s %v: the other file's mistake is hidden\n%s%s", command, args, out, errs)
		}
	}
	run(exitFailed, "validate")
	run(exitFailed, "validate", "--base", "main")
	run(exitFailed, "diff", "--base", "main")
	run(exitFailed, "diff", "--endpoint", address)
	runGit(b.t, b.dir, "rm", "-q", "connections/bad.yaml")
	b.commit("the other file is mended")
	if says == "" {
		run(exitDone, "sync", "--endpoint", address)
		if c := server.Connections(); len(c) != 2 || strings.Count(c[0].Config+c[1].Config, `"password":"canary-first-password"`) != 1 {
			b.t.Errorf("sent: %+v", c)
		}
		return
	}
	run(exitFailed, "sync", "--endpoint", address)
	// A later branch mends the file, and is not locked by its base or by the commits between.
	runGit(b.t, b.dir, "checkout", "-q", "-b", "mends")
	b.write(".sops.yaml", fmt.Sprintf("creation_rules:\n  - age: %s\n    encrypted_regex: ^password$\n", testRecipient))
	b.write(branchFile, selectorManifest)
	b.sops("encrypt", "--in-place", branchFile)
	b.sops("set", branchFile, `["connections"]["prod"]["edr"]["config"]["password"]`, `"canary-second"`)
	b.commit("mended")
	says = ""
	run(exitDone, "validate")
	run(exitDone, "diff", "--base", "topic")
	run(exitDone, "validate", "--base", "topic")
	run(exitDone, "sync", "--endpoint", address)
}

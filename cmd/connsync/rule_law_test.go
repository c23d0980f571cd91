package main

import (
	"fmt"
	"strings"
	"testing"

	"connsync/apply/secmaster/emulator"
)

// The rule of .sops.yaml grows over a project in use. A sync refuses only what it would write; a preview fails only where the branch
// changed the file or the rule; and nothing shows the value.
func TestARuleThatGrowsStopsOnlyWhatWouldBeSent(t *testing.T) {
	b := &branch{t, t.TempDir()}
	runGit(t, b.dir, "init", "-q", "-b", "main")
	projectFile := fmt.Sprintf(demoProject, emulator.DefaultRegion, emulator.DefaultProject, emulator.DefaultWorkspace) + "state: {remote: none}\n"
	rules := func(regex string) {
		b.write(".sops.yaml", fmt.Sprintf("creation_rules:\n  - path_regex: ^connections/\n    age: %s\n    encrypted_regex: ^(%s)$\n    mac_only_encrypted: true\n", testRecipient, regex))
	}
	manifestOf := func(name, community string) string {
		return "connections:\n  prod:\n    " + name + ":\n      component: EdrVendor\n      version: \"2.1\"\n      config:\n        endpoint: https://" + name + ".example\n        community: " + community + "\n        password: canary-password\n"
	}
	b.write("connsync.yaml", projectFile)
	rules("password")
	b.write(branchFile, manifestOf("edr", "canary-one"))
	b.sops("encrypt", "--in-place", branchFile)
	b.write("connections/b.yaml", strings.Replace(manifestOf("plain", "canary-two"), "        password: canary-password\n", "", 1))
	b.commit("main")
	server, env, address := emulated(t)
	run := func(want int, says string, command string, args ...string) {
		t.Helper()
		code, out, errs := inProcess(env, append([]string{command, "-C", b.dir}, args...)...)
		if shows := strings.Contains(out+errs, "canary"); code != want || shows || !strings.Contains(out+errs, says) {
			t.Errorf("%s %v: exit code %d, want %d and %q\n%s%s", command, args, code, want, says, out, errs)
		}
	}
	code, _, errs := inProcess(env, "sync", "-C", b.dir, "--endpoint", address)
	if code != exitDone || len(server.Connections()) != 2 {
		t.Fatalf("exit code %d\n%s", code, errs)
	}
	runGit(t, b.dir, "checkout", "-q", "-b", "topic")
	rules("password|community")
	b.commit("the rule grows")
	for _, file := range []string{branchFile, "connections/b.yaml"} {
		run(exitFailed, "its rule in .sops.yaml encrypts it (encrypted_regex: ^(password|community)$)\n  hint: connsync reseal "+file, "validate", "--base", "main")
	}
	run(exitFailed, "encrypts it", "diff", "--base", "main")
	run(exitDone, "", "sync", "--endpoint", address) // nothing would be written
	runGit(t, b.dir, "branch", "grown")
	b.write("connections/c.yaml", strings.Replace(manifestOf("other", `""`), "        password: canary-password\n", "", 1))
	b.commit("another file")
	run(exitDone, "", "diff", "--base", "grown")
	run(exitDone, "warning: config.community of edr is in the clear", "validate", "--base", "grown")
	run(exitFailed, "config.community of edr is in the clear", "validate")
	b.write("connections/b.yaml", strings.Replace(b.read("connections/b.yaml"), "canary-two", "canary-three", 1))
	b.commit("a value of that file changes")
	run(exitFailed, "config.community of plain is in the clear", "diff", "--base", "grown")
	server.ResetRequests()
	run(exitRefused, "not sent: config.community in the clear, where the rule of connections/b.yaml in .sops.yaml encrypts", "sync", "--endpoint", address)
	if server.Count(emulator.RouteCreate) != 1 || server.Count(emulator.RouteUpdate) != 0 {
		t.Errorf("%v", server.Requests())
	}
	b.write("connsync.yaml", strings.Replace(projectFile, "  allow: [age]\n", "  allow: [age]\n  rule: warn\n", 1))
	b.commit("migrates")
	run(exitFailed, "secrets.rule changes from \"refuse\" to \"warn\"", "diff", "--base", "grown") // a branch cannot relax the rules of its own review
	run(exitDone, "warning: config.community of plain is in the clear", "validate")
	run(exitDone, "", "sync", "--endpoint", address)
	if !strings.Contains(fmt.Sprint(server.Connections()), "canary-three") {
		t.Error("not sent, although the project tolerates it")
	}
}

package main

import (
	"regexp"
	"strings"
	"testing"
)

// A user without the key writes another MAC into a file, and later puts the real one back together with another endpoint: that is no
// sign that sops wrote the file in between.
func TestAMadeUpMACIsNoSignOfSops(t *testing.T) {
	t.Setenv("SOPS_AGE_KEY", testIdentity)
	b := newBranch(t, true)
	server, env, url := emulated(t)
	sync := func(message string, code int, words string) {
		t.Helper()
		b.commit(message)
		if got, stdout, stderr := inProcess(env, "sync", "-C", b.dir, "--endpoint", url, "-q"); got != code || !strings.Contains(stdout, words) {
			t.Errorf("%s: exit %d\n%s%s", message, got, stdout, stderr)
		}
	}
	sync("the files", exitDone, "2 created")
	original := b.read(branchFile)
	before := runGit(t, b.dir, "rev-parse", "connsync-state/prod")
	b.write(branchFile, regexp.MustCompile(`mac: ENC\[AES256_GCM,data:`).ReplaceAllString(original, "${0}AAAA"))
	sync("another MAC", exitDone, "2 unchanged")
	if after := runGit(t, b.dir, "rev-parse", "connsync-state/prod"); after != before {
		t.Errorf("a MAC that nobody verified was recorded: %s", runGit(t, b.dir, "log", "--oneline", "connsync-state/prod"))
	}
	b.write(branchFile, strings.Replace(original, "https://edr.example", "https://evil.example", 1))
	sync("the MAC as it was, and another endpoint", exitRefused, "this sends existing secrets to a new address: config.endpoint")
	for _, c := range server.Connections() {
		if strings.Contains(c.Config, "evil") {
			t.Errorf("the secrets of %s went to the new endpoint", c.Name)
		}
	}

	// What sops writes is recorded once more, also for the connection that stays as it was, and then no more.
	b.write(branchFile, original)
	b.sops("set", branchFile, `["connections"]["prod"]["edr"]["config"]["password"]`, `"canary-other-password"`)
	sync("a password set with sops", exitDone, "1 updated, 1 unchanged")
	b.write(branchFile, strings.Replace(b.read(branchFile), "k.example:9093", "evil.example:9093", 1))
	sync("the other connection's endpoint", exitRefused, "config.kafkaAddr")
}

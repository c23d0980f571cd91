package main

import (
	"fmt"
	"strings"
	"testing"

	"connsync/secrets/sops"
)

// decrypted is what validate --decrypt says of a branch.
func (b *branch) decrypted(args ...string) (int, string) {
	code, stdout, stderr := inProcess(nil, append([]string{"validate", "-C", b.dir, "--decrypt"}, args...)...)
	return code, stdout + stderr
}

// A key tells each secret in whatever text a commit of the branch had it.
func TestASecretIsFoundInAnyText(t *testing.T) {
	t.Setenv("SOPS_AGE_KEY", testIdentity)
	const several = "-----BEGIN X-----\ncanary0123456789abcdef0123456789ab\ncanaryFEDCBA9876543210FEDCBA987654\n-----END X-----\n"
	for i, c := range []struct {
		secret, file, text string
		found              bool
	}{
		{"canary-first-password", "deploy/.env", "X=1\nEDR_PASS=canary-first-password\n", true},
		{"canary-first-password", "README", "curl -u svc:canary-first-password@edr.example", true},
		{"canary-first-password", "x.bin", "\x00\xffcanary-first-password\x00", true},
		{"canary-first-password", "connections/b.yaml", "connections: {prod: {fw: {component: A, version: \"1\", config: {comment: canary-first-password}}}}\n", true},
		{"canary7", "connections/b.yaml", "connections: {prod: {fw: {component: A, version: \"1\", config: {note: \" canary7 \"}}}}\n", true},
		{"canary7", "README", "canary7", false}, // too short to be looked for within texts
		{"11", "connections/b.yaml", "connections: {prod: {fw: {component: A, version: \"1\", config: {retries: 11}}}}\n", false},
		{"11", "connections/b.yaml", "connections: {prod: {fw: {component: A, version: \"1\", config: {password: 11}}}}\n", true},
		{several, "notes.txt", "  " + strings.ReplaceAll(several, "\n", "\n  "), true},
		{several, "notes.txt", strings.Split(several, "\n")[2], false},
		{"canary-first-password", "README", "canary-first-passworD", false},
	} {
		b := newBranch(t, true)
		b.sops("set", branchFile, historyConfig+`["password"]`, fmt.Sprintf("%q", c.secret))
		b.commit("set")
		runGit(t, b.dir, "branch", "-f", "main")
		b.write(c.file, c.text)
		b.commit("leaked")
		hash := strings.TrimSpace(runGit(t, b.dir, "rev-parse", "--short=7", "HEAD"))
		runGit(t, b.dir, "rm", "-q", c.file)
		b.commit("gone")
		code, out := b.decrypted("--base", "main")
		if told := strings.Contains(out, "config.password of edr was in the clear in commit "+hash); told != c.found || told != (code == exitFailed) || strings.Contains(out, "canary") {
			t.Errorf("%d: exit code %d:\n%s", i, code, out)
		}
		if code, out := b.decrypted(); code != exitDone || !strings.Contains(out, "(1 encrypted, 1 opened)") {
			t.Errorf("%d: exit code %d:\n%s", i, code, out)
		}
	}
}

// That a file opens is told by opening it: without its key, and where a merge or a hand broke it, it does not.
func TestAFileThatDoesNotOpenIsAMistake(t *testing.T) {
	_, identity, err := sops.NewAgeKey()
	if err != nil {
		t.Fatal(err)
	}
	earlier := func(b *branch) {
		line := b.line("lastmodified")
		b.replace(line, strings.SplitN(line, ":", 2)[0]+": \"2020-01-01T00:00:00Z\"\n")
	}
	for _, c := range []struct {
		what, identity string
		do             func(b *branch)
		base           string // "" for none
		code           int
		says           string
	}{
		{"whole", testIdentity, func(*branch) {}, "main", exitDone, "valid: 2 connections in 1 file (1 encrypted, 1 opened)"},
		{"another key", identity.Expose().(string), func(*branch) {}, "", exitFailed, "does not open: none of your keys can decrypt it"},
		{"another key, and not changed", identity.Expose().(string), func(*branch) {}, "main", exitDone, "warning: does not open: none of your keys can decrypt it"},
		{"a MAC of another time", testIdentity, earlier, "main", exitFailed, "does not open: changed since it was encrypted"},
		{"broken before", testIdentity, func(b *branch) {
			earlier(b)
			b.commit("broken")
			runGit(b.t, b.dir, "branch", "-f", "main")
		}, "main", exitDone, "warning: does not open: changed since it was encrypted"},
	} {
		b := newBranch(t, true)
		c.do(b)
		b.commit("done")
		t.Setenv("SOPS_AGE_KEY", c.identity)
		args := []string{}
		if c.base != "" {
			args = []string{"--base", c.base}
		}
		if code, out := b.decrypted(args...); code != c.code || !strings.Contains(out, c.says) {
			t.Errorf("%s: exit code %d:\n%s", c.what, code, out)
		}
	}
}

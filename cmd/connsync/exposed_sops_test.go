package main

import (
	"fmt"
	"os"
	"strings"
	"testing"
)

// secretHistory is a branch on which a secret may have been in the clear.
type secretHistory struct {
	*branch
	count int
}

const historyConfig = `["connections"]["prod"]["edr"]["config"]`

func (h *secretHistory) commit() {
	h.count++
	h.branch.commit(fmt.Sprintf("step %d", h.count))
}

// open decrypts the file for good, and commits it.
func (h *secretHistory) open() { h.sops("decrypt", "--in-place", branchFile); h.commit() }

// shut encrypts it again.
func (h *secretHistory) shut() { h.sops("encrypt", "--in-place", branchFile); h.commit() }

func (h *secretHistory) leaked() { h.open(); h.shut() }

func (h *secretHistory) set(setting, value string) {
	h.sops("set", branchFile, historyConfig+setting, value)
}

func (h *secretHistory) renamed() {
	h.t.Helper()
	if code, stdout, stderr := inProcess(nil, "rename", "-C", h.dir, "prod/edr", "edr_new"); code != exitDone {
		h.t.Fatalf("exit %d\n%s%s", code, stdout, stderr)
	}
	h.commit()
}

func (h *secretHistory) rotate() { h.sops("rotate", "--in-place", branchFile) }

// exposed tells whether validate says that a setting was in the clear.
func (h *secretHistory) exposed(args ...string) (bool, string) {
	h.t.Helper()
	code, stdout, stderr := inProcess(nil, append([]string{"validate", "-C", h.dir, "--base", "main"}, args...)...)
	out := stdout + stderr
	return h.told(code, out), out
}

// told tells whether a secret was said to have been in the clear: nothing else is wrong on these branches.
func (h *secretHistory) told(code int, out string) bool {
	h.t.Helper()
	told := strings.Contains(out, "of edr was in the clear in commit") || strings.Contains(out, "of edr_new was in the clear in commit")
	if told != (code == exitFailed) {
		h.t.Errorf("exit code %d:\n%s", code, out)
	}
	if strings.Contains(out, "canary") {
		h.t.Errorf("a plaintext is said:\n%s", out)
	}
	return told
}

const sameValue, otherValue = `"canary-first-password"`, `"canary-other-passwordX"`

// A secret that a commit held in the clear is found until another value was set, as far as this can be told without a key.
func TestOnceInTheClearAlwaysFound(t *testing.T) {
	const password = `["password"]`
	const equalLength = `"canary-FIRST-password"`
	t.Setenv("SOPS_AGE_KEY", testIdentity)
	// With a key at hand these are decided otherwise, and rightly.
	otherwise := map[string]bool{
		"of equal length, in the commit that encrypts": true, "taken back and set in one commit": true,
		"another one and back in one commit": true, "another one and back in two commits": true, "in a file that is no manifest": true,
	}
	before := newBranch(t, true)
	before.write(".sops.yaml", strings.Replace(before.read(".sops.yaml"), "^(password|token)$", "^(password|token|pin)$", 1))
	runGit(t, before.dir, "checkout", "-q", "main")
	before.sops("decrypt", "--in-place", branchFile)
	before.sops("encrypt", "--in-place", branchFile)
	before.commit("all")
	runGit(t, before.dir, "checkout", "-q", "-B", "topic")
	for _, c := range []struct {
		what  string
		found bool
		do    func(h *secretHistory)
	}{
		// The value is the same.
		{"encrypted again", true, func(h *secretHistory) { h.leaked() }},
		{"and another commit", true, func(h *secretHistory) { h.leaked(); h.set(`["mode"]`, `"slow"`); h.commit() }},
		{"and the same value set", true, func(h *secretHistory) { h.leaked(); h.set(password, sameValue); h.commit() }},
		{"and with a line break behind it", true, func(h *secretHistory) {
			h.open()
			h.replace(h.line("password"), "        password: \"canary-first-password\\n\"\n")
			h.shut()
		}},
		{"and decrypted and encrypted", true, func(h *secretHistory) {
			h.leaked()
			h.sops("decrypt", "--in-place", branchFile)
			h.sops("encrypt", "--in-place", branchFile)
			h.commit()
		}},
		{"taken back with git", true, func(h *secretHistory) { h.open(); runGit(h.t, h.dir, "revert", "--no-edit", "HEAD") }},
		{"and rotated", true, func(h *secretHistory) { h.leaked(); h.rotate(); h.commit() }},
		{"and rotated in the same commit", true, func(h *secretHistory) { h.open(); h.sops("encrypt", "--in-place", branchFile); h.rotate(); h.commit() }},
		{"and rotated three times", true, func(h *secretHistory) {
			h.leaked()
			for range 3 {
				h.rotate()
				h.commit()
			}
		}},
		{"and a mixture of all", true, func(h *secretHistory) {
			h.leaked()
			h.rotate()
			h.commit()
			h.sops("decrypt", "--in-place", branchFile)
			h.sops("encrypt", "--in-place", branchFile)
			h.commit()
			h.rotate()
			h.set(`["mode"]`, `"slow"`)
			h.commit()
		}},
		{"and unset, and set the same", true, func(h *secretHistory) {
			h.leaked()
			h.sops("unset", branchFile, historyConfig+password)
			h.commit()
			h.set(password, sameValue)
			h.commit()
		}},
		{"a number set again", true, func(h *secretHistory) {
			h.set(`["pin"]`, "1234")
			h.commit()
			h.leaked()
			h.set(`["pin"]`, "1234")
			h.commit()
		}},
		{"in a list of equals, a neighbour set", true, func(h *secretHistory) {
			h.open()
			h.replace(h.line("token"), "        token: [canary-same, canary-same, canary-third]\n")
			h.commit()
			h.shut()
			h.edit("s/canary-third/canary-changed/")
			h.others("password", "bus")
			h.commit()
		}},
		{"renamed with previously", true, func(h *secretHistory) {
			h.open()
			h.replace("    edr:\n", "    edr_new:\n      previously: edr\n")
			h.shut()
		}},
		{"renamed by connsync, which keeps the data key", true, func(h *secretHistory) { h.leaked(); h.renamed() }},
		{"another one, and then renamed", false, func(h *secretHistory) { h.leaked(); h.others("password", "token", "bus"); h.commit(); h.renamed() }},
		{"an old ciphertext brought back", true, func(h *secretHistory) {
			h.leaked()
			kept := h.read(branchFile)
			h.set(password, otherValue)
			h.commit()
			h.write(branchFile, kept)
			h.commit()
		}},
		// The value is another one, and visibly so.
		{"another value set", false, func(h *secretHistory) { h.leaked(); h.others("password", "token", "bus"); h.commit() }},
		{"and then rotated", false, func(h *secretHistory) {
			h.leaked()
			h.others("password", "token", "bus")
			h.commit()
			h.rotate()
			h.commit()
		}},
		{"set and rotated in one commit, beside one that stays", false, func(h *secretHistory) { h.only(password, func() { h.set(password, equalLength); h.rotate() }) }},
		{"rotated and set in one commit, beside one that stays", false, func(h *secretHistory) { h.only(password, func() { h.rotate(); h.set(password, equalLength) }) }},
		{"of another length, in the commit that encrypts", false, func(h *secretHistory) {
			h.open()
			for _, l := range []string{"canary-first-password", "canary-first-token", "canary-bus-password"} {
				h.replace(l, "canary-of-quite-another-length-than-before")
			}
			h.shut()
		}},
		// It may be another one, and nothing tells.
		{"of equal length, in the commit that encrypts", true, func(h *secretHistory) {
			h.open()
			for _, l := range []string{"canary-first-password", "canary-first-token", "canary-bus-password"} {
				h.replace(l, strings.ToUpper(l))
			}
			h.shut()
		}},
		{"taken back and set in one commit", true, func(h *secretHistory) {
			before := h.read(branchFile)
			h.open()
			h.write(branchFile, before)
			h.others("password", "token", "bus")
			h.commit()
		}},
		// Only a key tells.
		{"another one and back in one commit", false, func(h *secretHistory) {
			h.only(password, func() { h.set(password, otherValue); h.set(password, sameValue) })
		}},
		{"another one and back in two commits", false, func(h *secretHistory) {
			h.only(password, func() { h.set(password, otherValue); h.commit(); h.set(password, sameValue) })
		}},
		// Not the branch's file as it stands.
		{"spaces around it", true, func(h *secretHistory) {
			h.open()
			h.replace("password: canary-first-password", "password: \" canary-first-password \"")
			h.shut()
		}},
		{"in a manifest that is no YAML", true, func(h *secretHistory) {
			before := h.read(branchFile)
			h.sops("decrypt", "--in-place", branchFile)
			h.write(branchFile, h.read(branchFile)+"\tbroken: [\n")
			h.commit()
			h.write(branchFile, before)
			h.commit()
		}},
		{"never in sight", false, func(h *secretHistory) {
			h.leaked()
			runGit(h.t, h.dir, "reset", "-q", "--soft", "main")
			h.commit()
		}},
		// Variants of the same kinds.
		{"in a manifest with a mistake elsewhere", true, func(h *secretHistory) {
			before := h.read(branchFile)
			h.sops("decrypt", "--in-place", branchFile)
			h.replace("      version: \"2.1\"\n", "      versoin: \"2.1\"\n")
			h.commit()
			h.write(branchFile, before)
			h.commit()
		}},
		{"between conflict markers", true, func(h *secretHistory) {
			before := h.read(branchFile)
			h.sops("decrypt", "--in-place", branchFile)
			h.replace("        mode: fast\n", "<<<<<<< HEAD\n        mode: fast\n=======\n        mode: slow\n>>>>>>> x\n")
			h.commit()
			h.write(branchFile, before)
			h.commit()
		}},
		{"in a leftover that was removed", true, func(h *secretHistory) { h.leftover(branchFile + ".dec") }},
		{"in a leftover elsewhere", true, func(h *secretHistory) { h.leftover("tmp/anything.yaml") }},
		{"in an original of a merge", true, func(h *secretHistory) { h.leftover("a.yaml.orig") }},
		{"in a rejected patch", true, func(h *secretHistory) {
			h.write(branchFile+".rej", "--- a\n+++ b\n@@ -8,1 +8,1 @@\n-        password: x\n+        password: canary-first-password\n")
			h.commit()
			h.remove(branchFile + ".rej")
		}},
		{"beside the file that is looked at", true, func(h *secretHistory) {
			h.leftover("connections/b.txt")
		}},
		{"in a file that is no manifest", false, func(h *secretHistory) {
			h.write("values.yaml", "password: canary-first-password\n")
			h.commit()
			h.remove("values.yaml")
		}},
		{"a switch", false, func(h *secretHistory) {
			h.write("x.yaml", "connections:\n  prod:\n    edr:\n      config:\n        password: true\n")
			h.commit()
			h.remove("x.yaml")
		}},
	} {
		t.Run(c.what, func(t *testing.T) {
			t.Parallel()
			h := &secretHistory{branch: &branch{t, t.TempDir()}}
			if err := os.CopyFS(h.dir, os.DirFS(before.dir)); err != nil {
				t.Fatal(err)
			}
			c.do(h)
			if found, out := h.exposed(); found != c.found {
				t.Errorf("found %t:\n%s", found, out)
			}
			if found, out := h.exposed("--decrypt"); found != (c.found != otherwise[c.what]) {
				t.Errorf("with the key, found %t:\n%s", found, out)
			}
		})
	}
}

// others sets leaked secrets to other values of the same length.
func (h *secretHistory) others(which ...string) {
	for _, w := range which {
		switch w {
		case "bus":
			h.sops("set", branchFile, `["connections"]["prod"]["bus"]["config"]["password"]`, `"canary-BUS-password"`)
		default:
			h.set(`["`+w+`"]`, `"canary-FIRST-`+w+`"`)
		}
	}
}

// only leaks one secret, and does something to it.
func (h *secretHistory) only(setting string, then func()) {
	closed := h.read(branchFile)
	line := h.line("password")
	h.write(branchFile, strings.Replace(closed, line, "        password: canary-first-password\n", 1))
	h.commit()
	h.write(branchFile, closed)
	h.commit()
	then()
	h.commit()
}

// leftover keeps the decrypted file under another name for one commit.
func (h *secretHistory) leftover(name string) {
	h.write(name, branchManifest)
	h.commit()
	h.remove(name)
}

func (h *secretHistory) remove(name string) {
	runGit(h.t, h.dir, "rm", "-q", name)
	h.commit()
}

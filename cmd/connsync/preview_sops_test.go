package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"connsync/apply/secmaster/emulator"
	"connsync/secrets/sops/sopstest"
)

const branchManifest = `connections:
  prod:
    edr:
      component: EdrVendor
      version: "2.1"
      config:
        endpoint: https://edr.example
        mode: fast
        password: canary-first-password
        token: canary-first-token
    bus:
      component: KafkaBus
      version: "1.0"
      config:
        kafkaAddr: k.example:9093
        password: canary-bus-password
`

// branch is a repository with a file on main, made by the sops command, and a branch to edit it on.
type branch struct {
	t   *testing.T
	dir string
}

const branchFile = "connections/a.yaml"

func newBranch(t *testing.T, macOnly bool) *branch {
	t.Helper()
	b := &branch{t, t.TempDir()}
	runGit(t, b.dir, "init", "-q", "-b", "main")
	b.write("connsync.yaml", fmt.Sprintf(demoProject, emulator.DefaultRegion, emulator.DefaultProject, emulator.DefaultWorkspace))
	b.write(".sops.yaml", fmt.Sprintf("creation_rules:\n  - path_regex: ^connections/\n    age: %s\n    encrypted_regex: ^(password|token)$\n    mac_only_encrypted: %t\nstores: {yaml: {indent: 2}}\n", testRecipient, macOnly))
	b.write(branchFile, branchManifest)
	b.sops("encrypt", "--in-place", branchFile)
	b.commit("main")
	runGit(t, b.dir, "checkout", "-q", "-b", "topic")
	return b
}

func (b *branch) write(name, text string) {
	b.t.Helper()
	file := filepath.Join(b.dir, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		b.t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		b.t.Fatal(err)
	}
}

func (b *branch) read(name string) string {
	b.t.Helper()
	text, err := os.ReadFile(filepath.Join(b.dir, filepath.FromSlash(name)))
	if err != nil {
		b.t.Fatal(err)
	}
	return string(text)
}

// replace edits a file by hand.
func (b *branch) replace(old, with string) {
	b.t.Helper()
	text := b.read(branchFile)
	if strings.Count(text, old) != 1 {
		b.t.Fatalf("%q stands %d times in\n%s", old, strings.Count(text, old), text)
	}
	b.write(branchFile, strings.Replace(text, old, with, 1))
}

// line is the line of a setting, with its end.
func (b *branch) line(setting string) string {
	b.t.Helper()
	for _, l := range strings.SplitAfter(b.read(branchFile), "\n") {
		if strings.HasPrefix(strings.TrimSpace(l), setting+":") {
			return l
		}
	}
	b.t.Fatalf("no line %s", setting)
	return ""
}

func (b *branch) sops(args ...string) {
	b.t.Helper()
	sopstest.Run(b.t, b.dir, []string{"SOPS_AGE_KEY=" + testIdentity}, args...)
}

// edit does what a user does in the editor of `sops edit`.
func (b *branch) edit(script string) {
	b.t.Helper()
	editor := filepath.Join(b.t.TempDir(), "editor")
	if err := os.WriteFile(editor, []byte("#!/bin/sh\nexec sed -i '"+script+"' \"$1\"\n"), 0o755); err != nil {
		b.t.Fatal(err)
	}
	sopstest.Run(b.t, b.dir, []string{"SOPS_AGE_KEY=" + testIdentity, "EDITOR=" + editor}, "edit", branchFile)
}

func (b *branch) commit(message string) {
	b.t.Helper()
	runGit(b.t, b.dir, "add", "-A")
	runGit(b.t, b.dir, "commit", "-q", "--allow-empty", "-m", message)
}

// preview runs diff --base in a process able to open no socket and start no program, without a key, credentials or a home.
func (b *branch) preview(args ...string) (int, string) {
	b.t.Helper()
	cmd := quickProcess(b.t, []string{noSockets + "=1", noChildren + "=1"}, append([]string{"diff", "-C", b.dir, "--base", "main"}, args...)...)
	out, err := cmd.CombinedOutput()
	if err != nil && cmd.ProcessState.ExitCode() < 0 {
		b.t.Fatalf("%v\n%s", err, out)
	}
	return cmd.ProcessState.ExitCode(), string(out)
}

// What a user does to a file is told in exactly these words, by its ciphertexts and its metadata alone.
func TestAPreviewTellsWhatWasDoneToAFile(t *testing.T) {
	const set = `["connections"]["prod"]["edr"]["config"]`
	recipient := "age1lggyhqrw2nlhcxprm67z43rta597azn8gknawjehu9d9dl0jq3yqqvfafg"
	for _, c := range []struct {
		what    string
		full    bool // the MAC covers all values
		edit    func(*branch)
		code    int
		says    []string
		notSays []string
	}{
		{"a secret set with sops", false, func(b *branch) { b.sops("set", branchFile, set+`["password"]`, `"canary-second"`) }, 0,
			[]string{"~ update    edr", "secrets    password changed, token unchanged", "1 to update, 1 unchanged"}, []string{"will fail", "high risk"}},
		{"the same value set again", false, func(b *branch) { b.sops("set", branchFile, set+`["password"]`, `"canary-first-password"`) }, 0,
			[]string{"nothing to do", "2 unchanged"}, []string{"changed, "}},
		{"one field edited with sops", true, func(b *branch) { b.edit("s/canary-first-token/canary-second/") }, 0,
			[]string{"secrets    password unchanged, token changed"}, []string{"will fail", "high risk"}},
		{"a destination edited with sops", true, func(b *branch) { b.edit("s#https://edr.example#https://edr2.example#") }, 1,
			[]string{`-> "https://edr2.example"  git`, "secrets    password unchanged, token unchanged", "high risk: unchanged secrets will go to the new config.endpoint", "was not sealed since"}, nil},
		{"a destination set and sealed", true, func(b *branch) {
			b.edit("s#https://edr.example#https://edr2.example#")
			code, stdout, stderr := inProcess(nil, "seal", "-C", b.dir, "--yes")
			if code != 0 {
				b.t.Errorf("%s%s", stdout, stderr)
			}
		}, 0, []string{`-> "https://edr2.example"  git`, "high risk: sealed anew"}, []string{"will fail"}},
		{"a recipient added by updatekeys", false, func(b *branch) {
			b.write(".sops.yaml", strings.Replace(b.read(".sops.yaml"), "age: ", "age: "+recipient+",", 1))
			b.sops("updatekeys", "--yes", branchFile)
		}, 0, []string{"high risk: .sops.yaml: the rule for \"^connections/\": recipient added: age " + recipient, "nothing to do", "high risk: connections/a.yaml: recipient added: age " + recipient, "2 unchanged"}, []string{"will fail"}},
		{"a rule changed, and no updatekeys", false, func(b *branch) {
			b.write(".sops.yaml", strings.Replace(b.read(".sops.yaml"), "age: ", "age: "+recipient+",", 1))
		}, 1, []string{"will fail: connections/a.yaml:", "not encrypted for age " + recipient + ", which .sops.yaml lists", "hint: sops updatekeys connections/a.yaml"}, nil},
		{"rotated", false, func(b *branch) { b.sops("rotate", "--in-place", branchFile) }, 0,
			[]string{"nothing to do", "2 unchanged"}, []string{"password changed", "re-encrypted", "will fail", "high risk"}},
		{"rotated, and one set", false, func(b *branch) {
			b.sops("rotate", "--in-place", branchFile)
			b.sops("set", branchFile, set+`["password"]`, `"canary-second"`)
		}, 0, []string{"secrets    password changed, token unchanged", "1 to update, 1 unchanged"}, []string{"re-encrypted", "will fail"}},
		{"decrypted and encrypted", false, func(b *branch) {
			b.sops("decrypt", "--in-place", branchFile)
			b.sops("encrypt", "--in-place", branchFile)
		}, 0, []string{"secrets    password re-encrypted, token re-encrypted", "2 to update"}, []string{"password changed", "will fail"}},
		{"a secret unset with sops", false, func(b *branch) { b.sops("unset", branchFile, set+`["token"]`) }, 0,
			[]string{"secrets    password unchanged, token removed", "1 to update, 1 unchanged"}, []string{"also there", "will fail"}},
		{"a secret emptied with sops", false, func(b *branch) { b.sops("set", branchFile, set+`["token"]`, `""`) }, 0,
			[]string{`config.token  (not shown) -> ""  git`, "secrets    password unchanged, token emptied"}, []string{"will fail"}},
		{"protected no more, adopted, and an exception", false, func(b *branch) {
			b.replace("      config:\n        endpoint", "      adopt: 6b2162c0-4d4f-4483-bd84-15732290451b\n      cleartext: [{setting: config.api_key, reason: a public demo}]\n      config:\n        api_key: demo\n        endpoint")
		}, 0, []string{`adopt  "6b2162c0-4d4f-4483-bd84-15732290451b"  git`, "high risk: the existing connection of this id is taken over, and overwritten", `cleartext["config.api_key"]  "a public demo"  git`,
			`high risk: what looks like a secret may stand in the clear: cleartext["config.api_key"]`, "1 to update, 1 unchanged"}, []string{"will fail"}},
		{"protected", false, func(b *branch) {
			b.replace("      version: \"1.0\"\n", "      version: \"1.0\"\n      protect: true\n")
		}, 0,
			[]string{"protect  false -> true  git", "1 to update, 1 unchanged"}, []string{"high risk"}},
		{"renamed with a former name, everything encrypted anew", false, func(b *branch) {
			b.sops("decrypt", "--in-place", branchFile)
			b.replace("    edr:\n", "    edr_eu:\n      previously: edr\n")
			b.sops("encrypt", "--in-place", branchFile)
		}, 0, []string{"edr -> edr_eu", `previously  "edr"  git`, "1 to rename"}, []string{"will fail"}},
		{"a clear setting edited by hand, under a full MAC", true, func(b *branch) { b.replace("mode: fast", "mode: slow") }, 1,
			[]string{`config.mode  "fast" -> "slow"  git`, "edited without sops: values were changed, added or removed, and the MAC is still the old one, so the file does not open"}, nil},
		{"a clear setting edited by hand, under a MAC of secrets", false, func(b *branch) { b.replace("mode: fast", "mode: slow") }, 0,
			[]string{`config.mode  "fast" -> "slow"  git`}, []string{"will fail"}},
		{"a destination edited by hand, under a MAC of secrets", false, func(b *branch) { b.replace("https://edr.example", "https://evil.example") }, 1,
			[]string{"high risk: unchanged secrets will go to the new config.endpoint", "high risk: a sync refuses the new config.endpoint",
				"config.endpoint of edr changed, and the connection was not sealed since: a sync refuses to send its secrets elsewhere"}, nil},
		{"two keys in the clear swapped, which no MAC sees", true, func(b *branch) {
			b.replace("        endpoint: https", "        endpoint_was: https")
			b.replace("        mode: fast", "        endpoint: fast")
			b.replace("        endpoint_was: https", "        mode: https")
		}, 1, []string{"config.endpoint of edr changed, and the connection was not sealed since: a sync refuses to send its secrets elsewhere"}, []string{"edited without sops"}},
		{"a line taken out, under a full MAC", true, func(b *branch) { b.replace(b.line("mode"), "") }, 1,
			[]string{"edited without sops"}, nil},
		{"a secret's line taken out, under a MAC of secrets", false, func(b *branch) { b.replace(b.line("token"), "") }, 1,
			[]string{"secrets    password unchanged, token removed", "edited without sops"}, nil},
		{"a secret in the clear", false, func(b *branch) { b.replace(b.line("token"), "        token: canary-in-the-clear\n") }, 1,
			[]string{"connections.prod.edr.config.token is in the clear, and the file's own rule (encrypted_regex: ^(password|token)$) says that it is encrypted", "config.token  (not shown)"}, []string{"canary"}},
		{"a secret moved to another connection", false, func(b *branch) {
			token := b.line("token")
			b.replace(token, "")
			b.replace("        kafkaAddr: k.example:9093\n", "        kafkaAddr: k.example:9093\n"+token)
		}, 1, []string{"high risk: token was token of edr in target prod: it does not open here", "a ciphertext opens in one place only"}, nil},
		{"a file copied for another connection", false, func(b *branch) {
			text := strings.Replace(b.read(branchFile), "    edr:", "    edr2:", 1)
			b.write("connections/copy.yaml", strings.Replace(text, "    bus:", "    bus2:", 1))
		}, 1, []string{"+ create    bus2", "high risk: password is a copy of password of bus in target prod: it does not open here", "has the ciphertext of config.password of"}, nil},
		{"a key renamed, so that nothing decrypts it", false, func(b *branch) { b.replace("        token: ", "        pass_token: ") }, 1,
			[]string{"config.pass_token is encrypted, and the file's own rule (encrypted_regex: ^(password|token)$) does not cover it: nothing would decrypt it"}, nil},
		{"a file moved as it is", false, func(b *branch) { runGit(b.t, b.dir, "mv", branchFile, "connections/b.yaml") }, 0,
			[]string{"nothing to do", "2 unchanged"}, []string{"will fail", "high risk"}},
		{"decrypted for good", false, func(b *branch) { b.sops("decrypt", "--in-place", branchFile) }, 1,
			[]string{"looks like a secret in the clear", "high risk: connections/a.yaml: not encrypted any more"}, []string{"canary"}},
		{"a secret that a commit held in the clear", false, func(b *branch) {
			b.sops("decrypt", "--in-place", branchFile)
			b.commit("oops")
			b.sops("encrypt", "--in-place", branchFile)
		}, 1, []string{"config.password of edr was in the clear in commit", "hint: rotate it where it is used"}, []string{"canary"}},
		{"one that was set anew since", false, func(b *branch) {
			b.sops("decrypt", "--in-place", branchFile)
			b.commit("oops")
			b.sops("encrypt", "--in-place", branchFile)
			b.commit("encrypted")
			for _, at := range []string{set + `["password"]`, set + `["token"]`, `["connections"]["prod"]["bus"]["config"]["password"]`} {
				b.sops("set", branchFile, at, `"canary-third"`)
			}
		}, 0, []string{"2 to update"}, []string{"will fail", "canary"}},
	} {
		t.Run(c.what, func(t *testing.T) {
			t.Parallel()
			b := newBranch(t, !c.full)
			c.edit(b)
			worktree, fromWorktree := b.preview()
			b.commit("edit")
			head, fromHead := b.preview("--head", "topic")
			for _, side := range []struct {
				code int
				out  string
			}{{worktree, fromWorktree}, {head, fromHead}} {
				if side.code != c.code {
					t.Errorf("exit code %d, want %d:\n%s", side.code, c.code, side.out)
				}
				for _, want := range c.says {
					if !strings.Contains(side.out, want) {
						t.Errorf("does not say %q:\n%s", want, side.out)
					}
				}
				for _, not := range append(c.notSays, "canary-first", "canary-second", "canary-bus", "SecMaster", "also there") {
					if strings.Contains(side.out, not) {
						t.Errorf("says %q:\n%s", not, side.out)
					}
				}
			}
		})
	}
}

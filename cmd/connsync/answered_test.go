package main

import (
	"strings"
	"testing"
)

// answer writes what a manifest says of a secret that was in the clear.
func (h *secretHistory) answer(setting, commit string) {
	h.t.Helper()
	text := h.read(branchFile)
	h.write(branchFile, strings.Replace(text, "            version: \"2.1\"\n", "            version: \"2.1\"\n            exposed: [{setting: "+setting+", commit: \""+commit+"\", reason: canary-reason}]\n", 1))
	if h.read(branchFile) == text {
		h.write(branchFile, strings.Replace(text, "      version: \"2.1\"\n", "      version: \"2.1\"\n      exposed: [{setting: "+setting+", commit: \""+commit+"\", reason: canary-reason}]\n", 1))
	}
}

// anew sets the password so that nothing tells whether it is another one.
func (h *secretHistory) anew(value string) {
	h.sops("unset", branchFile, historyConfig+`["password"]`)
	h.commit()
	h.set(`["password"]`, value)
	h.commit()
}

// unquoted is the manifest with a commit in it without quotes, whether or not sops wrote some: an unquoted one of digits alone is no text.
func (h *secretHistory) unquoted(commit string) string {
	return strings.ReplaceAll(h.read(branchFile), `"`+commit+`"`, commit)
}

func (h *secretHistory) hash(rev string) string {
	return strings.TrimSpace(runGit(h.t, h.dir, "rev-parse", "--short=12", rev))
}

// Where nothing tells whether an exposed secret is another one now, a manifest may say so: reviewers see it as high risk, and it holds of the commit
// that it names, until the base has this commit.
func TestAManifestAnswersForASecretThatWasInTheClear(t *testing.T) {
	t.Setenv("SOPS_AGE_KEY", testIdentity)
	leaked := func(t *testing.T) *secretHistory { // config.password, and replaced by one of the same size, which nothing tells
		h := &secretHistory{branch: newBranch(t, true)}
		closed := h.read(branchFile)
		h.write(branchFile, strings.Replace(closed, h.line("password"), "        password: canary-first-password\n", 1))
		h.commit()
		h.write(branchFile, closed)
		h.commit()
		h.anew(`"canary-FIRST-password"`)
		return h
	}
	says := func(t *testing.T, h *secretHistory, code int, want ...string) string {
		t.Helper()
		got, stdout, stderr := inProcess(nil, "diff", "-C", h.dir, "--base", "main")
		out := stdout + stderr
		if got != code {
			t.Errorf("exit code %d", got)
		}
		for _, w := range want {
			if !strings.Contains(out, w) {
				t.Errorf("%q is not said", w)
			}
		}
		if strings.Contains(out, "canary-first") || strings.Contains(out, "canary-FIRST") || t.Failed() {
			t.Fatalf("%s", out)
		}
		return out
	}
	h := leaked(t)
	exposing := h.hash("HEAD~3")
	says(t, h, exitFailed, "config.password of edr was in the clear in commit "+exposing[:7], `exposed: [{setting: config.password, commit: "`+exposing+`", reason: …}]`)

	h.answer("config.password", exposing)
	h.commit()
	says(t, h, exitDone, "high risk: a secret that stood in the clear is said to be another one now", `exposed["config.password"]`, exposing+": canary-reason", "its manifest says under exposed that it is another value now")
	if code, out := h.decrypted("--base", "main"); code != exitDone || strings.Contains(out, "warning: config.password") {
		t.Errorf("with the key: exit code %d:\n%s", code, out) // the key shows: it is another one
	}

	t.Run("an answer that is not true", func(t *testing.T) {
		h := leaked(t)
		h.set(`["password"]`, sameValue)
		h.answer("config.password", exposing)
		h.commit()
		if code, out := h.decrypted("--base", "main"); code != exitFailed || !strings.Contains(out, "What its manifest says under exposed is not so: the value is the same") {
			t.Errorf("exit code %d:\n%s", code, out)
		}
	})
	t.Run("of an earlier commit, of one of elsewhere, of another setting", func(t *testing.T) {
		for _, c := range []struct {
			setting, commit string
			says            []string
		}{
			{"config.password", h.hash("main"), []string{"is of commit " + h.hash("main")[:7] + ", which does not contain " + exposing, "or say it of commit " + exposing}},
			{"config.password", "0123456789ab", []string{"which does not contain " + exposing}},
			{"config.token", exposing, []string{"config.password of edr was in the clear", "exposed of edr is not needed for config.token: nothing tells that it was in the clear"}},
		} {
			h.write(branchFile, strings.Replace(strings.Replace(h.unquoted(exposing), "setting: config.password", "setting: "+c.setting, 1), exposing, `"`+c.commit+`"`, 1))
			says(t, h, exitFailed, c.says...)
			runGit(t, h.dir, "checkout", "-q", branchFile)
		}
	})
	t.Run("exposed once more, as another value", func(t *testing.T) {
		before := h.read(branchFile)
		h.replace(h.line("password"), "        password: canary-other-passwordY\n")
		h.commit()
		h.write(branchFile, before)
		h.commit()
		again := h.hash("HEAD~1")
		h.anew(`"canary-third-passwordZ"`)
		says(t, h, exitFailed, "is of commit "+exposing[:7]+", which does not contain "+again)
		h.write(branchFile, strings.Replace(h.unquoted(exposing), exposing, `"`+again+`"`, 1))
		says(t, h, exitDone, "its manifest says under exposed that it is another value now")
		h.commit()
	})
	t.Run("merged", func(t *testing.T) {
		runGit(t, h.dir, "branch", "-f", "main", h.hash("HEAD"))
		h.write("x", "y")
		h.commit()
		says(t, h, exitDone, "warning: ", "exposed of edr is not needed for config.password: commit ", " is part of the base")
	})
}

// What is said of a secret is said in one form, of a secret.
func TestAnAnswerOfAnotherFormIsAMistake(t *testing.T) {
	h := &secretHistory{branch: newBranch(t, true)}
	for text, want := range map[string]string{
		`[{setting: config.password, commit: "0123456789ab", reason: x}]`:           "",
		`[{setting: config.password, commit: 012345678901, reason: x}]`:             "commit must be text",
		`[{setting: config.password, commit: HEAD, reason: x}]`:                     "commit is no hash",
		`[{setting: config.password, commit: "0123456789ab"}]`:                      "without setting, commit or reason",
		`[{setting: config.password, commit: "0123456789ab", reason: " "}]`:         "without setting, commit or reason",
		`[{setting: config.endpoint, commit: "0123456789ab", reason: x}]`:           "exposed names config.endpoint, which is not encrypted",
		`[{setting: config.gone, commit: "0123456789ab", reason: x}]`:               "exposed names config.gone, which is not encrypted, or not in the config",
		`[{setting: config.password, commit: "0123456789ab", reason: x, until: y}]`: "unknown field until",
		`{config.password: "0123456789ab"}`:                                         "exposed must be a list",
	} {
		before := h.read(branchFile)
		indent := strings.SplitN(h.line("version"), "v", 2)[0]
		h.write(branchFile, strings.Replace(before, h.line("component"), h.line("component")+indent+"exposed: "+text+"\n", 1))
		code, stdout, stderr := inProcess(nil, "validate", "-C", h.dir)
		if out := stdout + stderr; (want == "") != (code == exitDone) || !strings.Contains(out, want) {
			t.Errorf("%s: exit code %d:\n%s", text, code, out)
		}
		h.write(branchFile, before)
	}
}

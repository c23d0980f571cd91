package main

import (
	"path/filepath"
	"strings"
	"testing"

	"connsync/secrets/sops/sopstest"
)

// opens tells whether the real sops opens the file.
func (b *branch) opens() bool {
	b.t.Helper()
	return sopstest.Opens(b.t, b.dir, []string{"SOPS_AGE_KEY=" + testIdentity}, branchFile)
}

// reviewed is what diff --base says of a commit.
func (b *branch) reviewed(base, head string) (int, string) {
	code, stdout, stderr := inProcess(nil, "diff", "-C", b.dir, "--base", base, "--head", head)
	return code, stdout + stderr
}

// What Git merges without a visible conflict, sops may not open. This is told without a key, and nothing else is.
func TestAMergeThatSopsWillNotOpenIsFound(t *testing.T) {
	t.Parallel()
	b := newBranch(t, true)
	ops := map[string]func(){
		"set":    func() { b.sops("set", branchFile, historyConfig+`["password"]`, `"canary-second"`) },
		"token":  func() { b.sops("set", branchFile, historyConfig+`["token"]`, `"canary-second"`) },
		"rotate": func() { b.sops("rotate", "--in-place", branchFile) },
		"hand":   func() { b.replace("mode: fast", "mode: slow") },
	}
	for name, do := range ops {
		runGit(t, b.dir, "checkout", "-q", "-B", name, "main")
		do()
		b.commit(name)
	}
	broken, whole := 0, 0
	for ours := range ops {
		for theirs := range ops {
			for _, side := range []string{"ours", "theirs"} {
				if ours == theirs {
					continue
				}
				runGit(t, b.dir, "checkout", "-q", "-B", "topic", ours)
				runGit(t, b.dir, "merge", "-q", "--no-edit", "-X"+side, theirs)
				code, out := b.reviewed(theirs, "topic")
				opens := b.opens()
				if told := strings.Contains(out, "will fail"); told == opens || told != (code == exitFailed) {
					t.Errorf("%s merged with %s, -X%s: opens %t, exit code %d:\n%s", ours, theirs, side, opens, code, out)
				}
				if opens {
					whole++
					continue
				}
				broken++
				runGit(t, b.dir, "checkout", "-q", theirs, "--", branchFile)
				b.commit("one side whole")
				if code, out := b.reviewed(theirs, "topic"); code != exitDone {
					t.Errorf("%s merged with %s, -X%s, and mended: exit code %d:\n%s", ours, theirs, side, code, out)
				}
			}
		}
	}
	if broken < 4 || whole < 4 {
		t.Errorf("%d merges do not open, and %d do: too few to tell anything", broken, whole)
	}
}

// One branch broke a file, and another one mends it.
func TestTheBranchThatMendsAFilePasses(t *testing.T) {
	b := newBranch(t, true)
	good := b.read(branchFile)
	runGit(t, b.dir, "checkout", "-q", "main")
	b.replace(b.line("token"), "")
	b.commit("broken by hand")
	runGit(t, b.dir, "checkout", "-q", "-B", "topic")
	b.write(branchFile, good)
	b.commit("mended")
	if !b.opens() {
		t.Fatal("the mended file does not open")
	}
	if code, out := b.reviewed("main", "topic"); code != exitDone {
		t.Errorf("exit code %d:\n%s", code, out)
	}
	b.replace(b.line("password"), "")
	b.commit("broken again, otherwise")
	if code, out := b.reviewed("main", "topic"); code != exitFailed || !strings.Contains(out, "edited without sops") {
		t.Errorf("exit code %d:\n%s", code, out)
	}
	shallow := filepath.Join(t.TempDir(), "shallow")
	runGit(t, ".", "clone", "-q", "--depth", "2", "--branch", "topic", "file://"+b.dir, shallow)
	code, stdout, stderr := inProcess(nil, "diff", "-C", shallow, "--base", "HEAD^1", "--head", "HEAD")
	if code != exitFailed {
		t.Errorf("with the history cut off: exit code %d:\n%s%s", code, stdout, stderr)
	}
}

// A ciphertext made by a commit of the branch opens where the commit has it.
func TestACiphertextOfTheBranchThatWasMovedIsFound(t *testing.T) {
	b := newBranch(t, true)
	b.sops("set", branchFile, historyConfig+`["password"]`, `"canary-second"`)
	b.commit("set")
	line := b.line("password")
	b.replace(strings.TrimSpace(strings.SplitN(b.line("token"), ":", 2)[1]), strings.TrimSpace(strings.SplitN(line, ":", 2)[1]))
	b.replace(line, "")
	b.commit("moved")
	if b.opens() {
		t.Fatal("it opens")
	}
	if code, out := b.reviewed("main", "topic"); code != exitFailed || !strings.Contains(out, "config.token of edr in target prod has the ciphertext that was config.password of edr") {
		t.Errorf("exit code %d:\n%s", code, out)
	}
}

// What cannot be read is not gone, wherever Git put it.
func TestNothingOfAnUnreadableFileIsARemoval(t *testing.T) {
	for what, do := range map[string]func(b *branch){
		"conflict markers": func(b *branch) {
			b.replace("        mode: fast\n", "<<<<<<< HEAD\n        mode: fast\n=======\n        mode: slow\n>>>>>>> topic\n")
		},
		"of diff3":    func(b *branch) { b.replace("        mode: fast\n", "||||||| 1234567\n        mode: fast\n") },
		"no YAML":     func(b *branch) { b.replace("        mode: fast\n", "        mode: [\n") },
		"a key twice": func(b *branch) { b.replace("        mode: fast\n", "        mode: fast\n        mode: fast\n") },
		"moved as well": func(b *branch) {
			b.replace("        mode: fast\n", "=======\n")
			runGit(b.t, b.dir, "mv", branchFile, "connections/b.yaml")
		},
	} {
		b := newBranch(t, true)
		do(b)
		b.commit("broken")
		code, out := b.reviewed("main", "topic")
		if code != exitFailed || strings.Contains(out, "remove") {
			t.Errorf("%s: exit code %d:\n%s", what, code, out)
		}
		if marked := what != "no YAML" && what != "a key twice"; marked != strings.Contains(out, "a conflict marker: the merge of this file is not finished") {
			t.Errorf("%s:\n%s", what, out)
		}
	}
}

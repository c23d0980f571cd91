package main

import (
	"flag"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"connsync/apply/secmaster/emulator"
)

var mixes = flag.Int("mixes", 3, "how many seeded races of syncs from clones with unlike remotes to run")

// mixed is one clone of a race, and what may be set up there.
type mixed struct {
	dir   string // with the clone, the server's repository and another one
	host  string // it serves them
	env   map[string]string
	args  []string
	clone string
	own   bool // it runs in a process of its own, without Git
}

const mixedToken = "canary-token"

func (m *mixed) bare() string { return filepath.Join(m.dir, "server.git") }

func (m *mixed) other() string { return filepath.Join(m.dir, "other.git") }

// http is the address of a repository there, as a user with a password; "" for neither.
func (m *mixed) http(user string) string {
	return "http://" + user + strings.TrimPrefix(m.host, "http://") + "/" + filepath.Base(m.dir) + "/server.git"
}

// again makes the clone anew, as Git makes it.
func (m *mixed) again(t *testing.T, args ...string) string {
	if err := os.RemoveAll(m.clone); err != nil {
		t.Fatal(err)
	}
	runGit(t, m.dir, append(append([]string{"clone", "-q", "--template="}, args...), "file://"+m.bare(), m.clone)...)
	return ""
}

// origin is a configuration with a remote of the usual name.
func origin(lines ...string) string { return remoteNamed("origin", lines...) }

func remoteNamed(name string, lines ...string) string {
	return "[remote \"" + name + "\"]\n\t" + strings.Join(lines, "\n\t") + "\n\tfetch = +refs/heads/*:refs/remotes/" + name + "/*\n"
}

func rewriting(to, rule, from string) string {
	return "[url \"" + to + "\"]\n\t" + rule + " = " + from + "\n"
}

// mixedKinds are ways for a clone to lead to the server's repository, or not to: its configuration, "" where Git wrote it, and the words by which a
// sync is refused there.
var mixedKinds = map[string]struct {
	set  func(t *testing.T, m *mixed) string
	says string
}{
	"a path":                     {set: func(_ *testing.T, m *mixed) string { return origin("url = " + m.bare()) }},
	"a path with a slash behind": {set: func(_ *testing.T, m *mixed) string { return origin("url = " + m.bare() + "/") }},
	"a relative path":            {set: func(_ *testing.T, m *mixed) string { return origin("url = ../server.git") }},
	"file://":                    {set: func(_ *testing.T, m *mixed) string { return origin("url = file://" + m.bare()) }},
	"a pushurl to the same":      {set: func(_ *testing.T, m *mixed) string { return origin("url = "+m.bare(), "pushurl = file://"+m.bare()) }},
	"a pushurl to another":       {func(_ *testing.T, m *mixed) string { return origin("url = "+m.bare(), "pushurl = "+m.other()) }, "and pushed to"},
	"two urls of one":            {set: func(_ *testing.T, m *mixed) string { return origin("url = "+m.bare(), "url = file://"+m.bare()) }},
	"two urls of two":            {func(_ *testing.T, m *mixed) string { return origin("url = "+m.bare(), "url = "+m.other()) }, "and pushed to"},
	"insteadOf": {set: func(_ *testing.T, m *mixed) string {
		return origin("url = srv:server.git") + rewriting(m.dir+"/", "insteadOf", "srv:")
	}},
	"insteadOf twice, applied once": {set: func(_ *testing.T, m *mixed) string {
		return origin("url = srv:server.git") + rewriting(m.dir+"/", "insteadOf", "srv:") + rewriting(m.other(), "insteadOf", m.bare())
	}},
	"pushInsteadOf to the same": {set: func(_ *testing.T, m *mixed) string {
		return origin("url = "+m.bare()) + rewriting("file://"+m.dir, "pushInsteadOf", m.dir)
	}},
	"pushInsteadOf to another": {func(_ *testing.T, m *mixed) string {
		return origin("url = "+m.bare()) + rewriting(m.other(), "pushInsteadOf", m.bare())
	}, "and pushed to"},
	"pushurl puts pushInsteadOf off": {set: func(_ *testing.T, m *mixed) string {
		return origin("url = "+m.bare(), "pushurl = "+m.bare()) + rewriting(m.other(), "pushInsteadOf", m.bare())
	}},
	"another name": {set: func(_ *testing.T, m *mixed) string { return remoteNamed("upstream", "url = "+m.bare()) }},
	"two other names": {func(_ *testing.T, m *mixed) string {
		return remoteNamed("up", "url = "+m.bare()) + remoteNamed("fork", "url = "+m.other())
	}, "none of the remotes is named origin"},
	"a fork beside it": {set: func(_ *testing.T, m *mixed) string {
		return origin("url = "+m.bare()) + remoteNamed("fork", "url = "+m.other())
	}},
	"pushes go elsewhere": {set: func(_ *testing.T, m *mixed) string {
		return origin("url = "+m.bare()) + remoteNamed("fork", "url = "+m.other()) + "[remote]\n\tpushDefault = fork\n[branch \"main\"]\n\tremote = fork\n\tpushRemote = fork\n"
	}},
	"a mirror": {set: func(_ *testing.T, m *mixed) string { return origin("url = "+m.bare(), "mirror = true") }},
	"programs of its own": {set: func(_ *testing.T, m *mixed) string {
		return origin("url = "+m.bare(), "uploadpack = false", "receivepack = false", "vcs = no")
	}},
	"pushes that are signed": {set: func(_ *testing.T, m *mixed) string {
		return origin("url = "+m.bare()) + "[push]\n\tgpgSign = true\n\tpushOption = x\n\tfollowTags = true\n"
	}},
	"hooks": {set: func(_ *testing.T, m *mixed) string {
		return origin("url = "+m.bare()) + "[core]\n\thooksPath = " + m.dir + "\n"
	}},
	"a negative refspec": {set: func(_ *testing.T, m *mixed) string {
		return origin("url = "+m.bare(), "fetch = ^refs/heads/connsync-state/*")
	}},
	"a refspec that puts it elsewhere": {set: func(_ *testing.T, m *mixed) string {
		return origin("url = "+m.bare(), "push = refs/heads/*:refs/heads/mine/*")
	}},
	"a file that is included": {set: func(t *testing.T, m *mixed) string {
		name := m.clone + ".inc"
		if err := os.WriteFile(name, []byte(origin("url = "+m.bare())), 0o644); err != nil {
			t.Fatal(err)
		}
		return "[include]\n\tpath = " + name + "\n"
	}},
	"a symbolic link": {set: func(t *testing.T, m *mixed) string {
		name := m.clone + ".git"
		if err := os.Symlink(m.bare(), name); err != nil {
			t.Fatal(err)
		}
		return origin("url = " + name)
	}},
	"ssh": {set: func(t *testing.T, m *mixed) string {
		_, ssh := sshThat(t, ":")
		return origin("url = git@git.example:"+m.bare()) + ssh
	}},
	"ssh://": {set: func(t *testing.T, m *mixed) string {
		_, ssh := sshThat(t, ":")
		return origin("url = ssh://git@git.example"+m.bare()) + ssh
	}},
	"http, a token in it": {set: func(_ *testing.T, m *mixed) string { return origin("url = " + m.http("emma:"+mixedToken+"@")) }},
	"http, a token of connsync": {set: func(_ *testing.T, m *mixed) string {
		m.env["CONNSYNC_GIT_TOKEN"] = mixedToken
		return origin("url = " + m.http(""))
	}},
	"http, a token of a job": {set: func(_ *testing.T, m *mixed) string {
		m.env["CI_JOB_TOKEN"], m.env["CI_SERVER_URL"], m.env["CI"] = mixedToken, m.host, "true"
		return origin("url = " + m.http("gitlab-ci-token:stale@"))
	}},
	"http, a helper": {set: func(_ *testing.T, m *mixed) string {
		return origin("url = "+m.http("emma@")) + "[credential]\n\thelper = \"!f() { echo password=" + mixedToken + "; }; f\"\n"
	}},
	"http, nothing": {func(_ *testing.T, m *mixed) string { return origin("url = " + m.http("")) }, "it asks for credentials"},
	"http, without Git": {set: func(_ *testing.T, m *mixed) string {
		m.own, m.env["CONNSYNC_GIT_TOKEN"] = true, mixedToken
		return origin("url = " + m.http(""))
	}},
	"a partial clone": {set: func(t *testing.T, m *mixed) string { return m.again(t, "--filter=blob:none") }},
	"depth 1":         {set: func(t *testing.T, m *mixed) string { return m.again(t, "--depth=1") }},
	"a single branch": {set: func(t *testing.T, m *mixed) string { return m.again(t, "--single-branch") }},
	"a linked worktree": {set: func(t *testing.T, m *mixed) string {
		runGit(t, m.clone, "worktree", "add", "-q", "--detach", m.clone+".linked")
		defer func() { m.clone += ".linked" }()
		if err := os.WriteFile(filepath.Join(m.clone, ".git", "config"), []byte("[core]\n\trepositoryformatversion = 0\n"+origin("url = "+m.bare())), 0o644); err != nil {
			t.Fatal(err)
		}
		return ""
	}},
	"no remote, in CI": {func(_ *testing.T, m *mixed) string { m.env["CI"] = "true"; return "[core]\n\tbare = false\n" }, "known state is in this clone only"},
	"--state": {set: func(_ *testing.T, m *mixed) string {
		m.args = []string{"--state", m.http("")}
		m.env["CONNSYNC_GIT_TOKEN"] = mixedToken
		return origin("url = " + m.other())
	}},
	"--state, the server's folder": {set: func(_ *testing.T, m *mixed) string {
		m.args = []string{"--state", m.bare()}
		return origin("url = " + m.other())
	}},
}

// Two or three machines with unlike remotes sync at once: together they create each connection once, or are refused with words. Nothing of known state
// goes to another repository.
func TestUnlikeRemotesNeverCreateTwice(t *testing.T) {
	root := quickDir(t)
	seedRepository(t, filepath.Join(root, "server.git"), 2)
	runGit(t, root, "clone", "-q", "--template=", "server.git", "clone")
	runGit(t, filepath.Join(root, "server.git"), "config", "uploadpack.allowFilter", "true")
	runGit(t, filepath.Join(root, "server.git"), "remote", "remove", "origin")
	host := hosted(t, filepath.Join(root, "server.git"), mixedToken)
	t.Cleanup(func() {
		t.Logf("T-CONC: %d races over %d kinds of remotes, failed: %v", *mixes, len(mixedKinds), t.Failed())
	})
	for seed := range *mixes {
		t.Run(fmt.Sprint(seed), func(t *testing.T) { mix(t, root, host, uint64(seed)) })
	}
}

// noGitHere is a folder of programs, with connsync and without Git.
func noGitHere(t *testing.T) string {
	t.Helper()
	name, err := exec.LookPath("connsync")
	dir := t.TempDir()
	if err == nil {
		err = os.Symlink(name, filepath.Join(dir, "connsync"))
	}
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

// sync runs one there.
func (m *mixed) sync(url, programs string) (code int, said string) {
	args := append([]string{"sync", "-C", m.clone, "--endpoint", url, "--lock-timeout", "60s", "-q"}, m.args...)
	if !m.own {
		code, stdout, stderr := inProcess(m.env, args...)
		return code, stdout + stderr
	}
	cmd := exec.Command(filepath.Join(programs, "connsync"), args...)
	for k, v := range m.env {
		cmd.Env = append(cmd.Env, k+"="+v)
	}
	cmd.Env = append(cmd.Env, "PATH="+programs, "HOME="+programs)
	out, _ := cmd.CombinedOutput()
	return cmd.ProcessState.ExitCode(), string(out)
}

func mix(t *testing.T, root, host string, seed uint64) {
	t.Parallel()
	random := rand.New(rand.NewPCG(seed, 13))
	server, url, pause := hesitating(t, random)
	dir := filepath.Join(root, fmt.Sprint("seed", seed))
	for _, name := range []string{"server.git", "other.git"} {
		if err := os.CopyFS(filepath.Join(dir, name), os.DirFS(filepath.Join(root, "server.git"))); err != nil {
			t.Fatal(err)
		}
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	env := map[string]string{"HUAWEICLOUD_SDK_AK": emulator.DefaultAccessKey, "HUAWEICLOUD_SDK_SK": emulator.DefaultSecretKey}
	names, programs := slices.Sorted(maps.Keys(mixedKinds)), noGitHere(t)
	random.Shuffle(len(names), func(i, j int) { names[i], names[j] = names[j], names[i] })
	names = names[:2+random.IntN(2)]
	var wg sync.WaitGroup
	codes, said := make([]int, len(names)), make([]string, len(names))
	for i, name := range names {
		m := &mixed{dir: dir, host: host, env: maps.Clone(env), clone: filepath.Join(dir, fmt.Sprint("clone", i))}
		if err := os.CopyFS(m.clone, os.DirFS(filepath.Join(root, "clone"))); err != nil {
			t.Fatal(err)
		}
		if config := mixedKinds[name].set(t, m); config != "" {
			if err := os.WriteFile(filepath.Join(m.clone, ".git", "config"), []byte("[core]\n\trepositoryformatversion = 0\n"+config), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		start := pause()
		wg.Go(func() {
			time.Sleep(start)
			codes[i], said[i] = m.sync(url, programs)
		})
	}
	wg.Wait()
	judgeMix(t, server, filepath.Join(dir, "other.git"), names, codes, said)
}

// judgeMix holds what the law says: each connection once where any machine got through, and none where none did.
func judgeMix(t *testing.T, server *emulator.Server, other string, names []string, codes []int, said []string) {
	t.Helper()
	want := 0
	for i, name := range names {
		says := mixedKinds[name].says
		elsewhere := strings.Contains(said[i], "its known state is shared in") // another machine's address was first
		switch {
		case codes[i] == exitDone && says == "":
			want = 2
		case codes[i] == exitDone:
			t.Errorf("%s: it is not refused", name)
		case says != "" && !strings.Contains(said[i], says), says == "" && !elsewhere:
			t.Errorf("%s: exit %d: %s", name, codes[i], said[i])
		}
		if strings.Contains(said[i], mixedToken) {
			t.Errorf("%s: the token is shown: %s", name, said[i])
		}
	}
	made := 0
	for _, c := range server.Connections() {
		if c.Name == "c0" || c.Name == "c1" {
			made++
		}
	}
	if server.Count(emulator.RouteCreate) != want || made != want {
		t.Errorf("%v: %d creates made %d connections, not %d\n%s", names, server.Count(emulator.RouteCreate), made, want, strings.Join(said, "\n"))
	}
	if refs := runGit(t, other, "for-each-ref"); strings.Contains(refs, "connsync-state") {
		t.Errorf("%v: known state is in another repository: %s", names, refs)
	}
}

// sshThat is a stand-in for ssh: it does something first, and then runs what it was told to, here.
func sshThat(t *testing.T, first string) (name, config string) {
	t.Helper()
	name = filepath.Join(t.TempDir(), "ssh")
	script := "#!/bin/sh\nhere=${0%/*}\n" + first + "\nshift\neval \"git ${1#git-}\"\n"
	if err := os.WriteFile(name, []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
	return name, "[core]\n\tsshCommand = " + name + "\n[ssh]\n\tvariant = simple\n"
}

package gitfs

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// at is a repository with lines of configuration.
func at(t *testing.T, config string) *Repository {
	t.Helper()
	t.Setenv("GIT_CONFIG_GLOBAL", os.DevNull)
	t.Setenv("GIT_CONFIG_NOSYSTEM", "1")
	dir := t.TempDir()
	if out, err := exec.Command("git", "init", "-q", dir).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	file, err := os.OpenFile(filepath.Join(dir, ".git", "config"), os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	_, err = file.WriteString(config)
	if err = errors.Join(err, file.Close()); err != nil {
		t.Fatal(err)
	}
	r, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = r.Close() })
	return r
}

func section(name string, lines ...string) string {
	return "[" + name + "]\n\t" + strings.Join(lines, "\n\t") + "\n"
}

// A remote is used where all that is fetched and pushed goes to one repository, at the address for pushing; or it is refused before
// anything is sent. What Git itself says of its addresses is compared.
func TestARemoteHasOneAddress(t *testing.T) {
	const gh = `url = https://github.com/acme/ops.git`
	origin := func(lines ...string) string { return section(`remote "origin"`, lines...) }
	for name, c := range map[string]struct{ config, want, cause string }{
		"one url":                                {origin(gh), "https://github.com/acme/ops.git", ""},
		"the same twice":                         {origin(gh, gh), "https://github.com/acme/ops.git", ""},
		"two urls of one repository":             {origin(gh, "url = git@github.com:acme/ops.git"), "https://github.com/acme/ops.git", ""},
		"two repositories":                       {origin(gh, "url = https://github.com/emma/ops.git"), "", "several remote.origin.url"},
		"two hosts":                              {origin(gh, "url = https://gitlab.com/acme/ops.git"), "", "several remote.origin.url"},
		"pushurl elsewhere":                      {origin(gh, "pushurl = https://github.com/emma/ops.git"), "", "remote.origin.pushurl"},
		"pushurl by ssh":                         {origin(gh, "pushurl = git@github.com:acme/ops.git"), "git@github.com:acme/ops.git", ""},
		"pushurl by ssh elsewhere":               {origin(gh, "pushurl = git@github.com:emma/ops.git"), "", "remote.origin.pushurl"},
		"pushurl that is url":                    {origin(gh, "push"+gh), "https://github.com/acme/ops.git", ""},
		"two pushurls, one of them elsewhere":    {origin(gh, "push"+gh, "pushurl = https://mirror.example/ops.git"), "", "remote.origin.pushurl"},
		"two urls, one pushurl to the first":     {origin(gh, "url = https://mirror.example/ops.git", "push"+gh), "https://github.com/acme/ops.git", ""},
		"two urls, one pushurl to the second":    {origin(gh, "url = https://mirror.example/ops.git", "pushurl = https://mirror.example/ops.git"), "", "remote.origin.pushurl"},
		"pushInsteadOf to ssh":                   {origin(gh) + section(`url "git@github.com:"`, "pushInsteadOf = https://github.com/"), "git@github.com:acme/ops.git", ""},
		"pushInsteadOf by GitHub's port 443":     {origin(gh) + section(`url "ssh://git@ssh.github.com:443/"`, "pushInsteadOf = https://github.com/"), "ssh://git@ssh.github.com:443/acme/ops.git", ""},
		"pushInsteadOf elsewhere":                {origin(gh) + section(`url "https://mirror.example/"`, "pushInsteadOf = https://github.com/"), "", "url.….pushInsteadOf"},
		"pushInsteadOf another owner":            {origin(gh) + section(`url "git@github.com:emma/"`, "pushInsteadOf = https://github.com/acme/"), "", "url.….pushInsteadOf"},
		"pushInsteadOf, and pushurl puts it off": {origin(gh, "push"+gh) + section(`url "https://mirror.example/"`, "pushInsteadOf = https://github.com/"), "https://github.com/acme/ops.git", ""},
		"insteadOf moves both":                   {origin(gh) + section(`url "https://mirror.example/"`, "insteadOf = https://github.com/"), "https://mirror.example/acme/ops.git", ""},
		"insteadOf and pushInsteadOf differ": {origin(gh) + section(`url "https://mirror.example/"`, "insteadOf = https://github.com/") + section(`url "git@github.com:"`, "pushInsteadOf = https://github.com/"),
			"", "url.….pushInsteadOf"},
		"insteadOf of a short form":         {origin("url = gh:acme/ops") + section(`url "https://github.com/"`, "insteadOf = gh:"), "https://github.com/acme/ops", ""},
		"insteadOf is applied once":         {origin("url = gh:acme/ops") + section(`url "https://github.com/"`, "insteadOf = gh:") + section(`url "https://mirror.example/"`, "insteadOf = https://github.com/"), "https://github.com/acme/ops", ""},
		"pushInsteadOf of what was written": {origin("url = gh:acme/ops") + section(`url "https://github.com/"`, "insteadOf = gh:") + section(`url "https://mirror.example/"`, "pushInsteadOf = https://github.com/"), "https://github.com/acme/ops", ""},
		"the longest insteadOf":             {origin(gh) + section(`url "https://one.example/"`, "insteadOf = https://github.com/acme/") + section(`url "https://two.example/"`, "insteadOf = https://github.com/"), "https://one.example/ops.git", ""},
		"an insteadOf that is empty":        {origin("url = acme/ops") + section(`url "https://github.com/"`, "insteadOf ="), "https://github.com/acme/ops", ""},
		"pushurl is rewritten by insteadOf": {origin(gh, "pushurl = mir:ops.git") + section(`url "https://mirror.example/"`, "insteadOf = mir:"), "", "remote.origin.pushurl"},
		"ports of one scheme":               {origin("url = http://127.0.0.1:1/p.git", "pushurl = http://127.0.0.1:2/p.git"), "", "remote.origin.pushurl"},
		"ports of two schemes":              {origin("url = https://git.example:8443/p.git", "pushurl = ssh://git@git.example:2222/p.git"), "ssh://git@git.example:2222/p.git", ""},
		"a path and its file://":            {origin("url = /srv/ops.git", "pushurl = file:///srv/ops.git"), "file:///srv/ops.git", ""},
		"two paths":                         {origin("url = /srv/ops.git", "pushurl = /srv/fork.git"), "", "remote.origin.pushurl"},
		"a path and a host":                 {origin("url = /srv/ops.git", "pushurl = https://git.example/srv/ops.git"), "", "remote.origin.pushurl"},
		"a relative path":                   {origin("url = ../ops.git", "pushurl = ./../ops.git"), "./../ops.git", ""},
		"names of settings in capitals":     {section(`REMOTE "origin"`, "URL = https://github.com/acme/ops.git", "PushURL = https://github.com/emma/ops.git"), "", "remote.origin.pushurl"},
		"gh pr checkout beside it":          {origin(gh) + section(`branch "x"`, "remote = origin", "merge = refs/pull/9/head"), "https://github.com/acme/ops.git", ""},
	} {
		t.Run(name, func(t *testing.T) {
			r := at(t, c.config)
			known, err := r.settings()
			if err != nil {
				t.Fatal(err)
			}
			fetch, push, _ := known.addresses("origin")
			for mode, ours := range map[string][]string{"": fetch, "--push": push} {
				args := append(append([]string{"-C", r.base(), "remote", "get-url", "--all"}, strings.Fields(mode)...), "origin")
				theirs, err := exec.Command("git", args...).Output()
				if err != nil || strings.TrimSpace(string(theirs)) != strings.Join(ours, "\n") {
					t.Errorf("Git says of %q: %q %v; we: %q", mode, theirs, err, ours)
				}
			}
			got, err := r.address(known, "origin")
			var split *SplitError
			switch {
			case c.want != "" && (err != nil || got != c.want):
				t.Errorf("%q %v, want %q", got, err, c.want)
			case c.want == "" && (!errors.As(err, &split) || split.Cause != c.cause || split.Fetch == "" || split.Fetch == split.Push):
				t.Errorf("%q %v, want a refusal by %s", got, err, c.cause)
			}
		})
	}
}

// Without Git on PATH the repository's own file is read.
func TestTheAddressesWithoutGit(t *testing.T) {
	r := at(t, section(`remote "Origin.x"`, "url = https://a.example/p", "pushurl = https://b.example/p")+section(`branch "x"`, "merge = refs/pull/9/head"))
	t.Setenv("PATH", t.TempDir())
	known, err := r.settings()
	if err != nil {
		t.Fatal(err)
	}
	var split *SplitError
	if _, err := r.address(known, "Origin.x"); !errors.As(err, &split) || split.Fetch != "https://a.example/p" || split.Push != "https://b.example/p" {
		t.Errorf("%v", err)
	}
	if _, err := r.address(known, "origin.x"); !errors.Is(err, ErrNoRemote) {
		t.Errorf("%v", err)
	}
}

func TestASplitShowsNoCredentials(t *testing.T) {
	r := at(t, section(`remote "origin"`, "url = https://u:canary1@a.example/p?x=canary2", "pushurl = https://canary3@b.example/p#canary4"))
	known, err := r.settings()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.address(known, "origin"); err == nil || strings.Contains(err.Error(), "canary") || !strings.Contains(err.Error(), "https://b.example/p") {
		t.Errorf("%v", err)
	}
}

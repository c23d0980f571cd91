package gitfs_test

import (
	"context"
	"encoding/base64"
	"errors"
	"path/filepath"
	"strings"
	"testing"

	"connsync/manifest/gitfs"
)

const sharedRef = "refs/heads/connsync-state/prod"

func TestARefIsSharedOverHTTP(t *testing.T) {
	quiet(t)
	bare := preparedCopy(t, "server.git", filepath.Join(t.TempDir(), "server.git"))
	address := hosted(t, bare)
	host := address[:strings.LastIndex(address, "/")]
	clone := func(config ...string) *gitfs.Repository {
		dir := preparedCopy(t, "shallow", filepath.Join(t.TempDir(), "clone"))
		leads(t, dir, address)
		for i := 0; i < len(config); i += 2 {
			run(t, dir, "config", config[i], config[i+1])
		}
		return open(t, dir)
	}
	env := func(pairs ...string) func(string) string {
		return func(k string) string {
			for i := 0; i < len(pairs); i += 2 {
				if pairs[i] == k {
					return pairs[i+1]
				}
			}
			return ""
		}
	}
	basic := "AUTHORIZATION: basic " + base64.StdEncoding.EncodeToString([]byte("x-access-token:canary-token"))
	ctx := context.Background()
	last := ""
	for name, c := range map[string]struct {
		repo *gitfs.Repository
		env  func(string) string
		ok   bool
	}{
		"connsync's own token":                  {clone(), env("CONNSYNC_GIT_TOKEN", "canary-token"), true},
		"GitHub's, on its server":               {clone(), env("GITHUB_TOKEN", "canary-token", "GITHUB_SERVER_URL", host), true},
		"GitHub's, on another server":           {clone(), env("GITHUB_TOKEN", "canary-token", "GITHUB_SERVER_URL", "https://github.example"), false},
		"GitLab's, on its server":               {clone(), env("CI_JOB_TOKEN", "canary-token", "CI_SERVER_URL", host), true},
		"GitLab's, without a server":            {clone(), env("CI_JOB_TOKEN", "canary-token"), false},
		"the header that a checkout left":       {clone("http."+host+"/.extraheader", basic), env(), true},
		"the header in a file that is included": {clone("include.path", included(t, host, basic)), env(), true},
		"such a header, of another server":      {clone("http.https://github.example/.extraheader", basic), env(), false},
		"nothing":                               {clone(), env(), false},
	} {
		t.Run(name, func(t *testing.T) {
			s, err := c.repo.Shared("origin", c.env)
			if err != nil {
				t.Fatal(err)
			}
			head, err := s.Head(ctx, sharedRef)
			if !c.ok {
				var remote *gitfs.RemoteError
				if !errors.As(err, &remote) || remote.Kind != gitfs.RemoteDenied || strings.Contains(err.Error(), "canary") {
					t.Errorf("%v", err)
				}
				return
			}
			if err != nil || head != last {
				t.Fatalf("head %q, want %q: %v", head, last, err)
			}
			if head != "" {
				if err := s.Keep(ctx, head); err != nil {
					t.Fatal(err)
				}
			}
			next := child(t, c.repo.CommonDir(), head)
			if head == "" || *everyWay {
				if err := s.Replace(ctx, sharedRef, "", next); head != "" && !errors.Is(err, gitfs.ErrReplaced) {
					t.Errorf("from a commit that it is not: %v", err)
				}
			}
			if head != "" {
				if err := s.Replace(ctx, sharedRef, head, next); err != nil {
					t.Fatal(err)
				}
			}
			if got := refAt(t, bare, sharedRef); got != next {
				t.Errorf("the server has %s, want %s", got, next)
			}
			last = next
		})
	}
	run(t, bare, "fsck", "--strict")
}

// included is a configuration file of its own, as newer checkouts leave their header.
func included(t *testing.T, host, header string) string {
	t.Helper()
	dir := t.TempDir()
	write(t, dir, "credentials", "[http \""+host+"/\"]\n\textraheader = "+header+"\n")
	return filepath.Join(dir, "credentials")
}

func TestOnlyANamedRemoteIsShared(t *testing.T) {
	dir := repository(t)
	r := open(t, dir)
	if _, err := r.Shared("origin", nil); !errors.Is(err, gitfs.ErrNoRemote) {
		t.Errorf("%v", err)
	}
	run(t, dir, "remote", "add", "bad", "http://git.example/x")
	var remote *gitfs.RemoteError
	if _, err := open(t, dir).Shared("bad", nil); !errors.As(err, &remote) || remote.Kind != gitfs.RemoteAddress {
		t.Errorf("%v", err)
	}
}

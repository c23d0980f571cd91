package gitfs_test

import (
	"context"
	"encoding/base64"
	"errors"
	"flag"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"connsync/manifest/gitfs"
)

// lines are the ways to talk to a remote: both have to do the same.
var lines = map[string]func(testing.TB){"git": func(testing.TB) {}, "go-git": gitfs.WithoutGit}

// ways are how a bare repository is reached: each gives the address, and what is known of tokens.
var ways = map[string]func(t *testing.T, bare, clone string) (address string, env map[string]string){
	"a path":  func(_ *testing.T, bare, _ string) (string, map[string]string) { return bare, nil },
	"file://": func(_ *testing.T, bare, _ string) (string, map[string]string) { return "file://" + bare, nil },
	"http, a token": func(t *testing.T, bare, _ string) (string, map[string]string) {
		return hosted(t, bare), map[string]string{"CONNSYNC_GIT_TOKEN": "canary-token"}
	},
	"http, a stored header": func(t *testing.T, bare, clone string) (string, map[string]string) {
		address := hosted(t, bare)
		run(t, clone, "config", "http."+address[:strings.LastIndex(address, "/")]+"/.extraheader", basicHeader)
		return address, nil
	},
	"http, in the address": func(t *testing.T, bare, _ string) (string, map[string]string) {
		return strings.Replace(hosted(t, bare), "://", "://emma:canary-token@", 1), nil
	},
	"http, a helper": func(t *testing.T, bare, clone string) (string, map[string]string) {
		write(t, clone, "helper", "[credential]\n\thelper = \"!f() { echo username=u; echo password=canary-token; }; f\"\n")
		t.Setenv("GIT_CONFIG_GLOBAL", filepath.Join(clone, "helper"))
		return hosted(t, bare), nil
	},
	"http, a job's token that is stale, and a helper": func(t *testing.T, bare, clone string) (string, map[string]string) {
		write(t, clone, "helper", "[credential]\n\thelper = \"!f() { echo username=u; echo password=canary-token; }; f\"\n")
		t.Setenv("GIT_CONFIG_GLOBAL", filepath.Join(clone, "helper"))
		address := hosted(t, bare)
		return address, map[string]string{"GITHUB_TOKEN": "canary-stale", "GITHUB_SERVER_URL": address[:strings.LastIndex(address, "/")]}
	},
	"http, a token beside stored headers": func(t *testing.T, bare, clone string) (string, map[string]string) {
		address := hosted(t, bare)
		for _, at := range []string{address, address[:strings.LastIndex(address, "/")] + "/", ""} {
			run(t, clone, "config", strings.ReplaceAll("http."+at+".extraheader", "..", "."), "Authorization: basic stale")
		}
		return address, withToken
	},
	"http, a token that only reads, and a helper": func(t *testing.T, bare, clone string) (string, map[string]string) {
		write(t, clone, "helper", "[credential]\n\thelper = \"!f() { echo username=u; echo password=canary-token; }; f\"\n")
		t.Setenv("GIT_CONFIG_GLOBAL", filepath.Join(clone, "helper"))
		return hosted(t, bare), map[string]string{"CONNSYNC_GIT_TOKEN": "canary-reader"}
	},
	"ssh": func(t *testing.T, bare, _ string) (string, map[string]string) { return sshServer(t) + bare, nil },
}

var basicHeader = "AUTHORIZATION: basic " + base64.StdEncoding.EncodeToString([]byte("x-access-token:canary-token"))

var everyWay = flag.Bool("ways", false, "try every transport by every way to reach a remote, which takes minutes")

// usual are the ways always tried, the first of them with everything; the other ones differ from them in credentials only.
var usual = []string{"http, a token", "file://", "http, a token that only reads, and a helper", "ssh"}

func TestEveryLineDoesTheSame(t *testing.T) {
	for line, prepare := range lines {
		for way, reach := range ways {
			switch {
			case line == "go-git" && strings.Contains(way, "stale"), line == "go-git" && strings.Contains(way, "only reads"): // it has one credential
				continue
			case !*everyWay && !slices.Contains(usual, way), testing.Short() && strings.Contains(way, "helper"):
				continue
			}
			t.Run(line+", "+way, func(t *testing.T) {
				prepare(t)
				if line == "git" && way == "ssh" && !hasSSH() {
					_, _, s := served(t, reach)
					if _, err := s.Head(t.Context(), sharedRef); err == nil || !strings.Contains(err.Error(), "ssh is not installed here") {
						t.Errorf("without ssh: %v", err)
					}
					return
				}
				if *everyWay || way == usual[0] {
					conforms(t, reach)
				} else {
					exchanges(t, reach)
				}
			})
		}
	}
}

// served is a bare repository and a clone of it with its remote there.
func served(t *testing.T, reach func(*testing.T, string, string) (string, map[string]string)) (bare, clone string, shared *gitfs.Shared) {
	t.Helper()
	quiet(t)
	bare = preparedCopy(t, "server.git", filepath.Join(t.TempDir(), "server.git"))
	clone = preparedCopy(t, "clone", filepath.Join(t.TempDir(), "clone"))
	address, env := reach(t, bare, clone)
	leads(t, clone, address)
	shared, err := open(t, clone).Shared("origin", func(k string) string {
		if v := env[k]; v != "" || k != "SSH_AUTH_SOCK" {
			return v
		}
		return os.Getenv(k)
	})
	if err != nil {
		t.Fatal(err)
	}
	return bare, clone, shared
}

// exchanges is what of conforms depends on the way: a ref is made, another machine goes on, and its commit is read, kept and gone on from.
func exchanges(t *testing.T, reach func(*testing.T, string, string) (string, map[string]string)) {
	bare, clone, s := served(t, reach)
	first := child(t, filepath.Join(clone, ".git"), "")
	if err := s.Replace(t.Context(), sharedRef, "", first); err != nil || refAt(t, bare, sharedRef) != first {
		t.Fatalf("create: %v", err)
	}
	theirs := stateCommit(t, bare, "theirs", first)
	head, err := s.Head(t.Context(), sharedRef)
	if err == nil {
		err = s.Keep(t.Context(), head)
	}
	if err != nil || head != theirs {
		t.Fatalf("look: %s %v", head, err)
	}
	next := child(t, filepath.Join(clone, ".git"), theirs)
	if err := s.Replace(t.Context(), sharedRef, theirs, next); err != nil || refAt(t, bare, sharedRef) != next {
		t.Errorf("go on: %v", err)
	}
}

func conforms(t *testing.T, reach func(*testing.T, string, string) (string, map[string]string)) {
	bare, clone, s := served(t, reach)
	ctx := context.Background()
	at := func() string { return refAt(t, bare, sharedRef) }
	expect := func(what string, got, want error) {
		t.Helper()
		if !errors.Is(got, want) || want == nil && got != nil {
			t.Errorf("%s: %v, want %v", what, got, want)
		}
	}
	head, err := s.Head(ctx, sharedRef)
	if expect("nothing there", err, nil); head != "" {
		t.Errorf("nothing there: %s", head)
	}
	gitDir := filepath.Join(clone, ".git")
	first := child(t, gitDir, "")
	expect("create", s.Replace(ctx, sharedRef, "", first), nil)
	expect("create again what is there", s.Replace(ctx, sharedRef, "", first), nil)
	second, other := child(t, gitDir, first), run(t, clone, "commit-tree", "-m", "other", "-p", first, first+"^{tree}")
	expect("create where something is", s.Replace(ctx, sharedRef, "", second), gitfs.ErrReplaced)
	expect("from a commit that it is not", s.Replace(ctx, sharedRef, second, other), gitfs.ErrReplaced)
	if at() != first {
		t.Errorf("the server is at %s", at())
	}
	expect("go on", s.Replace(ctx, sharedRef, first, second), nil)
	expect("go on once more", s.Replace(ctx, sharedRef, first, second), nil)
	expect("go on beside it", s.Replace(ctx, sharedRef, first, other), gitfs.ErrReplaced)
	unrelated := run(t, clone, "commit-tree", "-m", "unrelated", first+"^{tree}")
	if err := s.Replace(ctx, sharedRef, second, unrelated); err == nil || at() != second {
		t.Errorf("a commit that does not follow is forced: %v, the server is at %s", err, at())
	}
	head, err = s.Head(ctx, sharedRef)
	if expect("look", err, nil); head != second {
		t.Errorf("look: %s", head)
	}

	// Another machine goes on; what it made is fetched, and known to follow.
	third := stateCommit(t, bare, "theirs", second)
	head, err = s.Head(ctx, sharedRef)
	if expect("look again", err, nil); head != third {
		t.Errorf("look again: %s", head)
	}
	expect("keep", s.Keep(ctx, third), nil)
	run(t, clone, "fsck", "--strict")
	if n := run(t, clone, "rev-list", "--count", third); n != "3" {
		t.Errorf("%s commits are kept", n)
	}
	fourth := child(t, gitDir, third)
	expect("go on from what was fetched", s.Replace(ctx, sharedRef, third, fourth), nil)

	// A server that says no is told from one out of reach.
	write(t, bare, "hooks/pre-receive", "#!/bin/sh\necho canary >&2\nexit 1\n")
	if err := os.Chmod(filepath.Join(bare, "hooks/pre-receive"), 0o755); err != nil {
		t.Fatal(err)
	}
	var remote *gitfs.RemoteError
	if err := s.Replace(ctx, sharedRef, fourth, child(t, gitDir, fourth)); !errors.As(err, &remote) || remote.Kind != gitfs.RemoteRefused || strings.Contains(err.Error(), "canary") {
		t.Errorf("a hook that declines: %v", err)
	}
	_ = os.Remove(filepath.Join(bare, "hooks/pre-receive"))

	// The branch vanishes: it is not made again in passing.
	removeRef(t, bare, sharedRef)
	expect("a branch that vanished", s.Replace(ctx, sharedRef, fourth, child(t, gitDir, fourth)), gitfs.ErrReplaced)
	if at() != "" {
		t.Errorf("the branch is there again: %s", at())
	}
	if status := run(t, clone, "status", "--porcelain", "-uno"); status != "" {
		t.Errorf("the clone has changed: %s", status)
	}
}

// A repository without any content is empty, and what only looks like one is not.
func TestAnEmptyRepositoryAndWhatLooksLikeOne(t *testing.T) {
	for line, prepare := range lines {
		t.Run(line, func(t *testing.T) {
			prepare(t)
			empty := func(t *testing.T, bare, _ string) (string, map[string]string) {
				removeRef(t, bare, "packed-refs") // it holds all refs of a clone
				return hosted(t, bare), map[string]string{"CONNSYNC_GIT_TOKEN": "canary-token"}
			}
			_, clone, s := served(t, empty)
			if head, err := s.Head(context.Background(), sharedRef); head != "" || err != nil {
				t.Errorf("%q %v", head, err)
			}
			if err := s.Replace(context.Background(), sharedRef, "", child(t, filepath.Join(clone, ".git"), "")); err != nil {
				t.Errorf("%v", err)
			}
			for what, answer := range map[string]string{"nothing": "", "a line": "<html>login</html>", "lines": "<html>\n<body>\ncanary\n</html>\n", "an end": "0000"} {
				if line == "go-git" && what == "an end" {
					continue // so say old servers of an empty repository, and it cannot tell
				}
				portal := func(t *testing.T, _, _ string) (string, map[string]string) {
					server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(answer)) }))
					t.Cleanup(server.Close)
					return server.URL + "/p.git", nil
				}
				_, clone, s := served(t, portal)
				if head, err := s.Head(context.Background(), sharedRef); err == nil || strings.Contains(err.Error(), "canary") {
					t.Errorf("a server that says %s has no branch: %q %v", what, head, err)
				}
				if what != "nothing" && !*everyWay {
					continue
				}
				if err := s.Replace(context.Background(), sharedRef, "", child(t, filepath.Join(clone, ".git"), "")); err == nil {
					t.Errorf("pushed to a server that says %s", what)
				}
			}
		})
	}
}

// between is a server in front of another one: it does something to requests.
func between(t *testing.T, address string, do func(w http.ResponseWriter, r *http.Request, on http.Handler)) string {
	t.Helper()
	to, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	on := httputil.NewSingleHostReverseProxy(&url.URL{Scheme: to.Scheme, Host: to.Host})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { do(w, r, on) }))
	t.Cleanup(server.Close)
	return server.URL + to.Path
}

var withToken = map[string]string{"CONNSYNC_GIT_TOKEN": "canary-token"}

// A redirect is followed within a host, as after a repository was renamed. To another host nothing goes: neither a token nor a question.
func TestRedirectsOfALine(t *testing.T) {
	for line, prepare := range lines {
		t.Run(line, func(t *testing.T) {
			prepare(t)
			renamed := func(t *testing.T, bare, _ string) (string, map[string]string) {
				address := between(t, hosted(t, bare), func(w http.ResponseWriter, r *http.Request, on http.Handler) {
					if path, ok := strings.CutPrefix(r.URL.Path, "/old.git"); ok {
						r.URL.Path = "/server.git" + path
						http.Redirect(w, r, r.URL.String(), http.StatusMovedPermanently)
						return
					}
					on.ServeHTTP(w, r)
				})
				return strings.Replace(address, "/server.git", "/old.git", 1), withToken
			}
			bare, clone, s := served(t, renamed)
			made := child(t, filepath.Join(clone, ".git"), "")
			if err := s.Replace(context.Background(), sharedRef, "", made); err != nil || refAt(t, bare, sharedRef) != made {
				t.Errorf("renamed: %v", err)
			}
			var leaked, posts atomic.Int32
			elsewhere := func(t *testing.T, _, _ string) (string, map[string]string) {
				other := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					if r.Header.Get("Authorization") != "" {
						leaked.Add(1)
					}
					if r.Method == http.MethodPost {
						posts.Add(1)
					}
					w.Header().Set("Content-Type", "application/x-git-upload-pack-advertisement")
					_, _ = w.Write([]byte("001e# service=git-upload-pack\n0000000eversion 2\n0000"))
				}))
				t.Cleanup(other.Close)
				server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					http.Redirect(w, r, other.URL+r.URL.String(), http.StatusMovedPermanently)
				}))
				t.Cleanup(server.Close)
				return server.URL + "/p.git", withToken
			}
			_, _, s = served(t, elsewhere)
			var remote *gitfs.RemoteError
			if head, err := s.Head(context.Background(), sharedRef); !errors.As(err, &remote) || !strings.Contains(err.Error(), "redirects to another host") {
				t.Errorf("%q %v", head, err)
			}
			if leaked.Load() != 0 || posts.Load() != 0 {
				t.Errorf("the other host got %d tokens and %d posts", leaked.Load(), posts.Load())
			}
		})
	}
}

// When the answer to a push is lost, another look tells what became of it. It is sent again as long as it may not have arrived.
func TestAnAnswerToAPushThatIsLost(t *testing.T) {
	for line, prepare := range lines {
		for _, arrives := range []bool{true, false} {
			t.Run(line+map[bool]string{true: ", and it arrived", false: ", and it did not"}[arrives], func(t *testing.T) {
				prepare(t)
				var lost atomic.Int32
				lossy := func(t *testing.T, bare, _ string) (string, map[string]string) {
					return between(t, hosted(t, bare), func(w http.ResponseWriter, r *http.Request, on http.Handler) {
						if !strings.HasSuffix(r.URL.Path, "/git-receive-pack") || r.Method != http.MethodPost || r.ContentLength == 4 || lost.Add(1) > 1 {
							on.ServeHTTP(w, r)
							return
						}
						if arrives {
							on.ServeHTTP(httptest.NewRecorder(), r)
						}
						panic(http.ErrAbortHandler)
					}), withToken
				}
				bare, clone, s := served(t, lossy)
				made := child(t, filepath.Join(clone, ".git"), "")
				if err := s.Replace(context.Background(), sharedRef, "", made); err != nil || refAt(t, bare, sharedRef) != made {
					t.Errorf("%v", err)
				}
				if lost.Load() == 0 {
					t.Error("nothing was lost")
				}
			})
		}
	}
}

// Between a look and a push another machine is first. Neither is overwritten, whatever became of the ref.
func TestSomebodyIsFirstBetweenALookAndAPush(t *testing.T) {
	for line, prepare := range lines {
		for _, vanishes := range []bool{false, true} {
			if line == "go-git" && vanishes {
				continue // it cannot say "only if it is still there"
			}
			t.Run(line+map[bool]string{true: ", it vanishes", false: ", it appears"}[vanishes], func(t *testing.T) {
				prepare(t)
				var meanwhile func()
				raced := func(t *testing.T, bare, _ string) (string, map[string]string) {
					return between(t, hosted(t, bare), func(w http.ResponseWriter, r *http.Request, on http.Handler) {
						if strings.Contains(r.URL.RawQuery, "git-receive-pack") {
							meanwhile()
						}
						on.ServeHTTP(w, r)
					}), withToken
				}
				bare, clone, s := served(t, raced)
				ours := child(t, filepath.Join(clone, ".git"), "")
				theirs, old := run(t, bare, "rev-parse", "main"), ""
				meanwhile = func() { write(t, bare, sharedRef, theirs+"\n") }
				if vanishes {
					write(t, bare, sharedRef, theirs+"\n")
					old, ours, theirs = theirs, run(t, clone, "commit-tree", "-m", "x", "-p", theirs, theirs+"^{tree}"), ""
					meanwhile = func() { removeRef(t, bare, sharedRef) }
				}
				if err := s.Replace(context.Background(), sharedRef, old, ours); !errors.Is(err, gitfs.ErrReplaced) {
					t.Errorf("%v", err)
				}
				if at := refAt(t, bare, sharedRef); at != theirs {
					t.Errorf("the server is at %q, want %q", at, theirs)
				}
			})
		}
	}
}

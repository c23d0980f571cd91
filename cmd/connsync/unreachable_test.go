package main

import (
	"bytes"
	"errors"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"connsync/apply/secmaster/emulator"
)

// driftCheck is a drift check of a repository at rest: nothing is pending, and something may be out of reach.
type driftCheck struct {
	t      *testing.T
	root   string // of clone and server.git, both copies
	env    map[string]string
	args   []string
	api    func(w http.ResponseWriter, r *http.Request, on http.Handler) // between the check and SecMaster; nil for nothing
	closed bool                                                          // whether stdout takes nothing
}

func (c *driftCheck) path(name string) string { return filepath.Join(c.root, filepath.FromSlash(name)) }

func (c *driftCheck) append(name, text string) {
	c.t.Helper()
	f, err := os.OpenFile(c.path(name), os.O_WRONLY|os.O_APPEND|os.O_CREATE, 0o644)
	if err != nil {
		c.t.Fatal(err)
	}
	_, err = f.WriteString(text)
	if err = errors.Join(err, f.Close()); err != nil {
		c.t.Fatal(err)
	}
}

func (c *driftCheck) replace(name, old, new string) {
	c.t.Helper()
	text, err := os.ReadFile(c.path(name))
	if err != nil || !bytes.Contains(text, []byte(old)) {
		c.t.Fatalf("%s has no %q: %v", name, old, err)
	}
	if err := os.WriteFile(c.path(name), bytes.Replace(text, []byte(old), []byte(new), 1), 0o644); err != nil {
		c.t.Fatal(err)
	}
}

// optional makes no setting of a saved catalog required.
func (c *driftCheck) optional(name string) {
	c.t.Helper()
	text, err := os.ReadFile(c.path(name))
	if err == nil {
		err = os.WriteFile(c.path(name), bytes.ReplaceAll(text, []byte("required: true"), []byte("required: false")), 0o644)
	}
	if err != nil {
		c.t.Fatal(err)
	}
}

func (c *driftCheck) remove(name string) {
	c.t.Helper()
	if err := os.RemoveAll(c.path(name)); err != nil {
		c.t.Fatal(err)
	}
}

// remote is where the clone's remote leads.
func (c *driftCheck) remote(address string) {
	c.t.Helper()
	c.replace("clone/.git/config", "url = ../server.git", "url = "+address)
}

// serves answers every request of a server with one text.
func (c *driftCheck) serves(status int, text string, header ...string) string {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		for i := 0; i < len(header); i += 2 {
			w.Header().Set(header[i], header[i+1])
		}
		w.WriteHeader(status)
		_, _ = w.Write([]byte(text))
	}))
	c.t.Cleanup(s.Close)
	return s.URL
}

// lose removes an object of a repository.
func (c *driftCheck) lose(repository, rev string) {
	c.t.Helper()
	hash := runGit(c.t, c.path(repository), "rev-parse", rev)
	git := repository
	if repository == "clone" {
		git = "clone/.git"
	}
	c.remove(git + "/objects/" + hash[:2] + "/" + hash[2:])
}

// fails has SecMaster answer the requests of a path with a status.
func (c *driftCheck) fails(part string, status int, text string) {
	c.api = func(w http.ResponseWriter, r *http.Request, on http.Handler) {
		if !strings.Contains(r.URL.Path, part) {
			on.ServeHTTP(w, r)
			return
		}
		w.Header().Set("Retry-After", "0")
		w.WriteHeader(status)
		_, _ = w.Write([]byte(text))
	}
}

// run is the check.
func (c *driftCheck) run(on http.Handler, env map[string]string) (code int, said string) {
	own := maps.Clone(env)
	maps.Copy(own, c.env)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if c.api != nil {
			c.api(w, r, on)
			return
		}
		on.ServeHTTP(w, r)
	}))
	c.t.Cleanup(s.Close)
	args := append([]string{"diff", "--exit-code", "-C", c.path("clone"), "--endpoint", s.URL}, c.args...)
	if !c.closed {
		code, stdout, stderr := inProcess(own, args...)
		return code, stdout + stderr
	}
	var errs bytes.Buffer
	code = Main(c.t.Context(), args, world{stdin: strings.NewReader(""), stdout: fullDisk{}, stderr: &errs, env: func(k string) string { return own[k] }})
	return code, errs.String()
}

// fullDisk takes nothing.
type fullDisk struct{}

func (fullDisk) Write([]byte) (int, error) { return 0, errors.New("no space left") }

const nobodyListens = "http://127.0.0.1:1"

// unreachable are all things a drift check looks at, each out of its reach: the code, which is never 0, and what is said of it.
var unreachable = []struct {
	what   string
	breaks func(c *driftCheck)
	code   int
	says   string // a regular expression
}{
	// The shared state.
	{"the state's remote, a folder", func(c *driftCheck) { c.remove("server.git") }, 1, `prod: planned with what is known here: state.remote origin: the remote has no such repository`},
	{"the state's remote, a port", func(c *driftCheck) { c.remote(nobodyListens + "/p.git") }, 1, `planned with what is known here: state.remote origin: the remote cannot be reached: it does not answer`},
	{"the state's remote, a name", func(c *driftCheck) { c.remote("https://git.invalid/p.git") }, 1, `state.remote origin: the remote cannot be reached: its host name cannot be resolved`},
	{"the state's remote, without credentials", func(c *driftCheck) { c.remote(c.serves(401, "", "WWW-Authenticate", "Basic") + "/p.git") }, 1, `state.remote origin: the remote refuses the credentials, or asks for some`},
	{"the state's remote, behind a login page", func(c *driftCheck) { c.remote(c.serves(200, "<html>login</html>") + "/p.git") }, 1, `state.remote origin: the remote cannot be reached: its answer is not Git's`},
	{"the state's remote, hidden", func(c *driftCheck) { c.remote(c.serves(404, "") + "/p.git") }, 1, `state.remote origin: the remote has no such repository, or does not show it`},
	{"the state's remote, moved", func(c *driftCheck) { c.remote(c.serves(301, "", "Location", "https://git.invalid/p.git") + "/p.git") }, 1, `state.remote origin: .* redirects to another host`},
	{"the state's remote, over its limit", func(c *driftCheck) { c.remote(c.serves(429, "") + "/p.git") }, 1, `state.remote origin: .* it limits the rate of requests`},
	{"the state's remote, by a scheme that is not used", func(c *driftCheck) { c.remote("git://git.invalid/p.git") }, 1, `state.remote origin: not an address of a repository`},
	{"the state's objects", func(c *driftCheck) {
		c.lose("server.git", "connsync-state/prod:known.jsonl")
		c.remove("clone/.git/refs/heads/connsync-state")
		c.lose("clone", "HEAD~0:connsync.yaml") // a clone with all of it would ask for nothing
		for _, name := range []string{"connsync-state/prod^{commit}", "connsync-state/prod^{tree}", "connsync-state/prod:intents.jsonl"} {
			hash := runGit(c.t, c.path("server.git"), "rev-parse", name)
			c.remove("clone/.git/objects/" + hash[:2] + "/" + hash[2:])
		}
	}, 1, `planned with what is known here: state.remote origin: the remote cannot be reached`},
	{"a remote that the project names", func(c *driftCheck) { c.append("clone/connsync.yaml", "state: {remote: upstream}\n") }, 1, `planned with what is known here: state.remote upstream: the repository has no remote of this name`},
	{"a remote that is pushed elsewhere", func(c *driftCheck) {
		c.replace("clone/.git/config", "url = ../server.git", "url = ../server.git\n\tpushurl = ../other.git")
	}, 5, `planned with what is known here: state.remote origin: it is fetched from \.\./server.git and pushed to \.\./other.git`},
	{"a configuration that cannot be read", func(c *driftCheck) { c.append("clone/.git/config", "[open\n") }, 1, `state.remote origin: the repository's configuration cannot be read`},
	{"a state that went another way", func(c *driftCheck) {
		runGit(c.t, c.path("server.git"), "update-ref", "refs/heads/connsync-state/prod", "main")
	}, 1, `prod: planned with what is known here: .*connsync-state/prod`},
	{"a state that is none", func(c *driftCheck) {
		runGit(c.t, c.path("server.git"), "update-ref", "refs/heads/connsync-state/prod", "main")
		c.remove("clone/.git/refs/heads/connsync-state")
	}, 1, `prod: .*connsync-state/prod.* cannot be read|prod: .*known state`},
	{"any repository", func(c *driftCheck) { c.remove("clone/.git") }, 1, `prod: planned without known state: no repository to keep known state in`},
	{"a repository's format", func(c *driftCheck) {
		c.append("clone/.git/config", "[core]\n\trepositoryformatversion = 1\n[extensions]\n\trefStorage = reftable\n")
	}, 1, `planned without known state: no repository to keep known state in: the repository uses the extension refstorage = reftable`},
	{"a remote, in CI", func(c *driftCheck) {
		c.replace("clone/.git/config", `[remote "origin"]`, `[other "origin"]`)
		c.env["CI"] = "true"
	}, 1, `known state is in this clone only, and CI throws its clones away`},
	{"which of two remotes", func(c *driftCheck) {
		c.replace("clone/.git/config", `[remote "origin"]`, "[remote \"fork\"]\n\turl = ../fork.git\n[remote \"other\"]")
	}, 1, `state.remote origin: none of the remotes is named origin`},
	{"the repository of --state", func(c *driftCheck) { c.args = []string{"--state", c.path("nothing")} }, 1, `--state: `},
	{"the server of --state", func(c *driftCheck) { c.args = []string{"--state", nobodyListens + "/p.git"} }, 1, `planned with what is known here: state.remote origin: the remote cannot be reached`},

	// SecMaster, and who is asked for it.
	{"the list, forbidden", func(c *driftCheck) { c.fails("", 403, `{"error_code":"SecMaster.20010001","error_msg":"no"}`) }, 1, `prod: .*SecMaster.20010001`},
	{"the list, failing", func(c *driftCheck) { c.fails("", 503, "") }, 1, `prod: .*503`},
	{"the list, a page", func(c *driftCheck) { c.fails("", 200, "<html>login</html>") }, 1, `prod: `},
	{"the list, of nothing", func(c *driftCheck) { c.fails("", 200, "{}") }, 1, `prod: .*no list`},
	{"the list, cut short", func(c *driftCheck) { c.fails("", 200, `{"total": 3, "data": []}`) }, 1, `prod: `},
	{"the list, elsewhere", func(c *driftCheck) { c.fails("", 307, "") }, 1, `prod: `},
	{"SecMaster", func(c *driftCheck) { c.args = []string{"--endpoint", nobodyListens} }, 1, `prod: `},
	{"SecMaster's address", func(c *driftCheck) { c.args = []string{"--endpoint", "http://secmaster.example"} }, 1, `prod: `},
	{"credentials", func(c *driftCheck) { c.env["HUAWEICLOUD_SDK_AK"] = "" }, 1, `prod: `},
	{"credentials that hold", func(c *driftCheck) { c.env["HUAWEICLOUD_SDK_SK"] = "wrong" }, 1, `prod: `},
	{"IAM, which knows the project", func(c *driftCheck) {
		c.replace("clone/connsync.yaml", "    project_id: "+emulator.DefaultProject+"\n", "")
		c.env["HUAWEICLOUD_SDK_IAM_ENDPOINT"] = nobodyListens
	}, 1, `prod: `},
	{"the workspace", func(c *driftCheck) {
		c.replace("clone/connsync.yaml", emulator.DefaultWorkspace, "22222222-2222-4333-8444-555555555555")
	}, 5, `prod: its known state belongs to cn-north-4/11111111…, not to`},
	{"one target of two", func(c *driftCheck) {
		c.replace("clone/connsync.yaml", "targets:\n", "targets:\n  aside:\n    region: cn-north-4\n    project_id: "+emulator.DefaultProject+"\n    workspace_id: 22222222-2222-4333-8444-555555555555\n")
	}, 1, `(?s)1 unchanged.*aside: .*SecMaster.20010001`},
	{"the workspace's catalog", func(c *driftCheck) {
		if code, _, stderr := inProcess(c.env, "plugins", "--save", "-C", c.path("clone"), "--endpoint", c.env["here"]); code != exitDone {
			c.t.Fatal(stderr)
		}
		c.optional("clone/connsync.plugins.yaml")
		c.fails("/components", 403, `{"error_code":"SecMaster.20010001","error_msg":"no"}`)
	}, 1, `prod: the plugins of the workspace could not be compared with connsync.plugins.yaml: .*SecMaster.20010001`},

	// What Git wants.
	{"the project file", func(c *driftCheck) { c.remove("clone/connsync.yaml") }, 1, `connsync.yaml`},
	{"the project file, a link", func(c *driftCheck) {
		c.remove("clone/connsync.yaml")
		if err := os.Symlink("/etc/passwd", c.path("clone/connsync.yaml")); err != nil {
			c.t.Fatal(err)
		}
	}, 1, `connsync.yaml: a link`},
	{"the project file, half of it", func(c *driftCheck) { c.append("clone/connsync.yaml", "targets: {") }, 1, `connsync.yaml:\d+:\d+: `},
	{"the folder of manifests", func(c *driftCheck) { c.remove("clone/connections") }, 1, `connections`},
	{"a manifest, a folder", func(c *driftCheck) {
		c.remove("clone/connections/a.yaml")
		if err := os.MkdirAll(c.path("clone/connections/a.yaml"), 0o755); err != nil {
			c.t.Fatal(err)
		}
	}, 1, `no manifests yet in connections`},
	{"a manifest, half of it", func(c *driftCheck) { c.append("clone/connections/a.yaml", "    c1: {") }, 1, `connections/a.yaml:\d+:\d+: `},
	{"a saved catalog", func(c *driftCheck) { c.append("clone/connsync.plugins.yaml", "plugins: [") }, 1, `connsync.plugins.yaml`},
	{"the folder", func(c *driftCheck) { c.args = []string{"-C", c.path("nothing")} }, 1, `-C`},
	{"manifests at a ref", func(c *driftCheck) { c.args = []string{"--ref", "release"} }, 1, `release: no such branch, tag or commit`},
	{"manifests at @{upstream}", func(c *driftCheck) { c.args = []string{"--ref", "@{upstream}"} }, 1, `@\{…\} is not read`},
	{"manifests at a ref, whose files are elsewhere", func(c *driftCheck) {
		c.args = []string{"--ref", "main"}
		c.lose("clone", "main:connections/a.yaml")
		c.append("clone/.git/config", "[remote \"origin\"]\n\tpromisor = true\n\tpartialclonefilter = blob:none\n")
	}, 1, `connections/a.yaml: .*not in this clone \(a partial clone\)`},
	{"manifests at a ref, whose folder is elsewhere", func(c *driftCheck) {
		c.args = []string{"--ref", "main"}
		c.lose("clone", "main:connections")
	}, 1, `connections`},
	{"manifests at a ref, whose commit is broken", func(c *driftCheck) {
		c.args = []string{"--ref", "main"}
		c.lose("clone", "main^{tree}")
	}, 1, `--ref: \.: not in this clone`},
	{"the commit that is checked out", func(c *driftCheck) { c.lose("clone", "HEAD") }, 1, `the repository cannot be read`},
	{"the server of --repo", func(c *driftCheck) { c.args = []string{"--repo", nobodyListens + "/p.git"} }, 1, `--repo: the remote cannot be reached`},
	{"the repository of --repo", func(c *driftCheck) { c.args = []string{"--repo", c.path("nothing.git")} }, 1, `--repo: `},

	// What was asked for, and who reads the answer.
	{"a target that is none", func(c *driftCheck) { c.args = []string{"--target", "nothing"} }, 80, `nothing`},
	{"a name that nothing has", func(c *driftCheck) { c.args = []string{"--only", "nothing"} }, 80, `nothing`},
	{"a file for the answer", func(c *driftCheck) { c.args = []string{"--out", c.path("nothing/x"), "--format", "json"} }, 1, `--out`},
	{"a reader", func(c *driftCheck) { c.closed = true }, 1, ``},
}

// A drift check is not green where it could not look, whatever it was that it could not look at; and it says what.
func TestADriftCheckThatCouldNotLookIsNotGreen(t *testing.T) {
	server, env, url := emulated(t)
	root := t.TempDir()
	seedRepository(t, filepath.Join(root, "server.git"), 1)
	clone := filepath.Join(root, "clone")
	runGit(t, root, "clone", "-q", "--template=", "server.git", "clone")
	runGit(t, clone, "config", "remote.origin.url", "../server.git")
	if code, _, stderr := inProcess(env, "sync", "-C", clone, "--endpoint", url); code != exitDone {
		t.Fatalf("exit %d: %s", code, stderr)
	}
	check := func(t *testing.T, breaks func(*driftCheck)) (int, string) {
		c := &driftCheck{t: t, root: t.TempDir(), env: maps.Clone(env)}
		c.env["here"] = url
		if err := os.CopyFS(c.root, os.DirFS(root)); err != nil {
			t.Fatal(err)
		}
		breaks(c)
		return c.run(server, env)
	}
	if code, said := check(t, func(*driftCheck) {}); code != exitDone || !strings.Contains(said, "1 unchanged") {
		t.Fatalf("with everything in reach: exit %d: %s", code, said)
	}
	for _, row := range unreachable {
		t.Run(row.what, func(t *testing.T) {
			t.Parallel()
			code, said := check(t, row.breaks)
			if code != row.code || code == exitDone || !regexp.MustCompile(row.says).MatchString(said) {
				t.Errorf("exit %d, want %d and %q:\n%s", code, row.code, row.says, said)
			}
			if strings.Contains(said, "internal error") || strings.Contains(said, "login") {
				t.Errorf("what was not ours is shown, or something broke: %s", said)
			}
		})
	}
	t.Logf("T-GIT: a drift check with %d things out of reach", len(unreachable))
	if len(unreachable) < 50 {
		t.Errorf("%d rows: these are fewer than there were", len(unreachable))
	}
}

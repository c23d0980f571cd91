package main

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"connsync/apply/secmaster/emulator"
	"connsync/secrets/sops"
)

const hostToken = "canary-token"

// ciHost is a host with a repository, a branch to merge, and what others did on main meanwhile; and the runner's machine.
type ciHost struct {
	t       *testing.T
	server  *emulator.Server
	cloud   *emulator.Identity
	bare    string
	url     string // of the repository, without credentials
	main    string // its commit
	parted  string // where the branch parted
	issues  *issueTracker
	machine map[string]string // what every job has in its environment
	secrets map[string]string // what a job has only where its file says so
}

func newHost(t *testing.T) *ciHost {
	t.Helper()
	server, secrets, _ := emulated(t)
	cloud := emulator.NewIdentity(server)
	both := httptest.NewServer(cloud)
	t.Cleanup(both.Close)
	endpoint := both.URL
	h := &ciHost{t: t, server: server, cloud: cloud, issues: &issueTracker{}}
	h.bare = filepath.Join(t.TempDir(), "server.git")
	work := t.TempDir()
	runGit(t, work, "init", "-q", "-b", "main")
	h.write(work, "connsync.yaml", fmt.Sprintf(demoProject, emulator.DefaultRegion, emulator.DefaultProject, emulator.DefaultWorkspace))
	h.connection(work, "edr", "as it was", "first-canary")
	h.connection(work, "firewall", "theirs", "first-canary")
	h.commit(work, "both")
	h.parted = runGit(t, work, "rev-parse", "HEAD")
	runGit(t, work, "checkout", "-q", "-b", "topic")
	h.connection(work, "edr", "as it should be", "second-canary")
	h.commit(work, "ours")
	runGit(t, work, "checkout", "-q", "main")
	h.connection(work, "firewall", "theirs", "rotated-canary")
	h.commit(work, "others rotate")
	h.main = runGit(t, work, "rev-parse", "HEAD")
	runGit(t, work, "checkout", "-q", "--detach")
	runGit(t, work, "merge", "-q", "--no-ff", "-m", "merged", "topic")
	runGit(t, work, "init", "-q", "--bare", "-b", "main", h.bare)
	runGit(t, work, "push", "-q", h.bare, "main", "topic", "HEAD:refs/pull/1/merge", "HEAD:refs/merge-requests/1/merge")
	h.url = hosted(t, h.bare, hostToken) + "/server.git"
	api := httptest.NewServer(h.issues)
	t.Cleanup(api.Close)
	archive, sum := releaseArchive(t)
	h.machine = map[string]string{
		"PATH": os.Getenv("PATH"), "HOME": t.TempDir(), "GIT_CONFIG_NOSYSTEM": "1", "CONNSYNC_ENDPOINT": endpoint, "CI": "true",
		"CONNSYNC_URL": "file://" + archive, "CONNSYNC_SHA256": sum, "API": api.URL,
	}
	h.secrets = map[string]string{"SOPS_AGE_KEY": testIdentity}
	for k, v := range secrets {
		h.secrets[k] = v
	}
	return h
}

// withoutKeys are the secrets of a CI system. It vouches for its jobs: no key of the cloud is among them.
func (h *ciHost) withoutKeys() map[string]string {
	out := map[string]string{}
	for k, v := range h.secrets {
		if !strings.HasPrefix(k, "HUAWEICLOUD_") {
			out[k] = v
		}
	}
	return out
}

func (h *ciHost) write(dir, name, text string) {
	h.t.Helper()
	name = filepath.Join(dir, name)
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		h.t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(text), 0o755); err != nil {
		h.t.Fatal(err)
	}
}

func (h *ciHost) connection(dir, name, description, password string) {
	h.t.Helper()
	text := fmt.Sprintf("connections:\n  prod:\n    %s:\n      description: %s\n      component: EdrVendor\n      version: \"2.1\"\n      config: {endpoint: https://%s.example, password: %s}\n", name, description, name, password)
	sealed, err := sops.Encrypt([]byte(text), testRecipient, sops.EncryptOptions{EncryptedRegex: "^password$"})
	if err != nil {
		h.t.Fatal(err)
	}
	h.write(dir, "connections/"+name+".yaml", string(sealed))
}

func (h *ciHost) commit(dir, message string) {
	h.t.Helper()
	runGit(h.t, dir, "add", "-A")
	runGit(h.t, dir, "commit", "-q", "-m", message)
}

// releaseArchive is an archive with this program as its connsync.
func releaseArchive(t *testing.T) (name, sum string) {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	w := tar.NewWriter(z)
	err = w.WriteHeader(&tar.Header{Name: "connsync", Typeflag: tar.TypeSymlink, Linkname: exe})
	for _, end := range []io.Closer{w, z} {
		if err == nil {
			err = end.Close()
		}
	}
	name = filepath.Join(t.TempDir(), "connsync.tar.gz")
	if err == nil {
		err = os.WriteFile(name, b.Bytes(), 0o644)
	}
	if err != nil {
		t.Fatal(err)
	}
	digest := sha256.Sum256(b.Bytes())
	return name, hex.EncodeToString(digest[:])
}

// clone makes a fresh clone with git's arguments, in order; with the header of a host's checkout.
func (h *ciHost) clone(fetch ...[]string) string {
	h.t.Helper()
	dir := filepath.Join(h.t.TempDir(), "work")
	runGit(h.t, ".", "init", "-q", "-b", "main", dir)
	runGit(h.t, dir, "remote", "add", "origin", h.url)
	for _, args := range fetch {
		runGit(h.t, dir, append([]string{"-c", "http.extraheader=" + bearerHeader}, args...)...)
	}
	return dir
}

const bearerHeader = "AUTHORIZATION: bearer " + hostToken

// run runs a program of a job, and checks its code. What it shows never holds a secret.
func (h *ciHost) run(code int, dir string, env map[string]string, program ...string) string {
	h.t.Helper()
	cmd := exec.Command(program[0], program[1:]...)
	cmd.Dir = dir
	for _, vars := range []map[string]string{h.machine, env} {
		for k, v := range vars {
			cmd.Env = append(cmd.Env, k+"="+v)
		}
	}
	out, err := cmd.CombinedOutput()
	if have := cmd.ProcessState.ExitCode(); have != code {
		h.t.Fatalf("exit %d, want %d: %v\n%s", have, code, err, out)
	}
	if strings.Contains(string(out), "canary") {
		h.t.Errorf("a secret is shown:\n%s", out)
	}
	return string(out)
}

// previewed checks a preview: it has the branch's change, and not what others did.
func (h *ciHost) previewed(text string) {
	h.t.Helper()
	if !strings.Contains(text, "edr") || !strings.Contains(text, "as it should be") || strings.Contains(text, "firewall") || strings.Contains(text, "canary") {
		h.t.Errorf("the preview: %s", text)
	}
	if h.server.Count("") != 0 {
		h.t.Error("a preview asked SecMaster")
	}
}

// drift changes a connection by hand.
func (h *ciHost) drift() {
	h.t.Helper()
	for _, c := range h.server.Connections() {
		if c.Name == "edr" {
			h.server.Edit(c.ID, func(c *emulator.Connection) { c.Description = "by hand" })
		}
	}
}

// synced checks that main was written, once, and that known state is shared.
func (h *ciHost) synced() {
	h.t.Helper()
	if n := len(h.server.Connections()); n != 2 {
		h.t.Errorf("%d connections", n)
	}
	runGit(h.t, h.bare, "rev-parse", "--verify", "connsync-state/prod")
}

// read is a file left by a job.
func (h *ciHost) read(name ...string) string {
	h.t.Helper()
	text, err := os.ReadFile(filepath.Join(name...))
	if err != nil {
		h.t.Fatal(err)
	}
	return string(text)
}

// issueTracker stands in for the hosts' own APIs: GitLab's and Bitbucket's issues, Azure's work items. It has one issue at most.
type issueTracker struct {
	mu   sync.Mutex
	open bool
	log  []string
	text string
}

func (i *issueTracker) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	i.mu.Lock()
	defer i.mu.Unlock()
	body, _ := io.ReadAll(r.Body)
	text, is := string(body), "0"
	if i.open {
		is = "1"
	}
	if r.Header.Get("PRIVATE-TOKEN") != hostToken && r.Header.Get("Authorization") != "Bearer "+hostToken {
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	switch ends := strings.Contains(text, "close") && !strings.Contains(text, "out of step") || strings.Contains(text, "resolved") || strings.Contains(text, `"Done"`); {
	case r.Method == http.MethodGet && strings.Contains(r.URL.Path, "/projects/"):
		fmt.Fprint(w, map[string]string{"0": `[]`, "1": `[{"iid": 7}]`}[is])
	case r.Method == http.MethodGet:
		fmt.Fprint(w, map[string]string{"0": `{"values": []}`, "1": `{"values": [{"id": 7}]}`}[is])
	case strings.HasSuffix(r.URL.Path, "/wiql"):
		fmt.Fprint(w, map[string]string{"0": `{"workItems": []}`, "1": `{"workItems": [{"id": 7}]}`}[is])
	case r.Method == http.MethodPost && !i.open:
		i.open, i.text, i.log = true, text, append(i.log, "open")
	case i.open && ends && strings.Contains(r.URL.Path, "/7"):
		i.open, i.log = false, append(i.log, "close")
	case i.open && strings.Contains(r.URL.Path, "/7"):
		i.text, i.log = text, append(i.log, "edit")
	default:
		w.WriteHeader(http.StatusBadRequest)
		i.log = append(i.log, "wrong: "+r.Method+" "+r.URL.String())
	}
}

// told checks what became of the issue, and whether its text fits everywhere.
func (h *ciHost) told(want, text string) {
	h.t.Helper()
	if have := strings.Join(h.issues.log, " "); have != want {
		h.t.Errorf("the issue: %s; want %s", have, want)
	}
	if !strings.Contains(text, "by hand") || strings.Contains(text, "canary") || len(text) > 65_536 {
		h.t.Errorf("the issue's text: %d bytes: %s", len(text), text)
	}
}

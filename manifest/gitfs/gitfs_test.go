package gitfs_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"net/http/cgi"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/fstest"

	"connsync/manifest/gitfs"
	"connsync/manifest/gitfs/gittest"
)

func run(t testing.TB, dir string, args ...string) string {
	t.Helper()
	if out, did := gittest.Does(dir, args...); did {
		return out
	}
	cmd := exec.Command("git", append([]string{"-c", "user.name=t", "-c", "user.email=t@example.invalid", "-c", "protocol.file.allow=always", "-c", "maintenance.auto=false"}, args...)...)
	cmd.Dir = dir
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("git %v: %v\n%s", args, err, out)
	}
	return strings.TrimSpace(string(out))
}

func underConnections(file string) bool {
	return strings.HasPrefix(file, "connections/") && (strings.HasSuffix(file, ".yaml") || strings.HasSuffix(file, ".yml")) && !strings.Contains(file, "/.")
}

func write(t testing.TB, dir, name, text string) {
	t.Helper()
	file := filepath.Join(dir, name)
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// quiet keeps the configuration of this machine out of a test.
func quiet(t testing.TB) {
	t.Helper()
	t.Setenv("GIT_CONFIG_GLOBAL", os.DevNull)
	t.Setenv("GIT_CONFIG_NOSYSTEM", "1")
	t.Setenv("HOME", t.TempDir())
}

// repository has three commits on main, a tag and a branch.
func repository(t testing.TB) string {
	t.Helper()
	quiet(t)
	return preparedCopy(t, "origin", t.TempDir())
}

func open(t testing.TB, dir string) *gitfs.Repository {
	t.Helper()
	r, err := gitfs.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = r.Close() })
	return r
}

func text(t testing.TB, f fs.FS, name string) string {
	t.Helper()
	data, err := fs.ReadFile(f, name)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func TestEveryKindOfRepositoryIsRead(t *testing.T) {
	origin := repository(t)
	clone := func(args ...string) string {
		dir := filepath.Join(t.TempDir(), "clone")
		run(t, origin, append(append([]string{"clone", "-q"}, args...), "file://"+origin, dir)...)
		return dir
	}
	packed := clone()
	run(t, packed, "gc", "-q")
	detached := clone()
	run(t, detached, "checkout", "-q", "--detach")
	sparse := clone()
	run(t, sparse, "sparse-checkout", "set", "--cone", "connections")
	linked := filepath.Join(t.TempDir(), "linked")
	run(t, origin, "worktree", "add", "-q", "--detach", linked)
	shared := filepath.Join(t.TempDir(), "shared")
	run(t, origin, "clone", "-q", "--shared", origin, shared)
	for name, dir := range map[string]string{
		"ordinary": origin, "bare": clone("--bare"), "shallow": clone("--depth", "1"), "packed": packed, "detached": detached,
		"sparse": sparse, "linked worktree": linked, "with alternates": shared, "from a folder in it": filepath.Join(packed, "connections", "deep"),
	} {
		t.Run(name, func(t *testing.T) {
			r := open(t, dir)
			head, err := r.Head()
			if err != nil || head.Hash != run(t, origin, "rev-parse", "main") {
				t.Fatalf("head %+v %v", head, err)
			}
			files, c, err := r.Tree("HEAD")
			if err != nil || c.Hash != head.Hash || text(t, files, "connections/a.yaml") != "version: 2\n" || text(t, files, "other/c.yaml") != "c: 1\n" {
				t.Errorf("tree: %v", err)
			}
			if common, err := os.Stat(r.CommonDir()); err != nil || !common.IsDir() {
				t.Errorf("common folder %s", r.CommonDir())
			}
			if r.Shallow() != (name == "shallow") {
				t.Errorf("shallow %v", r.Shallow())
			}
		})
	}
}

func TestWhatCannotBeReadIsNamed(t *testing.T) {
	dir := repository(t)
	for extension, want := range map[string]string{"refStorage=reftable": "refstorage = reftable", "objectFormat=sha256": "objectformat = sha256", "worktreeConfig=true": "", "preciousObjects=true": "", "somethingNew=1": "somethingnew = 1"} {
		key, value, _ := strings.Cut(extension, "=")
		copied := filepath.Join(t.TempDir(), "copy")
		if err := os.CopyFS(copied, os.DirFS(dir)); err != nil {
			t.Fatal(err)
		}
		config := text(t, os.DirFS(copied), ".git/config")
		write(t, copied, ".git/config", strings.Replace(config, "repositoryformatversion = 0", "repositoryformatversion = 1", 1)+"[extensions]\n\t"+key+" = "+value+"\n")
		r, err := gitfs.Open(copied)
		var unreadable *gitfs.UnreadableError
		switch {
		case want == "" && err != nil:
			t.Errorf("%s: %v", extension, err)
		case want != "" && (!errors.As(err, &unreadable) || !strings.Contains(unreadable.Extension, want)):
			t.Errorf("%s: %v", extension, err)
		}
		if err == nil {
			_ = r.Close()
		}
		// The worktree is read all the same.
		top, err := gitfs.Top(filepath.Join(copied, "connections"))
		if err != nil || top != copied {
			t.Errorf("top %s %v", top, err)
		}
		w, err := gitfs.OpenWorktree(top)
		if err != nil || text(t, w.FS(), "connections/a.yaml") != "version: 2\n" {
			t.Errorf("worktree: %v", err)
		}
		_ = w.Close()
	}
	if _, err := gitfs.Open(t.TempDir()); !errors.Is(err, gitfs.ErrNotRepository) {
		t.Errorf("no repository: %v", err)
	}
	empty := t.TempDir()
	run(t, empty, "init", "-q")
	if _, err := open(t, empty).Head(); !errors.Is(err, gitfs.ErrUnborn) {
		t.Errorf("no commit: %v", err)
	}
}

func TestRevisions(t *testing.T) {
	dir := repository(t)
	r := open(t, dir)
	for rev, want := range map[string]string{"main": "main", "v1": "HEAD~1", "feature/x": "HEAD~2", "HEAD~1": "HEAD~1", "refs/heads/main": "main", run(t, dir, "rev-parse", "HEAD~2"): "HEAD~2", run(t, dir, "rev-parse", "--short", "HEAD~1"): "HEAD~1"} {
		c, err := r.Resolve(rev)
		if err != nil || c.Hash != run(t, dir, "rev-parse", want+"^{commit}") {
			t.Errorf("%s: %+v %v", rev, c, err)
		}
	}
	for _, rev := range []string{"nothing", "", "HEAD:connsync.yaml", "main@{1}", "-x", "a b", strings.Repeat("0", 40), "main\x1b[31m"} {
		_, err := r.Resolve(rev)
		var unknown *gitfs.UnknownRefError
		if !errors.As(err, &unknown) {
			t.Errorf("%q: %v", rev, err)
		}
	}
}

func TestAncestors(t *testing.T) {
	dir := repository(t)
	hash := func(rev string) string { return run(t, dir, "rev-parse", rev) }
	r := open(t, dir)
	for _, c := range []struct {
		a, b string
		want bool
	}{{"HEAD~2", "HEAD", true}, {"HEAD", "HEAD", true}, {"HEAD", "HEAD~2", false}} {
		if got, err := r.IsAncestor(hash(c.a), hash(c.b)); err != nil || got != c.want {
			t.Errorf("%s of %s: %v %v", c.a, c.b, got, err)
		}
	}
	shallow := filepath.Join(t.TempDir(), "s")
	run(t, dir, "clone", "-q", "--depth", "1", "file://"+dir, shallow)
	run(t, shallow, "commit", "-q", "--allow-empty", "-m", "new")
	s := open(t, shallow)
	if yes, err := s.IsAncestor(hash("HEAD"), run(t, shallow, "rev-parse", "HEAD")); !yes || err != nil {
		t.Errorf("within a shallow history: %v %v", yes, err)
	}
	if _, err := s.IsAncestor(run(t, shallow, "rev-parse", "HEAD"), hash("HEAD")); !errors.Is(err, gitfs.ErrShallow) {
		t.Errorf("beyond it: %v", err)
	}
	var unknown *gitfs.UnknownRefError
	if _, err := s.IsAncestor(hash("HEAD~2"), hash("HEAD")); !errors.As(err, &unknown) {
		t.Errorf("a commit that is not there: %v", err)
	}
}

func TestBothKindsAreFileSystems(t *testing.T) {
	dir := repository(t)
	files, _, err := open(t, dir).Tree("HEAD")
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"connsync.yaml", "connections/a.yaml", "connections/deep/b.yml"}
	if err := fstest.TestFS(files, want...); err != nil {
		t.Error(err)
	}
	w, err := gitfs.OpenWorktree(filepath.Join(dir, "connections"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = w.Close() })
	if err := fstest.TestFS(w.FS(), "a.yaml", "deep/b.yml"); err != nil {
		t.Error(err)
	}
}

// Nothing outside is ever read, and a plan does not depend on where it is made: links are refused in both.
func TestLinksAndSpecialFilesAreRefused(t *testing.T) {
	dir := repository(t)
	outside := t.TempDir()
	write(t, outside, "secret.yaml", "canary\n")
	for name, to := range map[string]string{"absolute.yaml": filepath.Join(outside, "secret.yaml"), "up.yaml": "../../../../etc/passwd", "chain.yaml": "absolute.yaml", "inside.yaml": "a.yaml", "folder": outside} {
		if err := os.Symlink(to, filepath.Join(dir, "connections", name)); err != nil {
			t.Fatal(err)
		}
	}
	run(t, dir, "add", "-A")
	run(t, dir, "commit", "-q", "-m", "links")
	if err := syscall.Mkfifo(filepath.Join(dir, "connections", "pipe.yaml"), 0o600); err != nil {
		t.Fatal(err)
	}
	write(t, dir, "connections/huge.yaml", strings.Repeat("x", 9<<20))
	w, err := gitfs.OpenWorktree(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = w.Close() })
	tree, _, err := open(t, dir).Tree("HEAD")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"absolute.yaml", "up.yaml", "chain.yaml", "inside.yaml", "folder", "folder/secret.yaml", "pipe.yaml", "huge.yaml"} {
		for kind, f := range map[string]fs.FS{"worktree": w.FS(), "commit": tree} {
			data, err := fs.ReadFile(f, "connections/"+name)
			var refused interface{ Refused() string }
			if err == nil || strings.Contains(string(data), "canary") {
				t.Errorf("%s of a %s is read", name, kind)
			}
			if kind == "worktree" && !errors.As(err, &refused) {
				t.Errorf("%s of a %s: %v", name, kind, err)
			}
		}
	}
	if _, err := fs.ReadFile(w.FS(), "../x"); err == nil {
		t.Error("a path upwards is read")
	}
}

// unhashed are files of unknown content.
func unhashed(names []string) []gitfs.Read {
	out := make([]gitfs.Read, len(names))
	for i, n := range names {
		out[i].Name = n
	}
	return out
}

// What is judged is the content that was read: of one with a name the file is not read once more, unless it is not HEAD's.
func TestDirtyGoesByTheContentThatWasRead(t *testing.T) {
	dir := repository(t)
	w, err := gitfs.OpenWorktree(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = w.Close() })
	head := strings.TrimSpace(run(t, dir, "rev-parse", "HEAD:connections/a.yaml"))
	other := strings.Repeat("1", len(head))
	read := func(blob string) []gitfs.Read {
		return append(unhashed([]string{"connsync.yaml", "connections/deep/b.yml"}), gitfs.Read{Name: "connections/a.yaml", Blob: blob})
	}
	dirty := func(blob string) string {
		got, err := open(t, dir).Dirty(w.FS(), read(blob), underConnections)
		if err != nil {
			t.Error(err)
		}
		return strings.Join(got, " ")
	}
	if got := dirty(other); got != "" { // as with line ends that a checkout converted
		t.Errorf("HEAD's content under another hash: %q", got)
	}
	write(t, dir, "connections/a.yaml", "edited since")
	if got := dirty(head); got != "" {
		t.Errorf("what was read is HEAD's: %q", got)
	}
	for _, blob := range []string{other, ""} {
		if got := dirty(blob); got != "connections/a.yaml" {
			t.Errorf("%q is not HEAD's: %q", blob, got)
		}
	}
}

func TestDirtyIsWhatWasReadAndIsNotInHEAD(t *testing.T) {
	all := []string{"connsync.yaml", "connections/a.yaml", "connections/deep/b.yml"}
	for name, c := range map[string]struct {
		change func(t *testing.T, dir string)
		read   []string
		want   string
	}{
		"nothing":                {func(*testing.T, string) {}, all, ""},
		"an edit":                {func(t *testing.T, dir string) { write(t, dir, "connections/a.yaml", "x") }, all, "connections/a.yaml"},
		"an edit that is staged": {func(t *testing.T, dir string) { write(t, dir, "connections/a.yaml", "x"); run(t, dir, "add", "-A") }, all, "connections/a.yaml"},
		"a new file":             {func(t *testing.T, dir string) { write(t, dir, "connections/n.yaml", "x") }, append(all[:3:3], "connections/n.yaml"), "connections/n.yaml"},
		"a new file that is ignored": {func(t *testing.T, dir string) {
			write(t, dir, ".gitignore", "*.yaml")
			write(t, dir, "connections/n.yaml", "x")
		}, append(all[:3:3], "connections/n.yaml"), "connections/n.yaml"},
		"a file that is gone":         {func(t *testing.T, dir string) { _ = os.Remove(filepath.Join(dir, "connections/a.yaml")) }, []string{"connsync.yaml", "connections/deep/b.yml"}, "connections/a.yaml"},
		"an edit elsewhere":           {func(t *testing.T, dir string) { write(t, dir, "other/c.yaml", "x"); write(t, dir, "README", "x") }, all, ""},
		"line ends of another system": {func(t *testing.T, dir string) { write(t, dir, "connections/a.yaml", "version: 2\r\n") }, all, ""},
		"what a sparse checkout hides": {func(t *testing.T, dir string) {
			run(t, dir, "update-index", "-q", "--refresh") // of a copy, whose files are new to Git
			run(t, dir, "sparse-checkout", "set", "--no-cone", "/*", "!/connections/deep/")
		}, []string{"connsync.yaml", "connections/a.yaml"}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			dir := repository(t)
			c.change(t, dir)
			w, err := gitfs.OpenWorktree(dir)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = w.Close() })
			got, err := open(t, dir).Dirty(w.FS(), unhashed(c.read), underConnections)
			if err != nil || strings.Join(got, " ") != c.want {
				t.Errorf("%v %v, want %s", got, err, c.want)
			}
		})
	}
}

var (
	execPath sync.Once
	backend  string // the program serving a repository over HTTP
)

// hosted serves a repository over HTTP, to clients with the token.
func hosted(t *testing.T, dir string) string {
	t.Helper()
	execPath.Do(func() { backend = filepath.Join(run(t, dir, "--exec-path"), "git-http-backend") })
	h := &cgi.Handler{Path: backend, Env: []string{"GIT_PROJECT_ROOT=" + filepath.Dir(dir), "GIT_HTTP_EXPORT_ALL=1", "GIT_CONFIG_NOSYSTEM=1"}}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if len(r.Header.Values("Authorization")) > 1 { // as GitHub does
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		_, token, _ := r.BasicAuth()
		if bearer, ok := strings.CutPrefix(r.Header.Get("Authorization"), "bearer "); ok {
			token = bearer
		}
		if token == "canary-reader" && strings.Contains(r.URL.String(), "receive-pack") {
			w.WriteHeader(http.StatusForbidden)
			return
		}
		if token != "canary-token" && token != "canary-reader" {
			w.Header().Set("WWW-Authenticate", "Basic")
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		h.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	return server.URL + "/" + filepath.Base(dir)
}

func TestARemoteIsReadWithoutAClone(t *testing.T) {
	for name, prepare := range lines {
		t.Run(name, func(t *testing.T) {
			prepare(t)
			isReadWithoutAClone(t)
		})
	}
}

func isReadWithoutAClone(t *testing.T) {
	dir := repository(t)
	t.Setenv("TMPDIR", t.TempDir())
	defer func() {
		if left, err := os.ReadDir(os.TempDir()); err != nil || len(left) > 0 {
			t.Errorf("left behind: %v %v", left, err)
		}
	}()
	address := hosted(t, dir)
	env := func(token string) func(string) string {
		return func(k string) string { return map[string]string{"CONNSYNC_GIT_TOKEN": token}[k] }
	}
	for ref, want := range map[string]string{"": "version: 2\n", "main": "version: 2\n", "v1": "version: 1\n", "feature/x": "version: 0\n"} {
		r, err := gitfs.Clone(context.Background(), address, gitfs.CloneOptions{Ref: ref, Env: env("canary-token")})
		if err != nil {
			t.Errorf("%s: %v", ref, err)
			continue
		}
		files, _, err := r.Tree("HEAD")
		if err != nil || text(t, files, "connections/a.yaml") != want || r.CommonDir() != "" {
			t.Errorf("%s: %v", ref, err)
		}
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	}
	_, err := gitfs.Clone(context.Background(), address, gitfs.CloneOptions{Ref: "nothing", Env: env("canary-token")})
	var unknown *gitfs.UnknownRefError
	if !errors.As(err, &unknown) {
		t.Errorf("an unknown branch: %v", err)
	}
	for token, kind := range map[string]gitfs.RemoteKind{"": gitfs.RemoteDenied, "canary-wrong": gitfs.RemoteDenied} {
		_, err := gitfs.Clone(context.Background(), address, gitfs.CloneOptions{Env: env(token)})
		var remote *gitfs.RemoteError
		if !errors.As(err, &remote) || remote.Kind != kind || strings.Contains(fmt.Sprintf("%+v", err), "canary") {
			t.Errorf("token %q: %v", token, err)
		}
	}
	// What `git credential` knows is used once the remote asks.
	helper := filepath.Join(t.TempDir(), "config")
	write(t, filepath.Dir(helper), "config", "[credential]\n\thelper = \"!f() { echo username=u; echo password=canary-token; }; f\"\n")
	t.Setenv("GIT_CONFIG_GLOBAL", helper)
	r, err := gitfs.Clone(context.Background(), address, gitfs.CloneOptions{Env: env("")})
	if err != nil {
		t.Fatalf("git credential: %v", err)
	}
	_ = r.Close()
}

func TestAddresses(t *testing.T) {
	dir := repository(t)
	for _, local := range []string{dir, "file://" + dir} {
		r, err := gitfs.Clone(context.Background(), local, gitfs.CloneOptions{})
		if err != nil || r.CommonDir() != filepath.Join(dir, ".git") {
			t.Errorf("%s is opened: %v", local, err)
		}
	}
	for address, kind := range map[string]gitfs.RemoteKind{
		"http://git.example/x": gitfs.RemoteAddress, "https://u:canary@git.example/x": gitfs.RemoteAddress, "ssh://u:canary@git.example/x": gitfs.RemoteAddress,
		"ext::sh -c canary": gitfs.RemoteAddress, "--upload-pack=canary": gitfs.RemoteAddress, "git://git.example/x": gitfs.RemoteAddress, "http://127.0.0.1:1/x": gitfs.RemoteUnreachable,
	} {
		_, err := gitfs.Clone(context.Background(), address, gitfs.CloneOptions{})
		var remote *gitfs.RemoteError
		if !errors.As(err, &remote) || remote.Kind != kind || strings.Contains(err.Error(), "canary") || strings.Contains(err.Error(), "127.0.0.1") {
			t.Errorf("%s: %v", address, err)
		}
	}
	run(t, dir, "remote", "add", "origin", "https://u:canary@git.example/x.git?canary")
	remotes := open(t, dir).Remotes()
	if len(remotes) != 1 || remotes[0].URL != "https://git.example/x.git" {
		t.Errorf("%+v", remotes)
	}
}

func BenchmarkRead10000(b *testing.B) {
	dir := repository(b)
	for i := range 10_000 {
		write(b, dir, fmt.Sprintf("connections/%02d/c%05d.yaml", i%100, i), fmt.Sprintf("x: %d\n", i))
	}
	run(b, dir, "add", "-A")
	run(b, dir, "commit", "-q", "-m", "many")
	run(b, dir, "gc", "-q")
	w, err := gitfs.OpenWorktree(dir)
	if err != nil {
		b.Fatal(err)
	}
	defer w.Close()
	all := func(f fs.FS) (names []string) {
		if err := fs.WalkDir(f, "connections", func(p string, d fs.DirEntry, err error) error {
			if err == nil && !d.IsDir() {
				names = append(names, p)
				_, err = fs.ReadFile(f, p)
			}
			return err
		}); err != nil {
			b.Fatal(err)
		}
		return names
	}
	b.Run("worktree", func(b *testing.B) {
		for b.Loop() {
			all(w.FS())
		}
	})
	b.Run("commit", func(b *testing.B) {
		for b.Loop() {
			r, err := gitfs.Open(dir)
			if err != nil {
				b.Fatal(err)
			}
			files, _, err := r.Tree("HEAD")
			if err != nil {
				b.Fatal(err)
			}
			all(files)
			_ = r.Close()
		}
	})
	b.Run("dirty", func(b *testing.B) {
		names := all(w.FS())
		for b.Loop() {
			if d, err := open(b, dir).Dirty(w.FS(), unhashed(names), underConnections); err != nil || len(d) > 0 {
				b.Fatal(err, d)
			}
		}
	})
}

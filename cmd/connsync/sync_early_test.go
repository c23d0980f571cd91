package main

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gofrs/flock"

	"connsync/apply/secmaster"
	"connsync/apply/secmaster/emulator"
	"connsync/manifest"
)

// longSync is a clone with a target of more than a page, synced, beside a server that tells of lists asked for while no one held the lock.
type longSync struct {
	*branch
	t        *testing.T
	server   *emulator.Server
	env      map[string]string
	url      string
	text     string
	unlocked atomic.Int64 // lists
}

const longSize = 450 // known state of fewer may be so small that a page is expected

func newLongSync(t *testing.T) *longSync {
	t.Helper()
	l := &longSync{t: t}
	l.branch, l.text = longBranch(t, longSize) // its folder goes after the server, which looks at a lock in it
	l.server, l.env, _ = emulated(t)
	h := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodGet && strings.HasSuffix(r.URL.Path, "/assetcredentials") && l.free() {
			l.unlocked.Add(1)
		}
		l.server.ServeHTTP(w, r)
	}))
	t.Cleanup(h.Close)
	l.url = h.URL
	if code, out := l.run("sync", "--yes"); code != exitDone {
		t.Fatalf("exit code %d\n%s", code, out[max(0, len(out)-500):])
	}
	l.server.ResetRequests()
	return l
}

func (l *longSync) lock() *flock.Flock {
	return flock.New(filepath.Join(l.dir, ".git/connsync/prod.lock"))
}

// free tells whether no one holds the lock.
func (l *longSync) free() bool {
	lock := l.lock()
	defer lock.Close()
	got, err := lock.TryLock()
	return got || err != nil
}

func (l *longSync) run(args ...string) (int, string) {
	code, stdout, stderr := inProcess(l.env, append(args, "-C", l.dir, "--endpoint", l.url)...)
	return code, stdout + stderr
}

// However early a sync asks for its list, it has the lock then; it asks once, and what it plans is what it would have planned later.
func TestASyncAsksForItsListUnderTheLock(t *testing.T) {
	t.Parallel()
	l := newLongSync(t)
	if code, out := l.run("sync"); code != exitDone || !strings.Contains(out, fmt.Sprintf("%d unchanged", longSize)) || l.server.Count("list connections") != secmaster.PagesOf(longSize) {
		t.Errorf("exit code %d, %d lists\n%s", code, l.server.Count("list connections"), out)
	}
	l.write(branchFile, strings.Replace(l.text, "https://c007.example", "https://seven.example", 1))
	l.commit("one")
	if code, out := l.run("sync", "--yes"); code != exitDone || !strings.Contains(out, "1 updated, 449 unchanged") {
		t.Errorf("exit code %d\n%s", code, out)
	}
	if n := l.unlocked.Load(); n > 0 || !l.free() {
		t.Errorf("%d lists were asked for without the lock; it is free afterwards: %v", n, l.free())
	}
}

// Where another sync holds the lock, nothing is asked for before it is given back.
func TestASyncThatWaitsAsksForNothing(t *testing.T) {
	t.Parallel()
	l := newLongSync(t)
	other := l.lock()
	if got, err := other.TryLock(); !got || err != nil {
		t.Fatal(got, err)
	}
	code, out := l.run("sync", "--lock-timeout", "300ms")
	if code != exitRefused || !strings.Contains(out, "another sync holds the known state") || len(l.server.Requests()) != 0 {
		t.Errorf("exit code %d, %d requests\n%s", code, len(l.server.Requests()), out)
	}
	time.AfterFunc(300*time.Millisecond, func() { _ = other.Close() })
	if code, out = l.run("sync"); code != exitDone || !strings.Contains(out, "450 unchanged") {
		t.Errorf("exit code %d\n%s", code, out)
	}
}

// A mistake in a manifest ends a sync that holds the lock already: it asked for nothing but a list, wrote nothing, and gives the lock back.
func TestAMistakeEndsASyncThatBeganEarly(t *testing.T) {
	t.Parallel()
	l := newLongSync(t)
	before := runGit(t, l.dir, "rev-parse", "connsync-state/prod")
	l.write(branchFile, strings.Replace(l.text, "endpoint", "endpoint: x, endpoint", 1))
	l.commit("wrong")
	if code, out := l.run("sync"); code != exitFailed || !strings.Contains(out, branchFile+":3:") {
		t.Errorf("exit code %d\n%s", code, out)
	}
	for _, r := range l.server.Requests() {
		if r.Method != http.MethodGet || r.Route != "list connections" {
			t.Errorf("asked beside a mistake: %v", r)
		}
	}
	if now := runGit(t, l.dir, "rev-parse", "connsync-state/prod"); now != before || !l.free() {
		t.Errorf("known state is %s after %s; the lock is free: %v", now, before, l.free())
	}
}

// A first sync of many files asks for the plugins, too, once; where a manifest is wrong, for nothing else.
func TestAFirstSyncOfManyFilesAsksEarly(t *testing.T) {
	t.Parallel()
	l := newLongSync(t)
	for i := range many {
		l.write(fmt.Sprintf("more/%d.txt", i), "")
	}
	l.commit("many files")
	forget := func() { runGit(t, l.dir, "update-ref", "-d", "refs/heads/connsync-state/prod") }
	forget()
	if code, out := l.run("sync", "--yes"); code != exitDone || !strings.Contains(out, fmt.Sprintf("%d adopted", longSize)) || l.server.Count(emulator.RouteComponents) != 1 {
		t.Errorf("exit code %d, the plugins were asked for %d times\n%s", code, l.server.Count(emulator.RouteComponents), out[max(0, len(out)-500):])
	}
	if n := l.unlocked.Load(); n > 0 {
		t.Errorf("%d lists were asked for without the lock", n)
	}
	l.server.ResetRequests()
	forget()
	l.write(branchFile, strings.Replace(l.text, "endpoint", "endpoint: x, endpoint", 1))
	l.commit("a mistake")
	if code, out := l.run("sync"); code != exitFailed || !strings.Contains(out, branchFile+":3:") {
		t.Errorf("exit code %d\n%s", code, out)
	}
	for _, r := range l.server.Requests() {
		if r.Method != http.MethodGet || r.Route != emulator.RouteList && r.Route != emulator.RouteComponents {
			t.Errorf("asked beside a mistake: %v", r)
		}
	}
	if !l.free() {
		t.Error("the lock is held after a mistake")
	}
}

// Which syncs begin early: those of one target, with a long list or many files, known state of this machine alone, and no one else at it.
func TestWhichSyncsHoldEarly(t *testing.T) {
	t.Parallel()
	l := newLongSync(t)
	early := func(change func(r *syncRun, p *manifest.Project)) bool {
		t.Helper()
		r := &syncRun{cmd: &syncCmd{Parallelism: 1, Timeout: time.Minute}, g: &globals{Dir: l.dir, Config: "connsync.yaml", Endpoint: l.url}, w: world{env: func(k string) string { return l.env[k] }}}
		var err error
		if r.src, err = r.g.open(context.Background(), r.w); err != nil {
			t.Fatal(err)
		}
		defer r.close()
		p, err := r.g.project(r.src)
		if err != nil {
			t.Fatal(err)
		}
		change(r, &p)
		r.early = r.holdEarly(context.Background(), p, r.g.selected(p, manifest.Set{}))
		if held := !l.free(); held != (r.early != nil) {
			t.Errorf("held: %v, early: %v", held, r.early != nil)
		}
		return r.early != nil
	}
	if !early(func(*syncRun, *manifest.Project) {}) {
		t.Fatal("none does")
	}
	for what, change := range map[string]func(*syncRun, *manifest.Project){
		"two targets": func(_ *syncRun, p *manifest.Project) { p.Targets["other"] = p.Targets["prod"] },
		"nothing known, few files": func(_ *syncRun, p *manifest.Project) {
			other := p.Targets["prod"]
			other.Name = "other"
			p.Targets = map[string]manifest.Target{"other": other}
		},
		"a home is accepted": func(r *syncRun, _ *manifest.Project) { r.cmd.AcceptHome = new(string) },
		"CI, and no remote": func(r *syncRun, _ *manifest.Project) {
			r.w.env = func(k string) string { return map[string]string{"CI": "1"}[k] }
		},
		"known state of none": func(r *syncRun, _ *manifest.Project) { r.g.State = l.t.TempDir() },
	} {
		if early(change) {
			t.Errorf("%s: the lock is taken early", what)
		}
	}
	for i := range many {
		l.write(fmt.Sprintf("more/%d.txt", i), "")
	}
	l.commit("many files")
	runGit(t, l.dir, "update-ref", "-d", "refs/heads/connsync-state/prod")
	if !early(func(*syncRun, *manifest.Project) {}) {
		t.Error("nothing known, many files: the lock is not taken early")
	}
	runGit(t, l.dir, "remote", "add", "origin", l.dir)
	if early(func(*syncRun, *manifest.Project) {}) {
		t.Error("a remote shares known state, and the lock is taken before it was asked")
	}
}

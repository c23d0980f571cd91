package main

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"connsync/apply/secmaster/emulator"
	"connsync/apply/state"
	"connsync/manifest"
)

// interruptedAt are the creates at which syncs of several targets are interrupted, and killedAt the effects at which they are killed: more of them in the
// long form.
func interruptedAt() []int64 {
	if *crashLong {
		return []int64{1, 2, 3, 4, 5, 6, 7, 8, 9, 10}
	}
	return []int64{4}
}

func killedAt() (at []int) {
	if !*crashLong {
		return []int{75}
	}
	for i := 5; i < 150; i += 5 {
		at = append(at, i)
	}
	return at
}

// varying is what two runs never have in common: ids, times, and how long a run took.
var varying = regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f-]{27}|[0-9a-f]{7,64}|[0-9-]{10}T[0-9:.]+Z|[0-9.]+ ?m?s\b|"milliseconds": [0-9]+|127\.0\.0\.1:[0-9]+`)

// differs is the first line of a text that another one does not have in its place, but for what varies.
func differs(a, b string) string {
	as, bs := strings.Split(varying.ReplaceAllString(a, "-"), "\n"), strings.Split(varying.ReplaceAllString(b, "-"), "\n")
	for i := range as {
		if i >= len(bs) || as[i] != bs[i] {
			return fmt.Sprintf("line %d: %s, of %d and %d lines", i+1, as[i], len(as), len(bs))
		}
	}
	return ""
}

// Four targets at a time are listed, and written to. What is said has the order of the targets, and is what is said of one after the other.
func TestASyncWorksOnTargetsSideBySide(t *testing.T) {
	t.Parallel()
	f := newConvoy(t, 6, 2)
	lists, writes := newMeeting(targetsOnce), newMeeting(targetsOnce)
	f.before = func(w http.ResponseWriter, r *http.Request) bool {
		target := workspaceOf(r)
		switch {
		case target == "4": // its plan fails
			http.Error(w, "{}", http.StatusForbidden)
			return true
		case r.Method == http.MethodPost && strings.HasSuffix(r.URL.Path, "/assetcredentials"):
			writes.come(target)
			if target == "1" { // its writes fail
				http.Error(w, "{}", http.StatusBadRequest)
				return true
			}
		case strings.HasSuffix(r.URL.Path, "/assetcredentials"):
			lists.come(target)
		}
		return false
	}
	report := filepath.Join(t.TempDir(), "report.json")
	code, out, errs := f.run(t.Context(), "sync", "-q", "--settle", "1ms", "--report", report)
	if !lists.met() || !writes.met() {
		t.Errorf("at once: lists of %v, writes of %v", lists.of, writes.of)
	}
	if code != exitPartly || strings.Count(out, "2 created") != 4 || strings.Count(errs, "error: t4: ") != 1 {
		t.Errorf("exit %d\n%s%s", code, out, errs)
	}
	before := -1
	for _, i := range []int{0, 1, 2, 3, 5} {
		at := strings.LastIndex(out, fmt.Sprintf("t%d", i))
		if at <= before {
			t.Errorf("the report of t%d stands at %d, after %d:\n%s", i, at, before, out)
		}
		before = at
	}
	text, err := os.ReadFile(report)
	if err != nil {
		t.Fatal(err)
	}
	one := newConvoy(t, 6, 2)
	one.before = f.before
	report = filepath.Join(t.TempDir(), "report.json")
	oneCode, oneOut, oneErrs := one.run(t.Context(), "sync", "-q", "--settle", "1ms", "-v", "--report", report)
	oneText, err := os.ReadFile(report)
	logged := regexp.MustCompile(`(?m)^time=.*\n`)
	if err != nil || code != oneCode {
		t.Errorf("one after the other: exit %d, %v", oneCode, err)
	}
	for what, texts := range map[string][2]string{"stdout": {oneOut, out}, "stderr": {logged.ReplaceAllString(oneErrs, ""), errs}, "the report": {string(oneText), string(text)}} {
		if d := differs(texts[0], texts[1]) + differs(texts[1], texts[0]); d != "" {
			t.Errorf("%s is not what it is of one after the other: %s", what, d)
		}
	}
	requests := logged.FindAllString(oneErrs, -1)
	var turns []string
	for _, r := range requests {
		if m := regexp.MustCompile(`/workspaces/w-([0-9])/`).FindStringSubmatch(r); m != nil && (len(turns) == 0 || turns[len(turns)-1] != m[1]) {
			turns = append(turns, m[1])
		}
	}
	if got := strings.Join(turns, ""); got != "01234501235" {
		t.Errorf("with -v the requests of a target do not stand together: %s", got)
	}
}

// A target that does not answer keeps none of the others from being planned, and none from being written to.
func TestATargetThatDoesNotAnswerDelaysNoOther(t *testing.T) {
	t.Parallel()
	const n = 6
	for what, route := range map[string]func(r *http.Request) bool{
		"its list":  func(r *http.Request) bool { return r.Method == http.MethodGet },
		"its write": func(r *http.Request) bool { return r.Method == http.MethodPost },
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			f := newConvoy(t, n, 1)
			var others atomic.Int64
			all, late := make(chan struct{}), atomic.Bool{}
			f.before = func(w http.ResponseWriter, r *http.Request) bool {
				if !strings.HasSuffix(r.URL.Path, "/assetcredentials") || !route(r) || late.Load() {
					return false
				}
				if workspaceOf(r) != "0" {
					if others.Add(1) == n-1 {
						close(all)
					}
					return false
				}
				select {
				case <-all:
				case <-time.After(20 * time.Second):
					late.Store(true)
				}
				http.Error(w, "{}", http.StatusForbidden)
				return true
			}
			code, out, errs := f.run(t.Context(), "sync", "--settle", "1ms")
			if late.Load() || code != exitPartly || strings.Count(out, "1 created") != n-1 {
				t.Errorf("late: %t, exit %d\n%s%s", late.Load(), code, out, errs)
			}
		})
	}
}

// Locks are taken in the order of the targets: who waits for one holds none that comes after it.
func TestWhoWaitsForALockHoldsNoLaterOne(t *testing.T) {
	t.Parallel()
	f := newConvoy(t, 3, 1)
	g := &globals{Dir: f.dir}
	src, err := g.openWorktree()
	if err != nil {
		t.Fatal(err)
	}
	defer src.close()
	hold := func(target string, wait time.Duration) (*state.Session, error) {
		store, err := g.store(world{env: func(string) string { return "" }}, src, manifest.StatePolicy{Remote: "none"}, target)
		if err != nil {
			t.Fatal(err)
		}
		return store.Hold(t.Context(), wait)
	}
	first, err := hold("t0", 0)
	if err != nil {
		t.Fatal(err)
	}
	asked := make(chan bool, 100)
	f.world = func(w *world) {
		w.effect = func(op string) error {
			if op == "before lock" {
				asked <- true
			}
			return nil
		}
	}
	var done sync.WaitGroup
	defer done.Wait()
	done.Go(func() {
		if code, out, errs := f.run(t.Context(), "sync", "--settle", "1ms", "--lock-timeout", "20s"); code != exitDone || strings.Count(out, "1 created") != 3 {
			t.Errorf("exit %d\n%s%s", code, out, errs)
		}
	})
	<-asked
	time.Sleep(50 * time.Millisecond)
	for _, later := range []string{"t1", "t2"} {
		s, err := hold(later, time.Millisecond)
		if err != nil {
			t.Errorf("%s is held: %v", later, err)
			continue
		}
		_ = s.Close()
	}
	if n := len(asked); n > 0 {
		t.Errorf("%d more locks were asked for", n)
	}
	_ = first.Close()
}

// Two syncs of the same targets wait for each other, and nothing is written twice.
func TestTwoSyncsOfTheSameTargets(t *testing.T) {
	t.Parallel()
	f := newConvoy(t, 5, 1)
	var both sync.WaitGroup
	for range 2 {
		both.Go(func() {
			if code, out, errs := f.run(t.Context(), "sync", "--settle", "1ms", "--lock-timeout", "60s", "-q"); code != exitDone {
				t.Errorf("exit %d\n%s%s", code, out, errs)
			}
		})
	}
	both.Wait()
	if n := f.server.Count(emulator.RouteCreate); n != 5 {
		t.Errorf("%d creates", n)
	}
	f.converged(t, 1)
}

// A panic while one target is planned is that target's error. One while it is carried out leaves its writes unknown. The others go on, and nothing of the
// panic is shown.
func TestAPanicIsTheErrorOfItsTarget(t *testing.T) {
	t.Parallel()
	for op, want := range map[string]struct {
		code int
		says string
	}{
		"before lock":          {exitPartly, "error: t0: internal error"},
		"before create object": {exitUnknown, "1 unknown"},
	} {
		f := newConvoy(t, 3, 1)
		var once sync.Once
		f.world = func(w *world) {
			w.effect = func(is string) error {
				if is == op {
					once.Do(func() { panic("canary") })
				}
				return nil
			}
		}
		code, out, errs := f.run(t.Context(), "sync", "--settle", "1ms")
		if code != want.code || strings.Count(out, "1 created") != 2 || strings.Count(out+errs, want.says) != 1 || strings.Contains(out+errs, "canary") {
			t.Errorf("%s: exit %d\n%s%s", op, code, out, errs)
		}
		f.world = nil
		f.heals(t, op, 1)
	}
}

// An interruption ends all targets, each in order: every one is reported, what was done is recorded, and one more sync does the rest and nothing twice.
func TestASyncInterruptedAmongSeveralTargets(t *testing.T) {
	t.Parallel()
	for _, at := range interruptedAt() {
		f := newConvoy(t, 6, 2)
		ctx, interrupt := context.WithCancel(t.Context())
		var posts atomic.Int64
		f.before = func(_ http.ResponseWriter, r *http.Request) bool {
			if r.Method == http.MethodPost && strings.HasSuffix(r.URL.Path, "/assetcredentials") && posts.Add(1) == at {
				interrupt()
			}
			return false
		}
		code, out, errs := f.run(ctx, "sync", "--settle", "1ms", "--parallelism", "1")
		interrupt()
		made := len(f.server.Connections())
		if code != exitInterrupted || strings.Count(out, "Done t") != 6 || made == 12 || int64(made) < at {
			t.Errorf("at %d: exit %d, %d made\n%s%s", at, code, made, out, errs)
		}
		known := 0
		for i := range 6 {
			if strings.Contains(runGit(t, f.dir, "for-each-ref", fmt.Sprint("refs/heads/connsync-state/t", i)), "t") {
				known += strings.Count(runGit(t, f.dir, "show", fmt.Sprintf("connsync-state/t%d:known.jsonl", i)), `"id"`)
			}
		}
		if known != made {
			t.Errorf("at %d: %d of %d are known", at, known, made)
		}
		f.heals(t, at, 2)
	}
}

// A kill in the middle of several targets loses nothing: one more sync does the rest, and makes nothing twice.
func TestASyncKilledAmongSeveralTargets(t *testing.T) {
	t.Parallel()
	for _, at := range killedAt() {
		f := newConvoy(t, 5, 2)
		cmd := f.process(t, fmt.Sprint(effectAt, "=", at))
		if out, err := cmd.CombinedOutput(); err == nil || !strings.Contains(err.Error(), "killed") {
			t.Fatalf("at %d: it lives: %v: %s", at, err, out)
		}
		f.heals(t, at, 2)
	}
}

// With a shared remote the targets are looked at together and fetched together, and each is pushed to its own branch by two pushes: of a clone with all of
// known state one look is all the remote sees, and of one without it one fetch more.
func TestManyTargetsAreOneLookAndOneFetch(t *testing.T) {
	f := newConvoy(t, 2, 1)
	bare := filepath.Join(quickDir(t), "bare.git")
	runGit(t, f.dir, "clone", "-q", "--bare", ".", bare)
	runGit(t, f.dir, "remote", "add", "origin", bare)
	asked := countedGit(t)
	count := func(what string, looks, fetches, pushes int, args ...string) {
		t.Helper()
		code, out, errs := f.run(t.Context(), args...)
		got := asked("ls-remote", "fetch", "push")
		if code != exitDone || got[0] < min(looks, 1) || got[0] > looks || got[1] != fetches || got[2] != pushes {
			t.Errorf("%s: exit %d, %d looks, %d fetches, %d pushes\n%s%s", what, code, got[0], got[1], got[2], out, errs)
		}
	}
	count("all new", 2, 0, 4, "sync", "--settle", "1ms")
	count("nothing to do", 2, 0, 0, "sync")
	clone := func(args ...string) string {
		dir := filepath.Join(quickDir(t), "clone")
		runGit(t, f.dir, append(append([]string{"clone", "-q", "--single-branch"}, args...), "file://"+bare, dir)...)
		asked()
		return dir
	}
	first := f.dir
	for _, dir := range []string{clone("--depth", "1"), clone()} {
		f.dir = dir
		count("diff in a new clone", 1, 1, 0, "diff", "--exit-code")
		count("sync in a new clone", 2, 1, 0, "sync")
	}
	second := f.dir
	f.dir = first
	count("all once more", 2, 0, 4, "sync", "--settle", "1ms", "--rewrite", "*")
	f.dir = second
	count("what the other one did", 2, 1, 0, "sync")
	runGit(t, f.dir, "fsck", "--strict")
	for i := range 2 {
		ref := state.Ref(fmt.Sprint("t", i))
		if here, there := runGit(t, f.dir, "rev-parse", ref), runGit(t, bare, "rev-parse", ref); here != there {
			t.Errorf("%s is %s here, %s there", ref, here, there)
		}
	}
}

// A remote that is gone is asked twice, not once for each target; each target says why it is not planned.
func TestARemoteThatIsGoneIsNotAskedForEachTarget(t *testing.T) {
	f := newConvoy(t, 6, 1)
	runGit(t, f.dir, "remote", "add", "origin", filepath.Join(f.dir, "gone"))
	asked := countedGit(t)
	code, out, errs := f.run(t.Context(), "sync")
	if n := asked("ls-remote")[0]; code != exitFailed || n != mostFailed || strings.Count(errs, "error: t") != 6 {
		t.Errorf("exit %d, %d looks\n%s%s", code, n, out, errs)
	}
}

package apply_test

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"github.com/go-git/go-git/v5"

	"connsync/apply"
	"connsync/apply/secmaster"
	"connsync/apply/secmaster/emulator"
	"connsync/apply/state"
	"connsync/diff"
	"connsync/manifest"
	"connsync/manifest/gitfs/gittest"
	"connsync/secrets"
)

// clock is a time passing only while a run sleeps; a test can arrange what happens then.
type clock struct {
	mu      sync.Mutex
	at      time.Time
	waiting func()
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *clock) sleep(ctx context.Context, d time.Duration) error {
	c.mu.Lock()
	c.at = c.at.Add(d)
	waiting := c.waiting
	c.mu.Unlock()
	if waiting != nil {
		waiting()
	}
	return ctx.Err()
}

// scene is a workspace, a repository with manifests and known state, and the sync of them.
type scene struct {
	t       testing.TB
	server  *emulator.Server
	handler http.Handler // what stands before the server
	url     string
	repo    string
	files   fstest.MapFS
	clock   *clock
	expires time.Duration
	prune   bool
	limit   apply.Limit // of a prune
	client  func(apply.Writer) apply.Writer
	open    func() (*state.Session, error) // takes the state's lock; nil for a working disk
	decrypt apply.Open                     // nil: nothing is encrypted
	now     func() time.Time               // the client's clock; nil for the real one
	rewrite bool
	uses    bool

	reviewed     bool   // a plan without a key is expected
	destinations string // default: manifest.Reviewed

	checks          string              // under which files are recorded as applied; "" records none
	hint            state.Snapshot      // may vouch for files
	rereads         func() apply.Reread // in place of reading; nil reads
	reads           []string            // resting files read after all
	resumed, rested int                 // connections read, and not read, by the plan
}

func staged(t testing.TB, names ...string) *scene {
	t.Helper()
	t.Setenv("GIT_CONFIG_GLOBAL", os.DevNull)
	server, err := emulator.New(emulator.Options{})
	if err != nil {
		t.Fatal(err)
	}
	s := &scene{limit: apply.Limit{Most: 100, Percent: true, Empty: true}, t: t, server: server, repo: t.TempDir(), clock: &clock{at: time.Now()}, expires: 15 * time.Minute}
	s.handler = server
	h := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { s.handler.ServeHTTP(w, r) }))
	t.Cleanup(h.Close)
	s.url = h.URL
	if err := gittest.Init(s.repo, "main", false); err != nil {
		t.Fatal(err)
	}
	s.wants(names...)
	return s
}

// wants writes one manifest with these connections.
func (s *scene) wants(names ...string) {
	var b strings.Builder
	b.WriteString("connections:\n  prod:\n")
	for _, n := range names {
		fmt.Fprintf(&b, "    %s:\n      component: EdrVendor\n      version: \"2.1\"\n      config:\n        endpoint: https://%s.example\n", n, n)
	}
	if len(names) == 0 {
		b.WriteString("    {}\n")
	}
	s.files = fstest.MapFS{
		"connsync.yaml":      {Data: []byte("targets:\n  prod:\n    region: cn-north-4\n    workspace_id: " + emulator.DefaultWorkspace + "\n")},
		"connections/a.yaml": {Data: []byte(strings.Replace(b.String(), "  prod:\n    {}\n", "  prod: {}\n", 1))},
	}
}

func (s *scene) session() *state.Session {
	s.t.Helper()
	repo, err := git.PlainOpen(s.repo)
	if err != nil {
		s.t.Fatal(err)
	}
	store, err := state.Open(state.Repo{Git: repo, CommonDir: filepath.Join(s.repo, ".git"), Now: s.clock.now}, "prod")
	if err != nil {
		s.t.Fatal(err)
	}
	session, err := store.Lock(context.Background(), time.Second)
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { _ = session.Close() })
	return session
}

func (s *scene) lock() (*state.Session, error) {
	s.t.Helper()
	if s.open != nil {
		return s.open()
	}
	return s.session(), nil
}

// prepare plans a sync of what is wanted. The caller closes the session.
func (s *scene) prepare(ctx context.Context) (*apply.Prepared, *state.Session, error) {
	s.t.Helper()
	target, w, session, err := s.target()
	if err != nil {
		return nil, nil, err
	}
	now := s.clock.now()
	prepared, err := apply.Prepare(ctx, apply.Sync{
		Target: target, Client: w, State: session, Files: s.files, Parallelism: 10,
		Open:  s.opener(),
		Run:   state.Run{ID: fmt.Sprint("r", now.UnixNano()), Started: now, Expires: now.Add(s.expires)},
		Clock: apply.Clock{Now: s.clock.now, Sleep: s.clock.sleep},
	})
	return prepared, session, err
}

// target is what is wanted, with a client and the lock on known state.
func (s *scene) target() (apply.Target, apply.Writer, *state.Session, error) {
	s.t.Helper()
	p, err := manifest.LoadProject(s.files, "connsync.yaml")
	if err != nil {
		s.t.Fatal(err)
	}
	want, rest, err := s.survey(p, nil)
	if err != nil {
		return apply.Target{}, nil, nil, err
	}
	s.reads, s.resumed, s.rested = nil, len(want), len(rest)
	client, err := secmaster.NewClient(secmaster.Options{
		Endpoint: s.url, Region: "cn-north-4", WorkspaceID: emulator.DefaultWorkspace, Sleep: func(ctx context.Context, _ time.Duration) error { return ctx.Err() },
		Credentials: secmaster.Credentials{AccessKey: emulator.DefaultAccessKey, SecretKey: secrets.Hide(emulator.DefaultSecretKey)}, Parallelism: 10, Now: s.now,
	})
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(client.Close)
	var w apply.Writer = client
	if s.client != nil {
		w = s.client(client)
	}
	session, err := s.lock()
	return apply.Target{
		Name: "prod", Destinations: cmp.Or(s.destinations, manifest.Reviewed), Place: diff.Place{Region: "cn-north-4", WorkspaceID: emulator.DefaultWorkspace}, Want: want, Commit: "c1",
		Uses: s.uses, Prune: s.prune, Limit: s.limit, Rewrite: func(string) bool { return s.rewrite }, Reviewed: s.reviewed,
		Checks: s.checks, Rest: rest, RestedAt: s.hint.Commit, Reread: s.reread(p),
	}, w, session, err
}

// survey reads what is wanted, but for the files vouched for by the hint.
func (s *scene) survey(p manifest.Project, but []string) (want []manifest.Connection, rest []manifest.Rested, err error) {
	return surveyed(s.files, p, s.hint, s.checks, but)
}

// surveyed reads what is wanted in files, but for those that known state vouches for under some checks. Of these, some are read all the same.
func surveyed(files fs.FS, p manifest.Project, known state.Snapshot, checks string, but []string) (want []manifest.Connection, rest []manifest.Rested, err error) {
	set, found, err := manifest.SurveyBut(files, p, nil, func(string) map[string]manifest.Vouched {
		out := diff.Resting(known.Known, checks)
		for file, v := range out {
			v.Target = "prod"
			out[file] = v
		}
		for _, file := range but {
			delete(out, file)
		}
		return out
	})
	if found = found.Fatal(); err == nil && len(found) > 0 {
		err = found
	}
	return set.Target("prod"), set.RestingOf("prod"), err
}

func (s *scene) reread(p manifest.Project) apply.Reread {
	if s.rereads != nil {
		return s.rereads()
	}
	return func(files []string) (want []manifest.Connection, rest []manifest.Rested, err error) {
		s.reads = append(s.reads, files...)
		return s.survey(p, s.reads)
	}
}

func (s *scene) opener() apply.Open {
	if s.decrypt != nil {
		return s.decrypt
	}
	return func(context.Context, string, []byte) (map[secrets.Path]secrets.Value, string, error) {
		return nil, "", nil
	}
}

func (s *scene) sync() apply.Report {
	s.t.Helper()
	p, session, err := s.prepare(context.Background())
	if err != nil {
		s.t.Fatal(err)
	}
	defer session.Close()
	return p.Run(context.Background())
}

// outcomes are a report in short: "created a, failed b".
func outcomes(r apply.Report) string {
	var out []string
	for _, res := range r.Results {
		out = append(out, fmt.Sprintf("%s %s", res.Outcome, res.Name))
	}
	sort.Strings(out)
	return strings.Join(out, ", ")
}

func (s *scene) expect(r apply.Report, want string, posts, there int) {
	s.t.Helper()
	if got := outcomes(r); got != want {
		s.t.Errorf("outcomes %s, want %s (%v)", got, want, r.Err)
	}
	if n := s.server.Count(emulator.RouteCreate); n != posts {
		s.t.Errorf("%d creates were sent, want %d", n, posts)
	}
	if n := len(s.server.Connections()); n != there {
		s.t.Errorf("%d connections, want %d", n, there)
	}
}

func (s *scene) known() state.Snapshot {
	s.t.Helper()
	session := s.session()
	defer session.Close()
	return session.Snapshot()
}

func TestASyncCreatesAndThenRests(t *testing.T) {
	s := staged(t, "a", "b")
	s.expect(s.sync(), "created a, created b", 2, 2)
	if k := s.known(); len(k.Known) != 2 || len(k.Intents) != 0 || k.Run != nil || k.Applied != "c1" || k.Of("a").ID == "" {
		t.Errorf("known %+v", k)
	}
	before := s.known().Commit
	s.server.ResetRequests()
	s.expect(s.sync(), "unchanged a, unchanged b", 0, 2)
	if s.known().Commit != before || s.server.Count("") != s.server.Count(emulator.RouteList)+s.server.Count(emulator.RouteProject) {
		t.Errorf("a sync that rests wrote something: %v", s.server.Requests())
	}
}

func TestOneFailureDoesNotStopTheOthers(t *testing.T) {
	s := staged(t, "a", "b", "c")
	s.server.Fail(emulator.Fault{Route: emulator.RouteCreate, Name: "b", Kind: emulator.FaultStatus, Status: 400, Text: "no"})
	r := s.sync()
	s.expect(r, "created a, created c, failed b", 3, 2)
	if k := s.known(); len(k.Known) != 2 || len(k.Intents) != 0 {
		t.Errorf("known %+v", k)
	}
}

func TestAnAnswerThatIsLostIsSettledByTheList(t *testing.T) {
	s := staged(t, "a", "b")
	s.server.Fail(emulator.Fault{Route: emulator.RouteCreate, Name: "a", Kind: emulator.FaultReset, After: true})
	s.expect(s.sync(), "created a, created b", 2, 2)
	if n := s.server.Count(emulator.RouteUpdate); n != 1 {
		t.Errorf("%d updates: what nobody confirmed is written once in full", n)
	}
}

func TestACreateThatAppearsLateIsFound(t *testing.T) {
	s := staged(t, "a")
	if err := s.server.Set("lag=3"); err != nil {
		t.Fatal(err)
	}
	s.server.Fail(emulator.Fault{Route: emulator.RouteCreate, Kind: emulator.FaultStatus, Status: 504, After: true})
	s.expect(s.sync(), "created a", 1, 1)
}

func TestWhatIsUnclearAndUnseenStaysAnnounced(t *testing.T) {
	s := staged(t, "a")
	s.server.Fail(emulator.Fault{Route: emulator.RouteCreate, Kind: emulator.FaultReset})
	s.expect(s.sync(), "unknown a", 1, 0)
	if i := s.known().Intents["a"]; i.Kind != diff.IntentCreate {
		t.Errorf("intents %+v", s.known().Intents)
	}
	// The next run waits until the first one can no longer have an effect; only then it sends a second create.
	start := s.clock.now()
	s.expect(s.sync(), "created a", 2, 1)
	if waited := s.clock.now().Sub(start); waited < time.Minute {
		t.Errorf("waited %v", waited)
	}
	if len(s.known().Intents) != 0 {
		t.Errorf("intents %+v", s.known().Intents)
	}
}

func TestACreateThatWasExecutedAfterAllIsAdopted(t *testing.T) {
	s := staged(t, "a")
	component, version := s.server.Plugin("EdrVendor", "2.1")
	s.server.Fail(emulator.Fault{Route: emulator.RouteCreate, Kind: emulator.FaultReset})
	s.expect(s.sync(), "unknown a", 1, 0)
	s.clock.waiting = func() {
		s.clock.waiting = nil
		s.server.Put(emulator.Connection{Name: "a", ComponentID: component, ComponentVersionID: version, Config: `{"endpoint":"half"}`})
	}
	s.expect(s.sync(), "adopted a", 1, 1)
	if c := s.server.Connections()[0]; c.Config != `{"endpoint":"https://a.example"}` {
		t.Errorf("config %s", c.Config)
	}
}

func TestADeadRunIsTakenUp(t *testing.T) {
	s := staged(t, "a", "b")
	s.expect(s.sync(), "created a, created b", 2, 2)
	// A run announced an update of a and a create of c, and died.
	session := s.session()
	expires := s.clock.now().Add(time.Minute)
	if _, err := session.Commit(context.Background(), new(state.Edit).Announce(state.Run{ID: "dead", Expires: expires},
		state.Intent{Name: "a", Kind: diff.IntentUpdate, Run: "dead", Expires: expires}, state.Intent{Name: "c", Kind: diff.IntentCreate, Run: "dead", Expires: expires},
	)); err != nil {
		t.Fatal(err)
	}
	_ = session.Close()
	s.wants("a", "b", "c")
	s.expect(s.sync(), "created c, unchanged b, updated a", 3, 3)
	if k := s.known(); len(k.Intents) != 0 || k.Run != nil {
		t.Errorf("left open: %+v", k)
	}
}

func TestTwiceDeliveredIsADuplicateThatIsNamed(t *testing.T) {
	s := staged(t, "a")
	s.handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost {
			component, version := s.server.Plugin("EdrVendor", "2.1")
			s.server.Put(emulator.Connection{Name: "a", ComponentID: component, ComponentVersionID: version, Config: `{"endpoint":"https://a.example"}`})
		}
		s.server.ServeHTTP(w, r)
	})
	r := s.sync()
	s.expect(r, "created a", 1, 2)
	if len(r.Results[0].Duplicates) != 1 || r.Results[0].Duplicates[0] == r.Results[0].ID {
		t.Errorf("%+v", r.Results[0])
	}
}

func TestFiveServerErrorsInARowEndTheSending(t *testing.T) {
	var names []string
	for i := range 40 {
		names = append(names, fmt.Sprintf("c%02d", i))
	}
	s := staged(t, names...)
	s.server.Fail(emulator.Fault{Route: emulator.RouteCreate, Kind: emulator.FaultStatus, Status: 500, Times: 1000})
	r := s.sync()
	posts := s.server.Count(emulator.RouteCreate)
	if posts < 5 || posts > 5+10 || strings.Count(outcomes(r), "skipped") != 40-posts || r.Err == nil {
		t.Errorf("%d creates were sent, %v: %s", posts, r.Err, outcomes(r))
	}
	if k := s.known(); len(k.Intents) != posts {
		t.Errorf("%d intents stay open for %d creates that were sent", len(k.Intents), posts)
	}
}

func TestRefusedCredentialsEndTheSending(t *testing.T) {
	s := staged(t, "a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l", "m", "n", "o", "p")
	s.server.Fail(emulator.Fault{Route: emulator.RouteCreate, Kind: emulator.FaultStatus, Status: 403, Shape: "iam", Times: 100})
	r := s.sync()
	if n := s.server.Count(emulator.RouteCreate); n > 11 || !errors.Is(r.Err, secmaster.ErrDenied) || len(s.known().Intents) != 0 {
		t.Errorf("%d creates, %v, %s", n, r.Err, outcomes(r))
	}
}

func TestAfterItsExpiryARunSendsNothing(t *testing.T) {
	s := staged(t, "a")
	s.expires = -time.Second
	s.expect(s.sync(), "skipped a", 0, 0)
	if k := s.known(); len(k.Intents) != 0 {
		t.Errorf("a create that was never sent stays announced: %+v", k.Intents)
	}
}

// blockState puts a branch in the way of known state's ref.
func (s *scene) blockState() {
	s.t.Helper()
	if err := os.WriteFile(filepath.Join(s.repo, ".git/refs/heads/connsync-state"), []byte(strings.Repeat("a", 40)+"\n"), 0o600); err != nil {
		s.t.Fatal(err)
	}
}

func TestWithoutTheAnnouncementNothingIsSent(t *testing.T) {
	s := staged(t, "a")
	p, session, err := s.prepare(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	defer session.Close()
	s.blockState()
	r := p.Run(context.Background())
	s.expect(r, "skipped a", 0, 0)
	if !errors.Is(r.Err, apply.ErrNotAnnounced) {
		t.Errorf("%v", r.Err)
	}
}

func TestAClosingListThatFailsLeavesEverythingAnnounced(t *testing.T) {
	s := staged(t, "a")
	p, session, err := s.prepare(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	s.server.Fail(emulator.Fault{Route: emulator.RouteList, Kind: emulator.FaultStatus, Status: 500, Times: 1000})
	r := p.Run(context.Background())
	_ = session.Close()
	s.expect(r, "unknown a", 1, 1)
	if r.Err == nil || len(s.known().Intents) != 1 {
		t.Errorf("%v, %+v", r.Err, s.known().Intents)
	}
}

func TestAManifestThatChangesMeanwhileIsNotOpened(t *testing.T) {
	s := staged(t, "a")
	text := string(s.files["connections/a.yaml"].Data)
	const enc = "ENC[AES256_GCM,data:YWJj,iv:YWJj,tag:YWJjZGVmZ2hpamtsbW5vcA==,type:str]"
	s.files["connections/a.yaml"].Data = []byte(text + "        password: " + enc + "\nsops: {encrypted_regex: ^password$, mac: \"" + enc + "\", age: [{recipient: x, enc: y}]}\n")
	p, session, err := s.prepare(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	defer session.Close()
	s.files["connections/a.yaml"].Data = append(s.files["connections/a.yaml"].Data, "# more\n"...)
	r := p.Run(context.Background())
	s.expect(r, "refused a", 0, 0)
	if !errors.Is(r.Results[0].Err, apply.ErrFileChanged) {
		t.Errorf("%v", r.Results[0].Err)
	}
}

func TestAnInterruptionRecordsWhatWasDone(t *testing.T) {
	var names []string
	for i := range 30 {
		names = append(names, fmt.Sprintf("c%02d", i))
	}
	s := staged(t, names...)
	ctx, cancel := context.WithCancel(context.Background())
	var once sync.Once
	s.handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost {
			once.Do(cancel)
		}
		s.server.ServeHTTP(w, r)
	})
	p, session, err := s.prepare(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	r := p.Run(ctx)
	_ = session.Close()
	posts, there := s.server.Count(emulator.RouteCreate), len(s.server.Connections())
	if !r.Interrupted || posts > 10 || there != posts || strings.Count(outcomes(r), "created") != there || strings.Count(outcomes(r), "skipped") != 30-there {
		t.Errorf("%d creates, %d there: %s", posts, there, outcomes(r))
	}
	if k := s.known(); len(k.Known) != there || len(k.Intents) != 0 {
		t.Errorf("%d known, %d intents", len(k.Known), len(k.Intents))
	}
	s.sync()
	if posts, there := s.server.Count(emulator.RouteCreate), len(s.server.Connections()); posts != 30 || there != 30 {
		t.Errorf("after the next sync: %d creates, %d there", posts, there)
	}
}

func TestAnUpdateThatIsUnclearIsWrittenAgain(t *testing.T) {
	s := staged(t, "a")
	s.sync()
	s.server.Edit(s.server.Connections()[0].ID, func(c *emulator.Connection) { c.Description = "by hand" })
	s.server.Fail(emulator.Fault{Route: emulator.RouteUpdate, Kind: emulator.FaultReset, Times: 4})
	s.expect(s.sync(), "unknown a", 1, 1)
	s.expect(s.sync(), "updated a", 1, 1)
	if c := s.server.Connections()[0]; c.Description != "" || len(s.known().Intents) != 0 {
		t.Errorf("%+v, %+v", c, s.known().Intents)
	}
}

func TestWhatGitNoLongerWantsIsLeftAlone(t *testing.T) {
	s := staged(t, "a", "b")
	s.sync()
	s.wants("b")
	s.expect(s.sync(), "orphaned a, unchanged b", 2, 2)
	s.server.Remove(s.server.Connections()[0].ID)
	s.expect(s.sync(), "forgotten a, unchanged b", 2, 1)
	if k := s.known(); len(k.Known) != 1 {
		t.Errorf("known %+v", k.Known)
	}
}

// silent is a list without what Show still has.
type silent struct{ apply.Writer }

func (s silent) List(ctx context.Context) ([]secmaster.Connection, error) {
	all, err := s.Writer.List(ctx)
	kept := all[:0]
	for _, c := range all {
		if c.Name != "a" {
			kept = append(kept, c)
		}
	}
	return kept, err
}

func TestGoneIsOnlyWhatListAndShowAgreeOn(t *testing.T) {
	s := staged(t, "a")
	s.sync()
	s.client = func(w apply.Writer) apply.Writer { return silent{w} }
	s.expect(s.sync(), "unchanged a", 1, 1)
}

func TestAPreviewNeverWrites(t *testing.T) {
	s := staged(t, "a")
	p, session, err := s.prepare(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	defer session.Close()
	if p.Plan.Writes() != 1 || s.server.Count(emulator.RouteCreate) != 0 || session.Snapshot().Commit != "" {
		t.Errorf("%d writes planned, %v", p.Plan.Writes(), s.server.Requests())
	}
}

func TestDeletingEndsWithTheList(t *testing.T) {
	for _, c := range []struct {
		name  string
		fault emulator.Fault
		want  string
		there int
	}{
		{"deleted", emulator.Fault{Route: "none"}, "deleted a, unchanged b", 1},
		{"the answer was lost", emulator.Fault{Route: emulator.RouteDelete, Kind: emulator.FaultReset, After: true}, "deleted a, unchanged b", 1},
		{"refused", emulator.Fault{Route: emulator.RouteDelete, Kind: emulator.FaultStatus, Status: 400, Text: "no"}, "failed a, unchanged b", 2},
		{"never executed", emulator.Fault{Route: emulator.RouteDelete, Kind: emulator.FaultReset, Times: 10}, "unchanged b, unknown a", 2},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := staged(t, "a", "b")
			s.prune = true
			s.sync()
			s.wants("b")
			s.server.Fail(c.fault)
			s.expect(s.sync(), c.want, 2, c.there)
			k := s.known()
			if _, still := k.Known["a"]; still != (c.there == 2) {
				t.Errorf("known %v", k.Known)
			}
			if _, open := k.Intents["a"]; open != strings.Contains(c.want, "unknown") {
				t.Errorf("intents %v", k.Intents)
			}
		})
	}
}

func TestWhatCameIntoUseMeanwhileIsNotDeleted(t *testing.T) {
	s := staged(t, "a")
	s.prune = true
	s.sync()
	s.wants()
	p, session, err := s.prepare(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	defer session.Close()
	s.server.Edit(s.server.Connections()[0].ID, func(c *emulator.Connection) { c.CanBeDeleted = false })
	r := p.Run(context.Background())
	s.expect(r, "refused a", 1, 1)
	if s.server.Count(emulator.RouteDelete) != 0 || !errors.Is(r.Results[0].Err, secmaster.ErrInUse) {
		t.Errorf("%v, %d deletes", r.Results[0].Err, s.server.Count(emulator.RouteDelete))
	}
}

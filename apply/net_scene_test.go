package apply_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
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
	"connsync/secrets"
)

// netScene is a workspace behind a failing network. Git wants a new connection a, an update of b, no c any more, and d as it
// is, though the lists do not show d; z is not ours.
type netScene struct {
	t      *testing.T
	server *emulator.Server
	front  *httptest.Server
	glass  *hourglass
	git    state.Repo
	files  fstest.MapFS
	known  map[string]string // ids by name, before the first run

	elsewhere string                     // the target host of redirects
	turn      func(offset string) func() // waits for a planning page's turn, and gives what ends it; nil: none waits

	fault  *fault
	op     string       // the operation it strikes
	left   atomic.Int64 // how often it still strikes
	closes atomic.Bool  // the plan is being carried out: lists are closing lists
	next   atomic.Value // the next operation: a string
	alone  sync.Mutex   // of what is asked for side by side
	skewed atomic.Bool

	mu    sync.Mutex
	posts map[string]int // creates by name not answered by 429, in this run
	wrote []string       // every writing request, in this run
	wire  int            // creates on the wire, in this run
	slow  int            // those answered by 429
}

const (
	netHost        = "secmaster.example.test"
	strangersThere = 6               // they come and go
	lateEnough     = 3 * time.Minute // for everything put off
)

// netEmpty is an empty workspace behind such a network, and empty known state.
func netEmpty(t *testing.T, f *fault, op string) *netScene {
	t.Helper()
	s := &netScene{t: t, glass: &hourglass{at: time.Now()}, fault: f, op: op}
	s.glass.late = f.http != nil && f.http.Kind == emulator.FaultLate
	s.next.Store("")
	var err error
	s.server, err = emulator.New(emulator.Options{Clock: s.glass.now, Sleep: s.glass.outwait, Later: s.glass.later})
	if err != nil {
		t.Fatal(err)
	}
	s.serve()
	dir := inMemory(t)
	repo, err := git.PlainInit(dir, false)
	if err != nil {
		t.Fatal(err)
	}
	s.git = state.Repo{Git: repo, CommonDir: filepath.Join(dir, ".git"), Now: s.glass.now}
	return s
}

func netStaged(t *testing.T, f *fault, op string, times int, elsewhere string) *netScene {
	t.Helper()
	s := netEmpty(t, f, op)
	s.elsewhere = elsewhere
	if f.between != nil {
		for i := range strangersThere {
			s.server.Put(emulator.Connection{Name: fmt.Sprint("gone", i)})
		}
	}
	s.server.Put(emulator.Connection{Name: "z", ComponentID: component(s.server, "EdrVendor"), Config: `{"endpoint":"https://z.example"}`})
	s.wants("b", "c", "d")
	if _, _, err := s.run(); err != nil {
		t.Fatal(err)
	}
	s.known = s.there()
	s.server.Hide(s.known["d"], 1000)
	s.wants("a", "b2", "d")
	for _, sw := range append(slices.Clone(f.switches), "maxlimit=4") {
		if err := s.server.Set(sw); err != nil {
			t.Fatal(err)
		}
	}
	s.left.Store(int64(times))
	return s
}

func component(s *emulator.Server, name string) string {
	id, _ := s.Plugin(name, "2.1")
	return id
}

// wants writes a manifest; a name with a digit is wanted with another endpoint, and a with a plugin of its own.
func (s *netScene) wants(names ...string) {
	var b strings.Builder
	b.WriteString("connections:\n  prod:\n")
	for _, n := range names {
		plugin := "EdrVendor"
		if n == "a" {
			plugin = "HssFirewall"
		}
		fmt.Fprintf(&b, "    %s:\n      component: %s\n      version: \"2.1\"\n      config:\n        endpoint: https://%s.example\n", n[:1], plugin, n)
	}
	s.files = fstest.MapFS{
		"connsync.yaml":      {Data: []byte("targets:\n  prod:\n    region: cn-north-4\n    workspace_id: " + emulator.DefaultWorkspace + "\n")},
		"connections/a.yaml": {Data: []byte(b.String())},
	}
}

// strikes tells whether the fault hits this operation now, and counts it.
func (s *netScene) strikes(op string) bool {
	return op == s.op && s.left.Add(-1) >= 0
}

// heal ends the fault.
func (s *netScene) heal() {
	s.left.Store(0)
	s.skewed.Store(false)
	s.server.Hide(s.known["d"], 0)
	for _, sw := range []string{"lag=0", "duplicates=allow"} {
		if err := s.server.Set(sw); err != nil {
			s.t.Fatal(err)
		}
	}
}

// operation names what a request is: of the lists, the second page counts only for the planning ones.
func (s *netScene) operation(r *http.Request, name string) string {
	offset := r.URL.Query().Get("offset") // pages of four overlap by one; 1 is the second page where pages are counted
	last := r.URL.Path[strings.LastIndex(r.URL.Path, "/")+1:]
	switch {
	case r.URL.Path == "/v3/projects":
		return "project"
	case last == "components":
		return "plugins"
	case r.Method == http.MethodPost && name == "a":
		return "create"
	case r.Method == http.MethodPut && name == "b":
		return "update"
	case r.Method == http.MethodDelete:
		return "delete"
	case last == "assetcredentials" && s.closes.Load():
		return map[string]string{"0": "closing"}[offset]
	case last == "assetcredentials":
		op, ok := map[string]string{"0": "list", "3": "later", "1": "later"}[offset]
		return map[bool]string{true: op, false: "another page"}[ok]
	case last == s.known["d"]:
		return "show"
	}
	return ""
}

// answer is the front: it counts what writes, and lets the fault strike.
func (s *netScene) answer(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	r.Body = io.NopCloser(bytes.NewReader(body))
	var sent struct{ Name string }
	_ = json.Unmarshal(body, &sent)
	op := s.operation(r, sent.Name)
	if s.fault.http != nil && s.strikes(op) {
		f := *s.fault.http
		f.Route, f.To = "", s.elsewhere
		s.server.Fail(f)
	}
	if s.fault.between != nil && s.strikes(op) {
		s.fault.between(s)
	}
	switch { // before the answer: the client may be faster
	case op == "list":
		s.next.Store("later")
	case r.Method == http.MethodGet && s.next.Load() == "before delete":
		s.next.Store("delete")
	}
	if s.turn != nil && (op == "list" || op == "later" || op == "another page") {
		defer s.turn(r.URL.Query().Get("offset"))()
	}
	noted := &notedStatus{ResponseWriter: w}
	defer s.count(r.Method, sent.Name, noted)
	s.server.ServeHTTP(noted, r)
}

func (s *netScene) count(method, name string, noted *notedStatus) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case method == http.MethodGet:
		return
	case method == http.MethodPost && noted.status == http.StatusTooManyRequests:
		s.slow++
	case method == http.MethodPost:
		s.posts[name]++
	}
	s.wrote = append(s.wrote, method+" "+name)
}

// run is one sync: its report, or the error of its planning.
func (s *netScene) run() (r apply.Report, planned bool, err error) {
	s.mu.Lock()
	s.posts, s.wrote, s.wire, s.slow = map[string]int{}, nil, 0, 0
	s.mu.Unlock()
	s.closes.Store(false)
	session := s.session()
	defer session.Close()
	client := s.client()
	defer client.Close()
	project, err := manifest.LoadProject(s.files, "connsync.yaml")
	if err != nil {
		s.t.Fatal(err)
	}
	set, err := manifest.Load(s.files, project)
	if err != nil {
		s.t.Fatal(err)
	}
	now := s.glass.now()
	p, err := apply.Prepare(context.Background(), apply.Sync{
		Target: apply.Target{Name: "prod", Destinations: manifest.Reviewed, Place: diff.Place{Region: "cn-north-4", WorkspaceID: emulator.DefaultWorkspace}, Want: set.Target("prod"), Commit: "c1", Prune: true, Limit: apply.Limit{Most: 100, Percent: true, Empty: true}},
		Client: marked{unasked{client}, s}, State: session, Files: s.files, Parallelism: 1,
		Open: func(context.Context, string, []byte) (map[secrets.Path]secrets.Value, string, error) {
			return nil, "", errors.New("nothing is encrypted")
		},
		Run:   state.Run{ID: fmt.Sprint("r", now.UnixNano()), Started: now, Expires: now.Add(15 * time.Minute)},
		Clock: apply.Clock{Now: s.glass.now, Sleep: s.glass.sleep},
	})
	if err != nil {
		return apply.Report{}, false, err
	}
	s.closes.Store(true)
	now = s.glass.now()
	p.Start(now, now.Add(15*time.Minute))
	return p.Run(context.Background()), true, nil
}

func (s *netScene) session() *state.Session {
	s.t.Helper()
	store, err := state.Open(s.git, "prod")
	if err != nil {
		s.t.Fatal(err)
	}
	session, err := store.Lock(context.Background(), time.Second)
	if err != nil {
		s.t.Fatal(err)
	}
	return session
}

func (s *netScene) client() *secmaster.Client {
	url := s.front.URL
	if s.fault.certificate != "" {
		url = "https://" + netHost
	}
	client, err := secmaster.NewClient(secmaster.Options{
		Endpoint: url, IAMEndpoint: url, Region: "cn-north-4", WorkspaceID: emulator.DefaultWorkspace, Parallelism: 1, RootCAs: authority().pool,
		Credentials: secmaster.Credentials{AccessKey: emulator.DefaultAccessKey, SecretKey: secrets.Hide(emulator.DefaultSecretKey)},
		Now: func() time.Time {
			if s.fault.skew != 0 && (s.next.Load() == s.op && s.left.Load() > 0) {
				s.skewed.Store(true) // from then on
			}
			if s.skewed.Load() {
				return s.glass.now().Add(s.fault.skew)
			}
			return s.glass.now()
		},
		Sleep: s.glass.sleep, After: s.glass.after, Dial: s.dial,
	})
	if err != nil {
		s.t.Fatal(err)
	}
	return client
}

package secmaster_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"connsync/apply/secmaster"
	"connsync/apply/secmaster/emulator"
	"connsync/secrets"
)

// calls are all that a client can be asked for.
var calls = map[string]func(context.Context, scene) error{
	"list":       func(ctx context.Context, s scene) error { _, err := s.List(ctx); return err },
	"components": func(ctx context.Context, s scene) error { _, err := s.Components(ctx); return err },
	"show":       func(ctx context.Context, s scene) error { _, err := s.Show(ctx, "id"); return err },
	"create": func(ctx context.Context, s scene) error {
		_, _, err := s.Create(ctx, secmaster.Body{Name: "a", Config: secrets.Hide("{}")})
		return err
	},
	"update": func(ctx context.Context, s scene) error {
		_, _, err := s.Update(ctx, "id", secmaster.Body{Name: "a", Config: secrets.Hide("{}")})
		return err
	},
	"delete": func(ctx context.Context, s scene) error { _, err := s.Delete(ctx, "id"); return err },
}

func TestWithoutAProjectNothingIsSentToTheWorkspace(t *testing.T) {
	for answer, class := range map[string]error{
		"400 {}": nil, "200 canary": nil, `200 {"projects":[]}`: secmaster.ErrWorkspace, `200 {"projects":[{"id":"a"},{"id":"b"}]}`: secmaster.ErrWorkspace,
		`200 {"projects":[{"id":"../x"}]}`: secmaster.ErrWorkspace, "401 {}": secmaster.ErrDenied,
	} {
		for op, ask := range calls {
			var paths []string
			s := beside(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				paths = append(paths, r.URL.Path)
				var status int
				_, _ = fmt.Sscan(answer, &status)
				w.WriteHeader(status)
				fmt.Fprint(w, answer[4:])
			}), func(o *secmaster.Options) { o.ProjectID = "" })
			err := ask(context.Background(), s)
			if err == nil || class != nil && !errors.Is(err, class) || strings.Contains(err.Error(), "canary") {
				t.Errorf("%s after %s: %v", op, answer, err)
			}
			if len(paths) != 1 || paths[0] != "/v3/projects" {
				t.Errorf("%s after %s asks %v", op, answer, paths)
			}
		}
	}
}

func TestWhatIsNoIDIsNeverSent(t *testing.T) {
	s := beside(t, http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("something was sent") }))
	for _, id := range []string{"", "../x", "a/b", "a?b", strings.Repeat("a", 65), "\n"} {
		_, show := s.Show(context.Background(), id)
		_, _, update := s.Update(context.Background(), id, secmaster.Body{})
		_, remove := s.Delete(context.Background(), id)
		for _, err := range []error{show, update, remove} {
			if !errors.Is(err, secmaster.ErrNotFound) {
				t.Errorf("%q: %v", id, err)
			}
		}
	}
}

func TestARefusalIsToldWithItsCode(t *testing.T) {
	for op, ask := range calls {
		if err := ask(context.Background(), beside(t, answers(400, `{"code":"SecMaster.20040516","message":"no"}`))); err == nil || !strings.Contains(err.Error(), "400 SecMaster.20040516 ") {
			t.Errorf("%s: %v", op, err)
		}
	}
}

func TestOptionsThatCannotBeMeant(t *testing.T) {
	good := secmaster.Options{Region: "cn-north-4", WorkspaceID: "w", Credentials: secmaster.Credentials{AccessKey: "a"}}
	for name, change := range map[string]func(*secmaster.Options){
		"workspace": func(o *secmaster.Options) { o.WorkspaceID = "a/b" },
		"project":   func(o *secmaster.Options) { o.ProjectID = "../canary" },
		"keys":      func(o *secmaster.Options) { o.Credentials = secmaster.Credentials{} },
		"IAM":       func(o *secmaster.Options) { o.IAMEndpoint = "http://canary.example" },
	} {
		o := good
		change(&o)
		if c, err := secmaster.NewClient(o); err == nil || c != nil || strings.Contains(err.Error(), "canary") {
			t.Errorf("%s: %v", name, err)
		}
	}
	c, err := secmaster.NewClient(good)
	if err != nil {
		t.Fatal(err)
	}
	c.Close()
}

func TestWhatNeverLeftSaysWhy(t *testing.T) {
	for says, failure := range map[string]error{"host name cannot be resolved": &net.DNSError{}, "connection refused": errors.New("connection refused"), "cannot be reached": errors.New("canary")} {
		s := beside(t, http.NotFoundHandler(), func(o *secmaster.Options) {
			o.Dial = func(context.Context, string, string) (net.Conn, error) { return nil, failure }
		})
		for op, ask := range calls {
			err := ask(context.Background(), s)
			if !errors.Is(err, secmaster.ErrUnreachable) || !strings.Contains(err.Error(), says) || strings.Contains(err.Error(), "canary") {
				t.Errorf("%s: %v", op, err)
			}
		}
	}
}

// A client gives up a server if it begins its answer and does not go on, or says nothing at all.
func TestAServerThatStallsIsGivenUp(t *testing.T) {
	for name, begins := range map[string]bool{"before its answer": false, "within its answer": true} {
		s := beside(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			_, _ = io.Copy(io.Discard, r.Body) // or the server does not notice that the client went
			if begins {
				w.Header().Set("Content-Length", "100")
				fmt.Fprint(w, "{")
				w.(http.Flusher).Flush()
			}
			<-r.Context().Done()
		}), func(o *secmaster.Options) {
			o.After = func(d time.Duration, f func()) func() bool {
				if begins == (d == 10*time.Second) { // of the body, or of all
					return time.AfterFunc(50*time.Millisecond, f).Stop
				}
				return func() bool { return true }
			}
		})
		_, sent, err := s.Create(context.Background(), body(emulated(t), "a"))
		if !errors.Is(err, secmaster.ErrUnclear) || !strings.Contains(err.Error(), "no answer in time") || !sent.Left {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestAListWhosePagesFailIsNoList(t *testing.T) {
	page := func(from, n int, total string) string {
		var items []string
		for i := from; i < from+n; i++ {
			items = append(items, fmt.Sprintf(`{"id":"%d"}`, i))
		}
		return `{"assets":[` + strings.Join(items, ",") + `]` + total + `}`
	}
	for name, total := range map[string]string{"without a total": "", "with one": `,"total":500`} {
		var requests atomic.Int64 // pages are asked for side by side
		s := beside(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if requests.Add(1) > 1 {
				w.WriteHeader(http.StatusBadRequest)
				return
			}
			fmt.Fprint(w, page(0, 200, total))
		}))
		if got, err := s.List(context.Background()); err == nil || got != nil {
			t.Errorf("%s: %d connections", name, len(got))
		}
	}
	var requests atomic.Int64 // pages that do not fit together, and then none at all
	s := beside(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if requests.Add(1) > 3 {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		fmt.Fprint(w, page(0, 200, `,"total":500`))
	}))
	if got, err := s.List(context.Background()); err == nil || got != nil {
		t.Errorf("%d connections", len(got))
	}
}

func TestAPauseThatIsInterruptedEndsTheTrying(t *testing.T) {
	e := emulated(t)
	e.Fail(emulator.Fault{Route: emulator.RouteList, Kind: emulator.FaultStatus, Status: 500, Times: 9})
	s := beside(t, e, func(o *secmaster.Options) {
		o.Sleep = func(context.Context, time.Duration) error { return context.Canceled }
	})
	if _, err := s.List(context.Background()); err == nil || e.Count(emulator.RouteList) != 1 {
		t.Errorf("%v after %d requests", err, e.Count(emulator.RouteList))
	}
	e.Fail(emulator.Fault{Route: emulator.RouteCreate, Kind: emulator.FaultStatus, Status: 429, Times: 9})
	if _, sent, err := s.Create(context.Background(), body(e, "a")); !errors.Is(err, secmaster.ErrThrottled) || sent.Left {
		t.Errorf("%v, left %v", err, sent.Left)
	}
}

func TestAMetadataServerThatMakesNoSense(t *testing.T) {
	for name, h := range map[string]http.HandlerFunc{
		"no JSON":    answers(200, "canary"),
		"half a key": answers(200, `{"credential":{"access":"a"}}`),
		"cut short": func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Length", "100")
			fmt.Fprint(w, "{")
		},
	} {
		server := httptest.NewServer(h)
		c, err := secmaster.FindCredentials(context.Background(), secmaster.FindOptions{Env: func(string) string { return "" }, Metadata: server.URL})
		server.Close()
		if err == nil || c.AccessKey != "" || strings.Contains(err.Error(), "canary") {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := secmaster.FindCredentials(context.Background(), secmaster.FindOptions{Env: func(string) string { return "" }, Metadata: "://canary"}); !errors.Is(err, secmaster.ErrNoCredentials) {
		t.Errorf("%v", err)
	}
}

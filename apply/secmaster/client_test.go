package secmaster_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"connsync/apply/secmaster"
	"connsync/apply/secmaster/emulator"
	"connsync/secrets"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// clock is a time. It passes only while a client sleeps.
type clock struct {
	mu    sync.Mutex
	at    time.Time
	slept time.Duration
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *clock) sleep(ctx context.Context, d time.Duration) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at, c.slept = c.at.Add(d), c.slept+d
	return ctx.Err()
}

// scene is a client beside a handler.
type scene struct {
	*secmaster.Client
	clock *clock
	log   *bytes.Buffer
	url   string
}

func beside(t *testing.T, h http.Handler, change ...func(*secmaster.Options)) scene {
	t.Helper()
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	s := scene{clock: &clock{at: time.Now()}, log: &bytes.Buffer{}, url: server.URL}
	o := secmaster.Options{
		Endpoint: server.URL, Region: emulator.DefaultRegion, ProjectID: emulator.DefaultProject, WorkspaceID: emulator.DefaultWorkspace,
		Credentials: secmaster.Credentials{AccessKey: emulator.DefaultAccessKey, SecretKey: secrets.Hide(emulator.DefaultSecretKey)},
		Log:         slog.New(slog.NewTextHandler(s.log, nil)), Now: s.clock.now, Sleep: s.clock.sleep,
	}
	for _, c := range change {
		c(&o)
	}
	client, err := secmaster.NewClient(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	s.Client = client
	return s
}

func emulated(t *testing.T, switches ...string) *emulator.Server {
	t.Helper()
	s, err := emulator.New(emulator.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for _, sw := range switches {
		if err := s.Set(sw); err != nil {
			t.Fatal(err)
		}
	}
	return s
}

func body(s *emulator.Server, name string) secmaster.Body {
	component, version := s.Plugin("EdrVendor", "2.1")
	return secmaster.Body{
		Name: name, Description: "d", ComponentID: component, ComponentVersionID: version,
		Config: secrets.Hide(`{"endpoint":"https://<&>.example","password":"canary-password"}`),
	}
}

// answers replies the same to everything.
func answers(status int, text string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Request-Id", "0b2e9f2e-7c57-4d0f-9a51-0f6f0f6c7b10-1767323045-host")
		w.WriteHeader(status)
		fmt.Fprint(w, text)
	}
}

func TestEveryAnswerHasItsClass(t *testing.T) {
	for _, c := range []struct {
		name   string
		status int
		text   string
		class  error  // of a create
		shows  error  // of a show
		says   string // of a create, with its secret: in our own words
		quotes string // of a show, without a secret: in the server's
	}{
		{"a bad parameter", 400, `{"code":"SecMaster.20041002","message":"Invalid parameter"}`, nil, secmaster.ErrNotFound,
			"400 SecMaster.20041002 a parameter is not accepted, or there is no such connection (request 0b2e9f2e-7c57-4d0f-9a51-0f6f0f6c7b10)", "400 SecMaster.20041002 Invalid parameter (request 0b2e9f2e-"},
		{"another refusal", 400, `{"code":"SecMaster.20040516","message":"too long"}`, nil, nil, "400 SecMaster.20040516 a field is too long (", "400 SecMaster.20040516 too long ("},
		{"a code that is not documented", 400, `{"code":"SecMaster.20049999","message":"no"}`, nil, nil, "400 SecMaster.20049999 bad request (", "400 SecMaster.20049999 no ("},
		{"the other shape", 400, `{"error_code":"SecMaster.20097017","error_msg":"no"}`, nil, nil, "400 SecMaster.20097017 bad request (", "SecMaster.20097017 no ("},
		{"a code that is a number", 400, `{"code":17,"message":"no"}`, nil, nil, "400 17 bad request (", "400 17 no ("},
		{"a code of no usual form", 400, `{"code":"x","message":"no"}`, nil, nil, "400 bad request (", "400 x no ("},
		{"an unknown workspace", 403, `{"code":"SecMaster.20010001","message":"x"}`, secmaster.ErrWorkspace, secmaster.ErrWorkspace, "403 SecMaster.20010001 no such workspace (", "403 SecMaster.20010001 x ("},
		{"an unknown workspace, as 400", 400, `{"code":"SecMaster.20041001","message":"x"}`, secmaster.ErrWorkspace, secmaster.ErrWorkspace, "400 SecMaster.20041001 no such workspace (", "x ("},
		{"an unknown path", 404, `{"error_code":"APIGW.0101","error_msg":"x"}`, secmaster.ErrWorkspace, secmaster.ErrWorkspace, "404 APIGW.0101 no such address in this region (", "x ("},
		{"not found", 404, `{"code":"x","message":"y"}`, nil, secmaster.ErrNotFound, "404 not found (", "404 x y ("},
		{"not authenticated", 401, `{"error_code":"APIGW.0301","error_msg":"ak x not exist"}`, secmaster.ErrDenied, secmaster.ErrDenied, "401 APIGW.0301 the signature or the token is not accepted (", "ak x not exist"},
		{"not allowed, as IAM says it", 403, `{"error":{"code":403,"message":"denied","title":"Forbidden"}}`, secmaster.ErrDenied, secmaster.ErrDenied, "403 403 forbidden (", "403 403 denied ("},
		{"a server error", 500, `{"code":"common.00000500","message":"x"}`, secmaster.ErrUnclear, secmaster.ErrUnclear, "500 common.00000500 SecMaster has failed (", "500 common.00000500 x ("},
		{"a page", 502, `<html>canary-password</html>`, secmaster.ErrUnclear, secmaster.ErrUnclear, "502 a page instead of an answer", "502 a page instead of an answer"},
		{"a redirect", 307, ``, nil, nil, "307 a redirect, which is not followed", "307 a redirect, which is not followed"},
		{"200 with an error", 200, `{"code":"SecMaster.20039999","message":"failed"}`, nil, nil, "200 SecMaster.20039999 SecMaster gives no reason (", "200 SecMaster.20039999 failed ("},
		{"200 with an error of another prefix", 200, `{"code":"csb.00180001","message":"system is busy"}`, nil, nil, "200 csb.00180001 the service is busy (", "200 csb.00180001 system is busy ("},
		{"200 with a number that is not zero", 200, `{"code":17,"message":"no"}`, nil, nil, "200 17 ok (", "200 17 no ("},
		{"200 with an error beside a text named error", 200, `{"code":"SecMaster.20039999","message":"failed","error":"x"}`, nil, nil, "200 SecMaster.20039999 SecMaster", "200 SecMaster.20039999 failed ("},
		{"200 with an error and a connection", 200, `{"code":"SecMaster.20039999","message":"failed","asset":{"id":"id","name":"a"}}`, secmaster.ErrUnclear, secmaster.ErrUnclear, "200 SecMaster.20039999 ", "200 SecMaster.20039999 failed"},
		{"400 with zeros", 400, `{"code":"00000000","message":"success"}`, nil, nil, "400 bad request (", "400 00000000 success ("},
		{"200 without a connection", 200, `{"code":""}`, secmaster.ErrUnclear, nil, "the answer holds no connection", "the answer holds no connection"},
		{"200 that is no JSON", 200, `canary-password`, secmaster.ErrUnclear, nil, "the answer holds no connection", "the answer holds no connection"},
		{"an echo of the secret", 400, `{"code":"SecMaster.20039999","message":"weak: canary-password"}`, nil, nil, "400 SecMaster.20039999 SecMaster gives no reason (", ""},
		{"an echo of a part of it, encoded", 400, `{"code":"SecMaster.20039999","message":"weak: Y2FuYXJ5"}`, nil, nil, "400 SecMaster.20039999 SecMaster gives no reason (", ""},
		{"escapes for a terminal", 400, `{"code":"x\u001b[31m","message":"a\u001b[31mb\u202ec"}`, nil, nil, "400 bad request (", "400 x?[31m a?[31mb?c ("},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := beside(t, answers(c.status, c.text))
			_, sent, err := s.Create(context.Background(), body(emulated(t), "a"))
			check(t, err, c.class)
			if !sent.Left || len(sent.RequestIDs) == 0 {
				t.Errorf("sent %+v", sent)
			}
			if !strings.Contains(err.Error(), c.says) {
				t.Errorf("create: %v", err)
			}
			for _, text := range []string{fmt.Sprintf("%v %+v %#v", err, err, err), s.logged()} {
				if strings.Contains(text, "canary-password") || strings.Contains(text, "Y2FuYXJ5") || strings.Contains(text, emulator.DefaultSecretKey) {
					t.Errorf("a secret in %s", text)
				}
			}
			open := body(emulated(t), "a")
			open.Public = true
			_, showErr := s.Show(context.Background(), "id")
			check(t, showErr, c.shows)
			if _, _, err := s.Create(context.Background(), open); !strings.Contains(showErr.Error(), c.quotes) || !strings.Contains(err.Error(), c.quotes) {
				t.Errorf("show: %v; create without a secret: %v", showErr, err)
			}
		})
	}
}

// A token is a secret in every request.
func TestNoMessageIsQuotedWhereARequestCarriesAToken(t *testing.T) {
	for name, k := range map[string]secmaster.Credentials{
		"a token":            {Token: secrets.Hide("canary-token")},
		"a temporary key":    {AccessKey: "a", SecretKey: secrets.Hide("s"), SecurityToken: secrets.Hide("canary-token")},
		"a key pair, a read": {AccessKey: "a", SecretKey: secrets.Hide("s")},
	} {
		s := beside(t, answers(400, `{"code":"SecMaster.20040516","message":"it was canary-token"}`), func(o *secmaster.Options) { o.Credentials = k })
		_, err := s.List(context.Background())
		if quoted := strings.Contains(fmt.Sprint(err), "it was canary-token"); quoted != (name == "a key pair, a read") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A code or a request id that does not look like one may be anything that was sent.
func TestAnEchoOfASecretIsNeverTakenForAnID(t *testing.T) {
	for _, id := range []string{
		"canary-password", "r canary-password", hex.EncodeToString([]byte("canary-password!")), "63616e61-7279-2d70-6173-73776f726421", // the same once more
		strings.ToUpper(hex.EncodeToString([]byte("canary-password!"))), base64.StdEncoding.EncodeToString([]byte("canary-password")), fmt.Sprintf("%x", sha256.Sum256([]byte("canary-password"))),
	} {
		s := beside(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("X-Request-Id", id)
			w.WriteHeader(http.StatusBadRequest)
			_ = json.NewEncoder(w).Encode(map[string]string{"code": id, "message": id, "request_id": id})
		}))
		_, sent, err := s.Create(context.Background(), body(emulated(t), "a"))
		if text := fmt.Sprintf("%v %+v %v", err, sent, s.logged()); strings.Contains(text, id) || len(sent.RequestIDs) > 0 {
			t.Errorf("a secret in %s", text)
		}
	}
}

func (s scene) logged() string { return s.log.String() }

func check(t *testing.T, err, class error) {
	t.Helper()
	var e *secmaster.Error
	if !errors.As(err, &e) || e.Class != class {
		t.Errorf("%v has class %v, want %v", err, errors.Unwrap(err), class)
	}
}

func TestACreateIsSentOnce(t *testing.T) {
	for _, c := range []struct {
		name   string
		fault  emulator.Fault
		class  error
		exists int
		posts  int
	}{
		{"reset after it was executed", emulator.Fault{Kind: emulator.FaultReset, After: true}, secmaster.ErrUnclear, 1, 1},
		{"reset before it was executed", emulator.Fault{Kind: emulator.FaultReset}, secmaster.ErrUnclear, 0, 1},
		{"503, executed all the same", emulator.Fault{Kind: emulator.FaultStatus, Status: 503, After: true}, secmaster.ErrUnclear, 1, 1},
		{"an answer that breaks off", emulator.Fault{Kind: emulator.FaultTruncated}, secmaster.ErrUnclear, 1, 1},
		{"an answer without a connection", emulator.Fault{Kind: emulator.FaultNoAsset}, secmaster.ErrUnclear, 1, 1},
		{"a redirect", emulator.Fault{Kind: emulator.FaultRedirect}, nil, 0, 1},
		{"429, which says that it was not executed: sent again", emulator.Fault{Kind: emulator.FaultStatus, Status: 429, Times: 3}, errDone, 1, 4},
	} {
		t.Run(c.name, func(t *testing.T) {
			e := emulated(t)
			s := beside(t, e)
			c.fault.Route = emulator.RouteCreate
			e.Fail(c.fault)
			_, _, err := s.Create(context.Background(), body(e, "a"))
			if c.class == errDone && err != nil || c.class != errDone && (err == nil || !errors.Is(err, c.class) && c.class != nil) {
				t.Errorf("error %v", err)
			}
			if n := e.Count(emulator.RouteCreate); n != c.posts {
				t.Errorf("%d POSTs", n)
			}
			if n := len(e.Connections()); n != c.exists {
				t.Errorf("%d connections", n)
			}
		})
	}
}

var errDone = errors.New("done")

func TestNothingListeningMeansNothingLeft(t *testing.T) {
	s := beside(t, http.NotFoundHandler(), func(o *secmaster.Options) { o.Endpoint = "http://127.0.0.1:1" })
	_, sent, err := s.Create(context.Background(), body(emulated(t), "a"))
	if sent.Left || !errors.Is(err, secmaster.ErrUnreachable) {
		t.Errorf("left %v, %v", sent.Left, err)
	}
	if text := fmt.Sprintf("%+v", err); strings.Contains(text, "127.0.0.1") {
		t.Errorf("the address is in %s", text)
	}
}

func TestReadsAndUpdatesAreTriedAgain(t *testing.T) {
	e := emulated(t)
	s := beside(t, e)
	created, _, err := s.Create(context.Background(), body(e, "a"))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range []emulator.Fault{
		{Route: emulator.RouteUpdate, Kind: emulator.FaultStatus, Status: 502, Shape: "html", Times: 2},
		{Route: emulator.RouteUpdate, Kind: emulator.FaultReset, After: true},
		{Route: emulator.RouteList, Kind: emulator.FaultReset, Times: 2},
		{Route: emulator.RouteList, Kind: emulator.FaultTruncated},
		{Route: emulator.RouteShow, Kind: emulator.FaultStatus, Status: 500, Times: 3},
	} {
		e.Fail(f)
	}
	if _, _, err := s.Update(context.Background(), created.ID, body(e, "b")); err != nil {
		t.Errorf("update: %v", err)
	}
	if _, err := s.List(context.Background()); err != nil {
		t.Errorf("list: %v", err)
	}
	if c, err := s.Show(context.Background(), created.ID); err != nil || c.Name != "b" {
		t.Errorf("show: %v %v", c.Name, err)
	}
	if e.Count(emulator.RouteUpdate) != 4 || e.Count(emulator.RouteShow) != 4 {
		t.Errorf("requests %v", e.Requests())
	}
}

func TestTheRateFollowsTheServer(t *testing.T) {
	e := emulated(t)
	s := beside(t, e)
	e.Fail(emulator.Fault{Route: emulator.RouteList, Kind: emulator.FaultStatus, Status: 429, Text: "policy user over ratelimit,limit:5,time:1 minute"})
	if _, err := s.List(context.Background()); err != nil || s.clock.slept < time.Minute {
		t.Errorf("%v after %v: the message asks for a minute", err, s.clock.slept)
	}
	e.Fail(emulator.Fault{Route: emulator.RouteList, Kind: emulator.FaultStatus, Status: 429, Wait: 7 * time.Second})
	before := s.clock.slept
	if _, err := s.List(context.Background()); err != nil || s.clock.slept-before < 7*time.Second {
		t.Errorf("%v after %v: Retry-After asks for 7 s", err, s.clock.slept-before)
	}
	ctx, cancel := context.WithDeadline(context.Background(), s.clock.now().Add(time.Hour))
	defer cancel()
	s = beside(t, answers(429, `{"error_code":"APIGW.0308","error_msg":"limit:1,time:1 hour"}`), func(o *secmaster.Options) { o.Now, o.Sleep = s.clock.now, s.clock.sleep })
	if _, err := s.List(ctx); !errors.Is(err, secmaster.ErrThrottled) {
		t.Errorf("out of time: %v", err)
	}
}

func TestAListIsCompleteOrAnError(t *testing.T) {
	const n = 450
	for sw, requests := range map[string]int{
		"offset=record": 3, "list=asset": 3, "list=data": 3, "maxlimit=7": (n + 3 + 5) / 6, "nulls=absent": 3, "code=number": 3,
		"offset=page": 3 + 2*3, "offset=ignored": 0, "list=none": 0,
	} {
		t.Run(sw, func(t *testing.T) {
			e := emulated(t, sw)
			for i := range n {
				e.Put(emulator.Connection{Name: fmt.Sprintf("c%d", i)})
			}
			s := beside(t, e)
			if sw == "offset=record" {
				s.Expect(n)
			}
			got, err := s.List(context.Background())
			if requests == 0 {
				if !errors.Is(err, secmaster.ErrIncomplete) || got != nil {
					t.Errorf("%d connections, %v", len(got), err)
				}
				return
			}
			if err != nil || len(got) != n+3 { // two system plugins and an emergency policy
				t.Errorf("%d connections, %v", len(got), err)
			}
			// An empty page stops the pages planned beside it, if they have not begun.
			if have := e.Count(emulator.RouteList); have > requests || have < requests-1 || have < requests && sw != "offset=page" {
				t.Errorf("%d requests, want %d", have, requests)
			}
		})
	}
}

func TestATotalWithoutAListIsNoEmptyList(t *testing.T) {
	for text, empty := range map[string]bool{
		`{"total":0}`: true, `{"total":0,"assets":[]}`: true, `{"assets":[]}`: true, `{"total":0,"assets":null}`: true,
		`{"total":1}`: false, `{}`: false, `[]`: false, ``: false, `{"total":1,"assets":{}}`: false, `{"total":2,"assets":[{"id":"1"}]}`: false,
		`{"total":1,"assets":[{"name":"a"}]}`: false, `{"code":"SecMaster.20039999","message":"x"}`: false,
		`{"code":"SecMaster.20039999","total":0,"assets":[]}`: false, `{"code":"SecMaster.00000000","total":0,"assets":[]}`: true,
		`{"error":{"code":17},"total":0,"assets":[]}`: false,
	} {
		got, err := beside(t, answers(200, text)).List(context.Background())
		if empty != (err == nil) || len(got) > 0 {
			t.Errorf("%s: %d connections, %v", text, len(got), err)
		}
	}
}

func TestTheProjectIsLookedUpOnce(t *testing.T) {
	e := emulated(t)
	s := beside(t, e, func(o *secmaster.Options) { o.ProjectID = "" })
	for range 2 {
		if _, err := s.List(context.Background()); err != nil {
			t.Fatal(err)
		}
	}
	if e.Count(emulator.RouteProject) != 1 {
		t.Errorf("%d look-ups", e.Count(emulator.RouteProject))
	}
}

func TestDeleteAsksFirst(t *testing.T) {
	e := emulated(t)
	s := beside(t, e)
	free, used := e.Put(emulator.Connection{Name: "a", CanBeDeleted: true}), e.Put(emulator.Connection{Name: "b"})
	if _, err := s.Delete(context.Background(), used); !errors.Is(err, secmaster.ErrInUse) || e.Count(emulator.RouteDelete) != 0 {
		t.Errorf("in use: %v, %d deletes", err, e.Count(emulator.RouteDelete))
	}
	for range 2 {
		if _, err := s.Delete(context.Background(), free); err != nil {
			t.Errorf("delete, and again: %v", err)
		}
	}
	if len(e.Connections()) != 1 || e.Count(emulator.RouteDelete) != 1 {
		t.Errorf("%d connections, %d deletes", len(e.Connections()), e.Count(emulator.RouteDelete))
	}
}

func TestAddressesThatAreRefused(t *testing.T) {
	for endpoint, ok := range map[string]bool{
		"https://secmaster.example": true, "http://127.0.0.1:8080": true, "http://localhost:1/": true, "http://[::1]:1": true,
		"http://secmaster.example": false, "http://127.0.0.1.example": false, "ftp://x": false, "secmaster.example": false, "https://u:canary@h": false,
		"https://h/path": false, "https://h?canary=1": false, "://": false, "http://10.0.0.1": false,
	} {
		_, err := secmaster.NewReader(secmaster.Options{Endpoint: endpoint, Region: "cn-north-4", WorkspaceID: "w", Credentials: secmaster.Credentials{AccessKey: "a"}})
		if (err == nil) != ok || err != nil && strings.Contains(err.Error(), "canary") {
			t.Errorf("%s: %v", endpoint, err)
		}
	}
	if _, err := secmaster.NewReader(secmaster.Options{Region: "evil.example/", WorkspaceID: "w"}); err == nil {
		t.Error("a region that is a host is taken")
	}
}

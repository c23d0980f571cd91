package apply_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httptrace"
	"strings"
	"time"

	"connsync/apply/secmaster"
	"connsync/apply/secmaster/emulator"
)

// simTransport carries a run's requests to the scheduler. The scheduler decides what becomes of each.
type simTransport struct{ run *simRun }

var (
	errSimReset       = errors.New("connection reset by peer")
	errSimUnreachable = errors.New("connection refused")
)

func (t simTransport) RoundTrip(req *http.Request) (*http.Response, error) {
	var body []byte
	if req.Body != nil {
		body, _ = io.ReadAll(req.Body)
		_ = req.Body.Close()
	}
	sent := httptest.NewRequest(req.Method, req.URL.String(), bytes.NewReader(body))
	sent.Header = req.Header.Clone()
	e := &effect{run: t.run, key: req.Method + " " + strings.TrimPrefix(req.URL.RequestURI(), simBase) + " " + digestOf(body), request: sent, body: body}
	e.answered = make(chan outcome, 1)
	e.call, _ = req.Context().Value(callKey{}).(int64)
	o := t.run.s.await(req, e)
	if !errors.Is(o.err, errSimUnreachable) {
		if trace := httptrace.ContextClientTrace(req.Context()); trace != nil && trace.GotConn != nil {
			trace.GotConn(httptrace.GotConnInfo{}) // a byte may have left
		}
	}
	if o.err != nil {
		return nil, o.err
	}
	o.response.Request = req
	return o.response, nil
}

const simBase = "/v1/" + emulator.DefaultProject + "/workspaces/" + emulator.DefaultWorkspace + "/soc"

// await hands an effect to the scheduler. When a client stops waiting, a released effect still goes its way.
func (s *sim) await(req *http.Request, e *effect) outcome {
	if !s.enter(e) {
		return outcome{err: errSimDead}
	}
	select {
	case o := <-e.answered:
		return o
	case <-req.Context().Done():
		s.withdraw(e)
		return outcome{err: req.Context().Err()}
	case <-e.run.killed:
		return outcome{err: errSimDead}
	}
}

// answer is what the server said to one request.
type answer struct {
	status int
	header http.Header
	body   []byte
}

// numbered is a client with numbered calls, to tell which requests are tries of the same one.
type numbered struct {
	*secmaster.Client
	run *simRun
}

type callKey struct{}

func (c *numbered) next(ctx context.Context) context.Context {
	return context.WithValue(ctx, callKey{}, c.run.calls.Add(1))
}

func (c *numbered) List(ctx context.Context) ([]secmaster.Connection, error) {
	return c.Client.List(c.next(ctx))
}

func (c *numbered) Show(ctx context.Context, id string) (secmaster.Connection, error) {
	return c.Client.Show(c.next(ctx), id)
}

func (c *numbered) Create(ctx context.Context, b secmaster.Body) (secmaster.Connection, secmaster.Sent, error) {
	return c.Client.Create(c.next(ctx), b)
}

func (c *numbered) Update(ctx context.Context, id string, b secmaster.Body) (secmaster.Connection, secmaster.Sent, error) {
	return c.Client.Update(c.next(ctx), id, b)
}

func (c *numbered) Delete(ctx context.Context, id string) (secmaster.Sent, error) {
	return c.Client.Delete(c.next(ctx), id)
}

// execute lets the server serve a request, and the model judge what it did.
func (s *sim) execute(e *effect) answer {
	w := httptest.NewRecorder()
	req := e.request.Clone(e.request.Context())
	req.Body = io.NopCloser(bytes.NewReader(e.body))
	s.model.before(e)
	s.server.ServeHTTP(w, req)
	a := answer{w.Code, w.Header(), w.Body.Bytes()}
	if a.status != http.StatusOK {
		return a
	}
	switch id := strings.TrimPrefix(req.URL.Path, simBase+"/assetcredentials"); {
	case req.Method == http.MethodGet && id == "":
		a.body = s.lagging(a.body)
		for id, c := range s.byID() {
			e.run.seen[id] = append(e.run.seen[id], c)
		}
	case req.Method == http.MethodPost:
		s.model.created(e.run, nameIn(e.body), assetID(a.body))
		s.born[assetID(a.body)] = time.Now()
	case req.Method == http.MethodPut:
		s.model.updated(e.run, nameIn(e.body), id[1:])
	case req.Method == http.MethodDelete:
		s.model.deleted(e.run, id[1:])
	}
	return a
}

func (s *sim) byID() map[string]emulator.Connection {
	out := map[string]emulator.Connection{}
	for _, c := range s.server.Connections() {
		out[c.ID] = c
	}
	return out
}

// lagging is a list without what was created a moment ago.
func (s *sim) lagging(body []byte) []byte {
	recent := false
	for _, at := range s.born {
		recent = recent || time.Since(at) < s.lag
	}
	if !recent {
		return body
	}
	var page map[string]any
	if json.Unmarshal(body, &page) != nil {
		panic("a list that cannot be read")
	}
	var shown []any
	for _, a := range page["assets"].([]any) {
		at, ours := s.born[a.(map[string]any)["id"].(string)]
		if !ours || time.Since(at) >= s.lag {
			shown = append(shown, a)
		}
	}
	page["assets"], page["total"] = shown, len(shown)
	text, _ := json.Marshal(page)
	return text
}

// nameIn is the name a body asks for.
func nameIn(body []byte) string {
	var b struct{ Name string }
	_ = json.Unmarshal(body, &b)
	return b.Name
}

func assetID(body []byte) string {
	var b struct{ Asset struct{ ID string } }
	_ = json.Unmarshal(body, &b)
	return b.Asset.ID
}

func (a answer) response() *http.Response {
	return &http.Response{
		StatusCode: a.status, Status: http.StatusText(a.status), Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: a.header, Body: io.NopCloser(bytes.NewReader(a.body)), ContentLength: int64(len(a.body)),
	}
}

// cutShort is an answer broken off.
func (a answer) cutShort() *http.Response {
	r := a.response()
	r.Body = io.NopCloser(io.MultiReader(bytes.NewReader(a.body[:len(a.body)/2]), brokenOff{}))
	return r
}

type brokenOff struct{}

func (brokenOff) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

// Package emulator serves the part of SecMaster's API that connsync uses, stricter than the real one: what it accepts
// and what it can be switched to is in docs/emulator.md. Tests, `connsync demo` and `connsync emulator` use it.
package emulator

import (
	"bytes"
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"net/http"
	"slices"
	"sync"
	"time"

	"connsync/lazy"
)

// Options say which workspace is served, and to whom.
type Options struct {
	Region, ProjectID, WorkspaceID      string   // default: DefaultRegion, DefaultProject, and the first of Workspaces
	Workspaces                          []string // all served; default: those of the data file, or else DefaultWorkspace
	AccessKey, SecretKey, SecurityToken string
	Token                               string // an X-Auth-Token accepted too; "" for none
	Switches                            Switches
	Clock                               func() time.Time                           // nil for the real one
	Sleep                               func(context.Context, time.Duration) error // while a client waits; nil for a real one
	Later                               func(time.Duration, func())                // when a client has gone; nil for time.AfterFunc
	Modifier                            string                                     // who changes things outside of the API; default "ops"
	NewID                               func() string                              // of connections and requests; nil for random ones
	Plugins                             []Plugin                                   // default: those of the data file, or else DefaultPlugins
	Data                                string                                     // a file that keeps connections and plugins; "" for none
}

// The workspace served where Options do not say, and the keys it takes.
const (
	DefaultRegion    = "cn-north-4"
	DefaultProject   = "0123456789abcdef0123456789abcdef"
	DefaultWorkspace = "11111111-2222-4333-8444-555555555555"
	DefaultAccessKey = "EMULATORACCESSKEY"
	DefaultSecretKey = "emulator-secret-key"
)

// Server is the workspaces of a project, as an http.Handler. It may be used concurrently.
type Server struct {
	options Options

	mu          sync.Mutex
	connections []*Connection          // in order of creation
	ids         map[string]*Connection // the first of each id; nil where it is to be made anew
	workflows   []Workflow
	policies    []EmergencyPolicy
	requests    []*Request
	faults      []Fault
	lastTime    time.Time
	window      time.Time      // of the rate limit
	inWindow    map[string]int // requests in it, by whom they count for
	issued      map[string]key // temporary ones, by access key
	denied      []string       // actions
}

// Request is one served request.
type Request struct {
	Method, Path string
	Route        string // "list connections", "create connection", …; "" for an unknown one
	Status       int    // 0: the connection was closed without an answer
	RequestID    string
}

// New makes a Server, with the connections of the data file, or else with those of every workspace.
func New(o Options) (*Server, error) {
	for _, d := range []struct {
		field *string
		value string
	}{
		{&o.Region, DefaultRegion}, {&o.ProjectID, DefaultProject},
		{&o.AccessKey, DefaultAccessKey}, {&o.SecretKey, DefaultSecretKey}, {&o.Modifier, "ops"},
	} {
		if *d.field == "" {
			*d.field = d.value
		}
	}
	o.realTime()
	if o.NewID == nil {
		o.NewID = newID
	}
	s := &Server{options: o}
	kept, err := s.load()
	if err != nil {
		return nil, err
	}
	if s.options.Plugins == nil {
		s.options.Plugins = DefaultPlugins()
	}
	for _, workspace := range s.options.Workspaces {
		if !slices.Contains(kept, workspace) {
			s.builtIn(workspace)
		}
	}
	return s, s.keep()
}

// serving settles which workspaces are served: those of the options, or else those kept.
func (o *Options) serving(kept []string) {
	switch {
	case len(o.Workspaces) > 0:
	case o.WorkspaceID != "":
		o.Workspaces = []string{o.WorkspaceID}
	case len(kept) > 0:
		o.Workspaces = kept
	default:
		o.Workspaces = []string{DefaultWorkspace}
	}
	if o.WorkspaceID == "" {
		o.WorkspaceID = o.Workspaces[0]
	}
	var each []string
	for _, id := range o.Workspaces {
		if !slices.Contains(each, id) {
			each = append(each, id)
		}
	}
	o.Workspaces = each
}

// IsWorkspace tells whether a text can be the id of a workspace: it stands in the paths of requests.
func IsWorkspace(id string) bool { return workspaceID.MatchString(id) }

var workspaceID = lazy.New(`^[A-Za-z0-9-]{1,64}$`)

// realTime fills in the clock that Options do not replace.
func (o *Options) realTime() {
	if o.Clock == nil {
		o.Clock = time.Now
	}
	if o.Sleep == nil {
		o.Sleep = func(ctx context.Context, d time.Duration) error {
			select {
			case <-time.After(d):
			case <-ctx.Done():
			}
			return ctx.Err()
		}
	}
	if o.Later == nil {
		o.Later = func(d time.Duration, f func()) { time.AfterFunc(d, f) }
	}
}

// exchange is one request while it is served.
type exchange struct {
	s         *Server
	w         *recorder
	r         *http.Request
	body      []byte
	route     route
	workspace string // in the path; "" for one not served
	id        string // of the connection or component in the path
	requestID string
}

// recorder notes the status of an answer.
type recorder struct {
	http.ResponseWriter
	status int
}

func (r *recorder) WriteHeader(status int) {
	r.status = status
	r.ResponseWriter.WriteHeader(status)
}

const maxBody = 12 << 20 // as the gateway has it

// ServeHTTP answers one request.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	x := &exchange{s: s, w: &recorder{ResponseWriter: w}, r: r, requestID: s.options.NewID()}
	x.route, x.id = find(r)
	w.Header().Set("X-Request-Id", x.requestID)
	w.Header().Set("Date", s.clock().UTC().Format(http.TimeFormat))
	byHand := r.URL.Path == editPath
	if !byHand {
		defer s.note(x)()
	}
	var err error
	if x.body, err = io.ReadAll(io.LimitReader(r.Body, maxBody+1)); err != nil || len(x.body) > maxBody {
		x.gateway(http.StatusRequestEntityTooLarge, "APIGW.0201", "Request entity too large")
		return
	}
	x.r.Body = io.NopCloser(bytes.NewReader(x.body))
	if byHand {
		x.editByHand()
		return
	}
	if latency := s.duration("latency"); latency > 0 {
		_ = s.options.Sleep(r.Context(), latency)
	}
	x.serve()
}

// note counts a request before it is answered, so that a caller with the answer finds it counted; what it gives
// adds the status.
func (s *Server) note(x *exchange) func() {
	s.mu.Lock()
	defer s.mu.Unlock()
	noted := &Request{Method: x.r.Method, Path: x.r.URL.Path, Route: x.route.name, RequestID: x.requestID}
	s.requests = append(s.requests, noted)
	return func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		noted.Status = x.w.status
	}
}

// serve goes through the gates in the order of the real gateway: rate, identity, path; then faults, then the work.
func (x *exchange) serve() {
	switch reason := x.denied(); {
	case x.overRate():
	case reason != "":
		x.gateway(http.StatusUnauthorized, "APIGW.0301", reason)
	case x.route.serve == nil:
		x.gateway(http.StatusNotFound, "APIGW.0101", "The API does not exist or has not been published in the environment")
	case x.forbidden():
	case x.route.workspace && !x.rightPlace():
	default:
		x.withFaults()
	}
}

// Workspaces are those served.
func (s *Server) Workspaces() []string { return slices.Clone(s.options.Workspaces) }

// Requests are the requests served so far, in order.
func (s *Server) Requests() []Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := make([]Request, len(s.requests))
	for i, r := range s.requests {
		out[i] = *r
	}
	return out
}

// Count is how many requests of a route were served; "" counts all.
func (s *Server) Count(route string) int {
	n := 0
	for _, r := range s.Requests() {
		if route == "" || r.Route == route {
			n++
		}
	}
	return n
}

// ResetRequests forgets the requests served so far.
func (s *Server) ResetRequests() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.requests = nil
}

// Set changes a switch while the server runs: name=value.
func (s *Server) Set(nameValue string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.options.Switches.Set(nameValue)
}

// is reads a switch; the caller does not hold the lock.
func (s *Server) is(name, value string) bool { return s.value(name) == value }

func (s *Server) value(name string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.options.Switches.value(name)
}

// newID is a UUID of version 4.
func newID() string {
	var b [16]byte
	_, _ = rand.Read(b[:])
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}

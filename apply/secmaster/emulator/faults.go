package emulator

import (
	"bytes"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Fault is something that goes wrong with the next requests of a route.
type Fault struct {
	Route string // one of the Route constants; "" for every one
	Name  string // only for the connection of this name; "" for every one
	Kind  string // one of the Fault constants
	// Status is the answer's, for FaultStatus: 400, 401, 403, 429, 500, 502, …
	Status int
	Shape  string        // of FaultStatus: soc, secmaster, gateway, iam or html; default soc
	Text   string        // the message of FaultStatus; "" for a usual one
	Wait   time.Duration // of FaultSlow, and the Retry-After of a 429
	Times  int           // how often; 0 is once
	After  bool          // the request is executed first
}

// Kinds of Fault.
const (
	FaultStatus    = "status"    // an error answer
	FaultReset     = "reset"     // the connection is reset
	FaultSlow      = "slow"      // the answer takes its time
	FaultTruncated = "truncated" // the answer breaks off
	FaultOKError   = "ok-error"  // 200 with an error code and nothing else
	FaultNoAsset   = "no-asset"  // 200 without what was asked for
	FaultRedirect  = "redirect"  // 307 to another host
)

// Fail makes the next requests go wrong.
func (s *Server) Fail(f Fault) {
	if f.Times == 0 {
		f.Times = 1
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = append(s.faults, f)
}

// ParseFault reads a fault from text: ROUTE:KIND[:after][:TIMES], with a status number as a KIND of its own, as in
// "create connection:reset:after" or "list connections:503:2".
func ParseFault(text string) (Fault, error) {
	parts := strings.Split(text, ":")
	kinds := []string{FaultReset, FaultSlow, FaultTruncated, FaultOKError, FaultNoAsset, FaultRedirect}
	if len(parts) < 2 {
		return Fault{}, fmt.Errorf("a fault is ROUTE:KIND[:after][:TIMES]; kinds are a status, %s", strings.Join(kinds, ", "))
	}
	f := Fault{Route: parts[0], Kind: parts[1], Times: 1, Wait: 2 * time.Second}
	if status, err := strconv.Atoi(f.Kind); err == nil && status >= 300 && status < 600 {
		f.Kind, f.Status, f.Wait = FaultStatus, status, 0
	} else if !slices.Contains(kinds, f.Kind) {
		return Fault{}, fmt.Errorf("no such kind of fault: there are a status, %s", strings.Join(kinds, ", "))
	}
	if !slices.ContainsFunc(routes(), func(r route) bool { return r.name == f.Route }) {
		return Fault{}, fmt.Errorf("no such route: there are %s, %s, %s, %s, %s, …", RouteList, RouteCreate, RouteShow, RouteUpdate, RouteDelete)
	}
	for _, p := range parts[2:] {
		n, err := strconv.Atoi(p)
		switch {
		case p == "after":
			f.After = true
		case err == nil && n > 0:
			f.Times = n
		default:
			return Fault{}, fmt.Errorf("after a fault's kind come  after  and a number of times")
		}
	}
	return f, nil
}

// fault takes the next fault that fits a request.
func (x *exchange) fault() (Fault, bool) {
	x.s.mu.Lock()
	defer x.s.mu.Unlock()
	for i := range x.s.faults {
		f := &x.s.faults[i]
		if f.Times == 0 || f.Route != "" && f.Route != x.route.name || f.Name != "" && !x.isAbout(f.Name) {
			continue
		}
		f.Times--
		return *f, true
	}
	return Fault{}, false
}

// isAbout tells whether a request is about the connection of a name. The caller holds the lock.
func (x *exchange) isAbout(name string) bool {
	if c := x.s.byID(x.id); c != nil {
		return c.Name == name
	}
	b, _ := readWish(x.body)
	return b.Name == name
}

// withFaults serves a request, or lets it go wrong.
func (x *exchange) withFaults() {
	f, ok := x.fault()
	if !ok {
		x.route.serve(x)
		return
	}
	if f.Kind == FaultSlow {
		select {
		case <-time.After(f.Wait):
		case <-x.r.Context().Done():
		}
		x.route.serve(x)
		return
	}
	answered := &buffer{header: http.Header{}}
	if f.After || f.Kind == FaultTruncated || f.Kind == FaultNoAsset {
		inner := *x
		inner.w = &recorder{ResponseWriter: answered}
		x.route.serve(&inner)
	}
	x.breakWith(f, answered.body.Bytes())
}

func (x *exchange) breakWith(f Fault, answered []byte) {
	switch f.Kind {
	case FaultReset:
		x.reset()
	case FaultTruncated:
		x.w.Header().Set("Content-Length", strconv.Itoa(len(answered)))
		x.w.WriteHeader(http.StatusOK)
		_, _ = x.w.Write(answered[:len(answered)/2])
		panic(http.ErrAbortHandler)
	case FaultOKError:
		x.fail(http.StatusOK, "SecMaster.20039999", "Something went wrong")
	case FaultNoAsset:
		x.succeed(object{})
	case FaultRedirect:
		x.w.Header().Set("Location", "http://127.0.0.1:1/elsewhere")
		x.w.WriteHeader(http.StatusTemporaryRedirect)
	default:
		x.errorStatus(f)
	}
}

// reset closes the connection so that the client sees a reset, with no answer.
func (x *exchange) reset() {
	c, _, err := http.NewResponseController(x.w.ResponseWriter).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	if tcp, ok := c.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0)
	}
	_ = c.Close()
}

func (x *exchange) errorStatus(f Fault) {
	message := f.Text
	if message == "" {
		message = http.StatusText(f.Status)
	}
	if f.Status == http.StatusTooManyRequests {
		if f.Wait > 0 {
			x.w.Header().Set("Retry-After", strconv.Itoa(int(f.Wait/time.Second)))
		}
		x.gateway(f.Status, "APIGW.0308", message)
		return
	}
	switch f.Shape {
	case "secmaster":
		x.reply(f.Status, object{"error_code": "SecMaster.20097017", "error_msg": message})
	case "gateway":
		x.gateway(f.Status, "APIGW.0601", message)
	case "iam":
		x.reply(f.Status, object{"error": object{"code": f.Status, "message": message, "title": http.StatusText(f.Status)}})
	case "html":
		x.w.Header().Set("Content-Type", "text/html")
		x.w.WriteHeader(f.Status)
		_, _ = x.w.Write([]byte("<html><head><title>" + message + "</title></head></html>"))
	default:
		x.fail(f.Status, "SecMaster.20039999", message)
	}
}

// buffer keeps an answer that is not to be sent as it is.
type buffer struct {
	header http.Header
	body   bytes.Buffer
}

func (b *buffer) Header() http.Header         { return b.header }
func (b *buffer) WriteHeader(int)             {}
func (b *buffer) Write(p []byte) (int, error) { return b.body.Write(p) }

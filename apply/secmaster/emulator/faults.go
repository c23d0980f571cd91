package emulator

import (
	"fmt"
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
	// Status is the answer's, for FaultStatus and FaultRedirect: 301, 400, 401, 403, 429, 500, 502, …
	Status int
	Shape  string        // of FaultStatus: soc, secmaster, gateway, iam or html; default soc
	Text   string        // the message of FaultStatus; "" for a usual one
	Wait   time.Duration // of FaultSlow and FaultLate, and the Retry-After of a 429
	Retry  string        // the Retry-After of a 429, word by word
	To     string        // where FaultRedirect points; "" for a port without a listener
	Times  int           // how often; 0 is once
	After  bool          // the request is executed first
}

// Kinds of Fault. Those that spoil an answer execute the request first, with or without After.
const (
	FaultStatus      = "status"       // an error answer
	FaultReset       = "reset"        // the connection is reset
	FaultSlow        = "slow"         // the answer takes its time
	FaultTruncated   = "truncated"    // the answer breaks off
	FaultStall       = "stall"        // the answer begins, and never ends
	FaultDrip        = "drip"         // the answer comes with one byte a second
	FaultLate        = "late"         // no answer, and executed some time after the client has given up
	FaultTwice       = "twice"        // executed twice; the second answer is given
	FaultStale       = "stale"        // not executed; an update is answered with the connection as it was, anything else with a success
	FaultEcho        = "echo"         // not executed, and answered as if it had been
	FaultPage        = "page"         // 200 with an HTML page
	FaultBomb        = "bomb"         // 200 with a gzip of a gigabyte of nothing
	FaultFlood       = "flood"        // 200 with more than a client wants to read
	FaultOKError     = "ok-error"     // 200 with an error code and nothing else
	FaultNoAsset     = "no-asset"     // 200 without what was asked for
	FaultForeignID   = "foreign-id"   // the answer shows the id of another connection
	FaultForeignName = "foreign-name" // the answer shows the name of another connection
	FaultMore        = "total-more"   // a list counts more than it has
	FaultFewer       = "total-fewer"  // a list counts fewer than it has
	FaultNoTotal     = "total-none"   // a list does not count
	FaultRedirect    = "redirect"     // 307, or another status, to another host
)

// FaultKinds are all kinds, in the order of docs/emulator.md.
func FaultKinds() []string {
	return []string{
		FaultReset, FaultSlow, FaultTruncated, FaultStall, FaultDrip, FaultLate, FaultTwice, FaultStale, FaultEcho, FaultPage, FaultBomb, FaultFlood, FaultOKError,
		FaultNoAsset, FaultForeignID, FaultForeignName, FaultMore, FaultFewer, FaultNoTotal, FaultRedirect,
	}
}

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
	kinds := FaultKinds()
	if len(parts) < 2 {
		return Fault{}, fmt.Errorf("a fault is ROUTE:KIND[:after][:TIMES]; kinds are a status, %s", strings.Join(kinds, ", "))
	}
	f := Fault{Route: parts[0], Kind: parts[1], Times: 1, Wait: 2 * time.Second}
	if status, err := strconv.Atoi(f.Kind); err == nil && status >= 300 && status < 600 {
		f.Kind, f.Status, f.Wait = FaultStatus, status, 0
		if status < 400 {
			f.Kind = FaultRedirect
		}
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
	if c := x.connection(); c != nil {
		return c.Name == name
	}
	b, _ := parse(x.body)
	return b.Name == name
}

// withFaults serves a request, or lets it go wrong.
func (x *exchange) withFaults() {
	switch f, ok := x.fault(); {
	case !ok:
		x.serveAs(x.s.value("writes"))
	case f.Kind == FaultSlow:
		_ = x.s.options.Sleep(x.r.Context(), f.Wait)
		x.route.serve(x)
	case f.Kind == FaultLate:
		x.serveLate(f)
	case f.Kind == FaultStale:
		x.stale()
	case f.Kind == FaultEcho:
		x.echo()
	default:
		x.breakWith(f, x.executed(f))
	}
}

// serveAs serves a request by the switch "writes".
func (x *exchange) serveAs(habit string) {
	switch {
	case x.r.Method == http.MethodGet || x.route.name == RoutePolicies || !x.route.workspace || habit == "executed":
		x.route.serve(x)
	case habit == FaultStale:
		x.stale()
	default:
		x.echo()
	}
}

// executed executes a request as often as a fault wants it, and keeps the last answer to itself.
func (x *exchange) executed(f Fault) *buffer {
	last := &buffer{header: http.Header{}}
	times := 1
	switch f.Kind {
	case FaultTwice:
		times = 2
	case FaultStatus, FaultReset, FaultPage, FaultBomb, FaultFlood, FaultOKError, FaultRedirect:
		if !f.After {
			times = 0
		}
	}
	for range times {
		last = &buffer{header: http.Header{}}
		inner := *x
		inner.w = &recorder{ResponseWriter: last}
		x.route.serve(&inner)
	}
	return last
}

func (x *exchange) breakWith(f Fault, answered *buffer) {
	switch f.Kind {
	case FaultReset:
		x.reset()
	case FaultTruncated:
		x.begin(answered, answered.body.Len()/2)
		panic(http.ErrAbortHandler)
	case FaultStall:
		x.begin(answered, answered.body.Len()/2)
		x.outwait()
	case FaultDrip:
		x.drip(answered)
	case FaultTwice:
		x.begin(answered, answered.body.Len())
	case FaultPage:
		x.page(http.StatusOK, "Please log in")
	case FaultBomb, FaultFlood:
		x.flood(f.Kind == FaultBomb)
	case FaultOKError:
		x.fail(http.StatusOK, "SecMaster.20039999", "Something went wrong")
	case FaultNoAsset:
		x.succeed(object{})
	case FaultForeignID, FaultForeignName, FaultMore, FaultFewer, FaultNoTotal:
		x.lie(f.Kind, answered)
	case FaultRedirect:
		x.redirect(f)
	default:
		x.errorStatus(f)
	}
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
		if f.Retry != "" {
			x.w.Header().Set("Retry-After", f.Retry)
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
		x.page(f.Status, message)
	default:
		x.fail(f.Status, "SecMaster.20039999", message)
	}
}

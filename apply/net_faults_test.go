package apply_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"time"

	"connsync/apply/secmaster/emulator"
)

// fault is one way for the network, or what is behind it, to fail.
type fault struct {
	http        *emulator.Fault
	dial        func(context.Context) (net.Conn, error)
	certificate string            // the kind shown where it strikes
	resets      bool              // connections, as their first byte arrives
	skew        time.Duration     // of this machine's clock
	between     func(s *netScene) // before a page is served
	switches    []string          // of the server, in the first run
	says        string            // is in the error where it does not end well, in one of several forms
}

// perConnection tells whether it strikes connections, so each request needs one of its own.
func (f *fault) perConnection() bool { return f.dial != nil || f.certificate != "" || f.resets }

// netFault gives the fault of a name in the table.
func netFault(name string) *fault {
	base, variant, _ := strings.Cut(name, " ")
	switch base {
	case "refused":
		return &fault{dial: refusedDial, says: "connection refused"}
	case "no-dns":
		return &fault{dial: namelessDial, says: "the host name cannot be resolved"}
	case "certificate":
		return &fault{certificate: variant, says: "the server's certificate is not trusted"}
	case "reset-at-once":
		return &fault{resets: true, says: "no answer"}
	case "clock":
		minutes := map[string]time.Duration{"+16m": 16, "-16m": -16}[variant]
		words := map[string]string{"+16m": "16 minutes ahead", "-16m": "16 minutes behind"}[variant]
		return &fault{skew: minutes * time.Minute, says: "this machine's clock is " + words}
	case "list-changes":
		return &fault{between: map[string]func(*netScene){"insert": inserts, "delete": deletes, "both": func(s *netScene) { deletes(s); inserts(s) }}[variant], says: "do not fit together"}
	case "lag":
		return lagging(variant)
	case "429":
		return &fault{http: &emulator.Fault{Kind: emulator.FaultStatus, Status: http.StatusTooManyRequests, Retry: retries()[variant], Text: throttledTexts[variant]}, says: "the rate limit left no time for it|429 APIGW.0308"}
	case "twice-refused":
		return &fault{http: &emulator.Fault{Kind: emulator.FaultTwice}, switches: []string{"duplicates=refuse"}}
	}
	return httpFault(name)
}

// httpFault is what the emulator does itself.
func httpFault(name string) *fault {
	text, page := strings.CutSuffix(name, " page")
	f, err := emulator.ParseFault("list connections:" + strings.ReplaceAll(text, " executed", ":after"))
	if err != nil {
		panic(err)
	}
	if f.Kind == emulator.FaultSlow || f.Kind == emulator.FaultLate {
		f.Wait = 90 * time.Second
	}
	if page {
		f.Shape = "html"
	}
	says := map[string]string{
		emulator.FaultReset: "no answer", emulator.FaultTruncated: "the response was cut short", emulator.FaultStall: "no answer in time", emulator.FaultDrip: "no answer in time",
		emulator.FaultLate: "no answer in time", emulator.FaultPage: "a page instead of an answer", emulator.FaultBomb: "longer than any that is expected",
		emulator.FaultFlood: "longer than any that is expected", emulator.FaultOKError: "SecMaster.20039999", emulator.FaultRedirect: "a redirect, which is not followed",
		emulator.FaultStale: "shows the connection as it was|the answer holds no connection", emulator.FaultEcho: "shows the connection as it was|neither a list nor its id shows it",
		emulator.FaultForeignID: "the server answered for another connection", emulator.FaultForeignName: "the server answered for another connection",
	}[f.Kind]
	if f.Kind == emulator.FaultStatus {
		says = fmt.Sprint(f.Status, " ")
	}
	return &fault{http: &f, says: says}
}

// throttledTexts are the messages of a 429 beside the usual one: per address, and all runners behind one share it.
var throttledTexts = map[string]string{"ip": "The throttling threshold has been reached: policy ip over ratelimit,limit:5,time:1 second"}

// retries are what a 429 asks for, by name.
func retries() map[string]string {
	return map[string]string{"": "", "3": "3", "date": time.Now().Add(7 * time.Second).UTC().Format(http.TimeFormat), "-1": "-1", "huge": "1000000000", "garbage": "soon"}
}

// lagging is a list that shows a new connection only after some lists. Its create was answered, lost, or answered for another one.
func lagging(variant string) *fault {
	lists, how, _ := strings.Cut(variant, " ")
	f := &fault{switches: []string{"lag=" + lists}, says: "no answer"}
	switch how {
	case "lost":
		f.http = &emulator.Fault{Kind: emulator.FaultReset, After: true}
	case "foreign":
		f.http = &emulator.Fault{Kind: emulator.FaultForeignID}
		f.says = "neither a list nor its id shows it"
	}
	return f
}

func refusedDial(ctx context.Context) (net.Conn, error) {
	return new(net.Dialer).DialContext(ctx, "tcp", "127.0.0.1:1")
}

// namelessDial asks the resolver, and the resolver can reach no server.
func namelessDial(ctx context.Context) (net.Conn, error) {
	r := &net.Resolver{PreferGo: true, Dial: func(context.Context, string, string) (net.Conn, error) { return nil, errors.New("no network") }}
	return (&net.Dialer{Resolver: r}).DialContext(ctx, "tcp", "secmaster.example.invalid:443")
}

// deletes takes away something shown by the first page, and inserts adds something at the end: together they leave as many as
// there were.
func deletes(s *netScene) {
	for i := range strangersThere {
		if id := s.there()[fmt.Sprint("gone", i)]; id != "" {
			s.server.Remove(id)
			return
		}
	}
}

func inserts(s *netScene) { s.server.Put(emulator.Connection{Name: "new"}) }

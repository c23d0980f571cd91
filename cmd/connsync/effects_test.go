package main

import (
	"fmt"
	"net/http"
	"net/http/httptrace"
	"os"
	"os/signal"
	"path"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
)

// What a process of the test binary does to itself at its own effects. An effect is each thing it does to known state, on disk
// or on a remote, and of each request to SecMaster three moments: before it is sent, when it has been sent, and when it was answered.
//
//	CONNSYNC_TEST_AT=17         at the 17th it sends itself a signal
//	CONNSYNC_TEST_SIGNAL=15     this one; 9 where none is named
//	CONNSYNC_TEST_AGAIN=50ms    and once more, so much later
//	CONNSYNC_TEST_EFFECTS=FILE  a line for each effect, and "signal TIME" for each signal, in nanoseconds
const (
	effectAt     = "CONNSYNC_TEST_AT"
	effectSignal = "CONNSYNC_TEST_SIGNAL"
	effectAgain  = "CONNSYNC_TEST_AGAIN"
	effectLog    = "CONNSYNC_TEST_EFFECTS"
)

// observed is a world that counts effects, where the environment asks for it.
func observed(w world) world {
	if os.Getenv(effectAt)+os.Getenv(effectLog) == "" {
		return w
	}
	e := &effects{signal: syscall.SIGKILL, noticed: make(chan os.Signal, 2)}
	e.at, _ = strconv.Atoi(os.Getenv(effectAt))
	if n, err := strconv.Atoi(os.Getenv(effectSignal)); err == nil {
		e.signal = syscall.Signal(n)
	}
	e.again, _ = time.ParseDuration(os.Getenv(effectAgain))
	if name := os.Getenv(effectLog); name != "" {
		var err error
		if e.log, err = os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o644); err != nil {
			panic(err)
		}
	}
	if e.signal != syscall.SIGKILL {
		signal.Notify(e.noticed, e.signal)
	}
	w.effect, w.wrap = e.ofState, e.ofRequests
	return w
}

type effects struct {
	mu     sync.Mutex
	n, at  int
	signal syscall.Signal
	again  time.Duration
	log    *os.File

	noticed chan os.Signal
}

// ofState hears of known state. What is after one effect is before the next.
func (e *effects) ofState(op string) error {
	if strings.HasPrefix(op, "before ") {
		e.happen(op)
	}
	return nil
}

func (e *effects) happen(op string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.n++
	e.note(op)
	if e.n != e.at {
		return
	}
	e.send()
	if e.again > 0 {
		time.AfterFunc(e.again, e.send)
	}
	<-e.noticed
	time.Sleep(20 * time.Millisecond) // it is told to others at the same time
}

func (e *effects) send() {
	if e.signal != syscall.SIGKILL {
		e.note(fmt.Sprint("signal ", time.Now().UnixNano()))
	}
	if err := syscall.Kill(os.Getpid(), e.signal); err != nil {
		panic(err)
	}
	if e.signal == syscall.SIGKILL {
		select {} // it dies here, and does nothing more
	}
}

func (e *effects) note(line string) {
	if e.log != nil {
		fmt.Fprintln(e.log, line)
	}
}

// ofRequests watches requests on their way.
func (e *effects) ofRequests(next http.RoundTripper) http.RoundTripper { return watched{next, e} }

type watched struct {
	next    http.RoundTripper
	effects *effects
}

func (w watched) RoundTrip(r *http.Request) (*http.Response, error) {
	if strings.Contains(r.URL.Path, "/soc/workflows") || strings.HasSuffix(r.URL.Path, "/policys/search") {
		return w.next.RoundTrip(r) // who uses a connection is good to know, and changes nothing
	}
	what := r.Method
	if what == http.MethodGet && path.Base(r.URL.Path) != "assetcredentials" {
		what = "GET one"
	}
	w.effects.happen("before sending " + what)
	left := make(chan bool, 2) // it may be tried on two connections
	sent := &httptrace.ClientTrace{WroteRequest: func(httptrace.WroteRequestInfo) {
		w.effects.happen("after sending " + what)
		left <- true
	}}
	resp, err := w.next.RoundTrip(r.WithContext(httptrace.WithClientTrace(r.Context(), sent)))
	if err == nil {
		<-left
		w.effects.happen("after the answer to " + what)
	}
	return resp, err
}

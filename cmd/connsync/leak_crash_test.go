package main

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
)

// fragile is main in a panicking world, with a secret in hand, when it is touched for the nth time: the goroutine that does
// so may be any.
func fragile() {
	n, _ := strconv.Atoi(os.Getenv("FRAGILE_AT"))
	wire := &tripwire{at: int64(n)}
	w := system()
	env, lend := w.env, w.lend
	w.stdout, w.stderr = wire.over(os.Stdout), wire.over(os.Stderr)
	w.env = func(name string) string { wire.touched(); return env(name) }
	w.lend = func(keyType string) func() { wire.touched(); return lend(keyType) }
	w.effect = func(string) error { wire.touched(); return nil }
	w.wrap = func(t http.RoundTripper) http.RoundTripper { return tripping{wire, nil, t} }
	code := run(w)
	if wire.touches.Load() < wire.at {
		fmt.Println(neverPanicked)
	}
	os.Exit(code)
}

const neverPanicked = "it never panicked"

type tripwire struct {
	at      int64
	touches atomic.Int64
}

// touched panics with every kind of value in turn.
func (w *tripwire) touched() {
	if n := w.touches.Add(1); n == w.at {
		panic([]any{secretPassword.text, errors.New(secretPassword.text), fmt.Errorf("%w", errors.New(secretPassword.text)), []byte(secretPassword.text)}[n%4])
	}
}

// tripping touches the wire with everything written, or with every request and every answer.
type tripping struct {
	w *tripwire
	f *os.File
	t http.RoundTripper
}

func (w *tripwire) over(f *os.File) io.Writer { return tripping{w, f, nil} }

func (t tripping) RoundTrip(r *http.Request) (*http.Response, error) {
	t.w.touched()
	a, err := t.t.RoundTrip(r)
	t.w.touched()
	return a, err
}

func (t tripping) Write(p []byte) (int, error) {
	t.w.touched()
	return t.f.Write(p)
}

// Wherever connsync panics, in whichever goroutine, it says so, with no word of what it had in hand.
func TestAPanicShowsNothing(t *testing.T) {
	t.Parallel()
	base := template(t)
	var c leakCount
	step := 13
	if *leakLong {
		step = 1
	}
	for at := 1; ; at += step {
		w := newWorld(t, base, nil)
		w.alone()
		w.env["FRAGILE_AT"] = strconv.Itoa(at)
		w.remember()
		code, out := w.runAs("fragile", "sync", "-v", "--rewrite", "*", "--settle", "1ms", "--report", "report.json")
		if strings.Contains(out, neverPanicked) {
			if code != exitDone || at < 20 {
				t.Errorf("after %d touches: exit %d\n%s", at, code, out)
			}
			break
		}
		c.look(w, out)
		told := strings.Contains(out, internalError) || strings.Contains(out, "cannot be opened") // as a file, where SOPS looks for its key
		if code == exitDone || strings.Contains(out, "goroutine ") || !told {
			t.Errorf("touch %d: exit %d\n%s", at, code, out)
		}
	}
	t.Logf("T-LEAK: %d panics, %d hits", c.runs.Load(), c.hits.Load())
}

// A trace of all goroutines, while they hold secrets, shows none, and leaves no core file.
func TestASignalShowsNothing(t *testing.T) {
	t.Parallel()
	base := template(t)
	var c leakCount
	for _, s := range []syscall.Signal{syscall.SIGQUIT, syscall.SIGABRT} {
		for _, much := range []string{"all", "system", "crash"} {
			w := newWorld(t, base, nil)
			w.env["GOTRACEBACK"] = much
			w.remember()
			out := w.stalled(s, "sync", "-v", "--rewrite", "*", "--report", "report.json")
			if !strings.Contains(out, "goroutine ") {
				t.Errorf("%v: no trace: %s", s, out)
			}
			c.look(w, out)
		}
	}
	t.Logf("T-LEAK: %d signals, %d hits", c.runs.Load(), c.hits.Load())
}

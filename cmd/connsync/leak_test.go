package main

import (
	"flag"
	"fmt"
	"net/http"
	"reflect"
	"strings"
	"sync/atomic"
	"testing"
)

var leakLong = flag.Bool("leak.long", false, "every command on every fixture and with every fault, and builds that leak on purpose")

// leakCount is what a suite has done.
type leakCount struct{ runs, hits atomic.Int64 }

// look scans what a run left behind.
func (c *leakCount) look(w *leakWorld, output string) {
	w.t.Helper()
	c.runs.Add(1)
	hits := w.leaks(output)
	c.hits.Add(int64(len(hits)))
	for _, h := range hits {
		w.t.Errorf("%s", h)
	}
	if len(hits) > 0 && len(output) < 8000 {
		w.t.Logf("%s", output)
	}
}

// run is one command in one world.
func (c *leakCount) run(w *leakWorld, args ...string) {
	w.t.Helper()
	w.remember()
	run := w.quickly
	if *leakLong {
		run = w.connsync
	}
	code, out := run(args...)
	if code != exitDone && code != exitPending && out == "" {
		w.t.Errorf("exit %d, and not a word", code)
	}
	c.look(w, out)
}

// formatsOf are the formats a command knows.
func formatsOf(command any) []string {
	f, _ := reflect.TypeOf(command).FieldByName("Format")
	return strings.Split(f.Tag.Get("enum"), ",")
}

// leakCommands are all commands, with the flags for the most output.
func leakCommands() []string {
	out := []string{
		"sync -v --report report.json", "sync -v --dry-run --report report.json", "sync -v --prune --max-deletes 9 --report report.json", "sync -v --rewrite * --settle 1ms --report report.json",
		"sync -v --color always", "diff -v --exit-code", "targets -v", "plugins -v", "import --dry-run -v", "plugins EdrVendor -v", "schema -v", "version -v", "state list -v", "state show edr -v", "state log -v", "state forget edr -v", "state unlock --run 0123456789abcdef", "state rebuild -v",
		"--help", "sync --help",
	}
	for _, f := range formatsOf(diffCmd{}) {
		out = append(out, "diff -v --format "+f, "diff -v --base main~1 --format "+f)
	}
	for _, f := range formatsOf(validateCmd{}) {
		out = append(out, "validate -v --format "+f)
	}
	return out
}

// leakMisuse are command lines connsync cannot carry out.
var leakMisuse = []string{
	"validate --nope", "validate extra", "diff --format nope", "diff --head main", "diff --base nowhere", "diff -C /nonexistent", "diff --config nope.yaml", "sync --parallelism 0", "sync --timeout x",
	"sync --max-deletes x", "sync --rewrite [", "sync --only [", "sync --target nope", "sync --report /nonexistent/report.json", "sync --expect-plan 00", "sync --ref nowhere",
	"targets --nope", "state", "state show", "state show nope", "state unlock", "state forget", "state forget nope", "emulator --addr 0.0.0.0:1", "emulator --switch a=b", "emulator --fault x", "emulator --seed nope",
	"demo --nope", "version extra", "nope",
}

// No secret is to be found in anything connsync writes, whatever it reads, whatever SecMaster answers, and however much it is asked to say.
func TestNothingLeaks(t *testing.T) {
	t.Parallel()
	base := template(t)
	var c leakCount
	in := func(t *testing.T, name, args string, change func(*leakWorld), f *leakFault) {
		t.Run(name+"/"+args, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, base, f)
			if !*leakLong && name != "in step" {
				w.alone()
			}
			if change != nil {
				change(w)
			}
			c.run(w, strings.Fields(args)...)
		})
	}
	t.Run("runs", func(t *testing.T) {
		for i, f := range leakFixtures() {
			for _, args := range leakCommands() {
				if *leakLong || i == 0 || args == "sync -v --report report.json" || args == "diff -v --format json" && strings.HasPrefix(f.name, "SecMaster: ") {
					in(t, f.name, args, f.change, nil)
				}
			}
		}
		for _, e := range leakEnvironments {
			for _, args := range leakCommands() {
				if *leakLong || args == "sync -v --report report.json" {
					in(t, e.name, args, e.env, nil)
				}
			}
		}
		for _, args := range leakMisuse {
			in(t, "misuse", args, nil, nil)
		}
	})
	t.Logf("T-LEAK: %d runs, %d bytes scanned, %d hits", c.runs.Load(), leakScanner().bytes.Load(), c.hits.Load())
}

// A SecMaster repeats secrets in its answers, in every part of them and in every form. It makes connsync repeat none.
func TestNothingLeaksThroughAnswers(t *testing.T) {
	t.Parallel()
	base := template(t)
	var c leakCount
	in := func(t *testing.T, name string, change func(*leakWorld), f *leakFault, args string) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, base, f)
			w.alone()
			change(w)
			c.run(w, strings.Fields(args+" -v --settle 1ms --parallelism 1 --timeout 10s --report report.json --report report.html")...)
			if f.count.Load() == 0 {
				t.Error("nothing was answered wrongly")
			}
		})
	}
	everything := allEchoes()
	share, each := len(everything)/8, 8
	if *leakLong {
		share, each = len(everything), 1
	}
	const atOnce = 50 // writes of a run
	t.Run("answers", func(t *testing.T) {
		for from := 0; from < share; from += atOnce {
			n := min(atOnce, share-from)
			f := &leakFault{hurts: onCreates, echo: func(i int) echo { return everything[(from+i)*each%len(everything)] }}
			in(t, fmt.Sprintf("creates from %d", from), manyWanted(n), f, "sync")
		}
		for i := 0; i < len(everything); i += len(everything) / (6 * len(everything) / share / 8) {
			e := everything[i]
			in(t, "updates "+e.String(), nothingElse, &leakFault{hurts: onUpdates, echo: func(int) echo { return e }}, "sync")
			in(t, "the closing list "+e.String(), nothingElse, &leakFault{hurts: onClosingList, echo: func(int) echo { return e }}, "sync")
		}
		for _, status := range []int{401, 403, 429} {
			e := echo{status, "gateway", "values"}
			in(t, "creates "+e.String(), manyWanted(2), &leakFault{hurts: onCreates, echo: func(int) echo { return e }}, "sync")
		}
	})
	t.Logf("T-LEAK: %d runs, %d answers, %d bytes scanned, %d hits", c.runs.Load(), share, leakScanner().bytes.Load(), c.hits.Load())
}

func nothingElse(*leakWorld) {}

func onCreates(r *http.Request, _ bool) bool { return r.Method == http.MethodPost }

func onUpdates(r *http.Request, _ bool) bool { return r.Method == http.MethodPut }

func onClosingList(r *http.Request, wrote bool) bool { return wrote && r.Method == http.MethodGet }

package main

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"connsync/apply/secmaster/emulator"
)

// How soon an interrupted sync has ended, and what tests allow for beside, since a processor may be shared with many.
const (
	endsIn         = 5 * time.Second
	onBusyMachines = 5 * time.Second
	endsAtOnceIn   = 2 * time.Second // after a second signal: half a second is the promise, and without the signal it takes three
)

// interruption is what a sync suffers at one of its effects.
type interruption struct {
	at     int
	signal syscall.Signal
	again  time.Duration // until a second signal; 0 for none
	shell  bool          // started as CI systems start it
	slow   emulator.Fault
}

func (i interruption) String() string {
	text := fmt.Sprintf("%v at effect %d", i.signal, i.at)
	if i.shell {
		text += ", from a shell"
	}
	return text
}

// ending is what an interrupted sync left.
type ending struct {
	reached bool          // it got as far as the signal
	code    int           // its exit code
	during  string        // the effect at which the signal came
	after   []string      // what it did from then on
	took    time.Duration // from the last signal to its end
	report  string        // the file
}

// interrupt runs a sync and sends it a signal at one of its effects.
func (s *story) interrupt(i interruption) (ending, error) {
	log, report := filepath.Join(s.root, "effects"), filepath.Join(s.root, "report.json")
	_ = os.Remove(log)
	cmd := s.process([]string{
		fmt.Sprint(effectAt, "=", i.at), fmt.Sprintf("%s=%d", effectSignal, i.signal), effectAgain + "=" + i.again.String(), effectLog + "=" + log,
	}, "--report", report)
	if i.shell {
		cmd = inShell(cmd)
	}
	if err := cmd.Start(); err != nil {
		return ending{}, err
	}
	status, err := s.after(cmd)
	if err != nil || !status.Exited() {
		return ending{}, fmt.Errorf("%v, %v", status, err)
	}
	e := ending{code: status.ExitStatus(), report: report}
	text, err := os.ReadFile(log)
	before, after, reached := strings.Cut(string(text), "signal ")
	if !reached || err != nil {
		return e, err
	}
	ops := strings.Split(strings.TrimSpace(before), "\n")
	e.reached, e.during, e.after = true, ops[len(ops)-1], strings.Split(strings.TrimSpace(after), "\n")
	last := e.after[0]
	for _, line := range e.after {
		if at, again := strings.CutPrefix(line, "signal "); again {
			last = at
		}
	}
	nanos, err := strconv.ParseInt(last, 10, 64)
	e.took = s.ended.Sub(time.Unix(0, nanos))
	return e, err
}

// inShell is a process as a step of a CI job: the shell gives way to it, so signals for the step reach it.
func inShell(cmd *exec.Cmd) *exec.Cmd {
	shell := exec.Command("bash", append([]string{"-e", "-c", `exec connsync "$@"`, "step"}, cmd.Args[1:]...)...)
	shell.Env, shell.SysProcAttr = cmd.Env, cmd.SysProcAttr
	return shell
}

// started are the changes begun after the signal. A delete had begun if its connection was being looked up.
func (e ending) started() []string {
	var out []string
	for _, op := range e.after {
		if op == "before sending POST" || op == "before sending PUT" || op == "before sending DELETE" && !strings.HasSuffix(e.during, "GET one") {
			out = append(out, op)
		}
	}
	return out
}

// orderly checks an ending after one signal: nothing new was started, what was done is recorded and reported.
func (s *story) orderly(e ending) error {
	if started := e.started(); e.code != exitInterrupted || len(started) > 0 {
		return fmt.Errorf("exit %d, %v after %s", e.code, started, e.during)
	}
	if e.took > endsIn+onBusyMachines {
		return fmt.Errorf("it ended after %v", e.took)
	}
	text, err := os.ReadFile(e.report)
	var r toldReport
	if err == nil {
		err = json.Unmarshal(text, &r)
	}
	if err != nil || r.ExitCode != exitInterrupted {
		return fmt.Errorf("the report: %v, %s", err, text)
	}
	snap, err := s.known()
	if err != nil || snap.Run != nil {
		return fmt.Errorf("known state: %v, run %v", err, snap.Run)
	}
	return s.told(r)
}

// toldReport is what --report wrote, as far as these tests read it.
type toldReport struct {
	ExitCode int `json:"exit_code"`
	Targets  []struct {
		Recorded bool   `json:"recorded"`
		Error    string `json:"error"`
		Results  []struct {
			Name    string `json:"name"`
			ID      string `json:"id"`
			Outcome string `json:"outcome"`
		} `json:"results"`
	} `json:"targets"`
}

// told checks the report for what was sent, with what became of it.
func (s *story) told(r toldReport) error {
	outcomes := map[string]string{}
	for _, t := range r.Targets {
		for _, res := range t.Results {
			outcomes[res.Name] = res.Outcome
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for name := range s.posts {
		if outcomes[name] != "created" && outcomes[name] != "unknown" {
			return fmt.Errorf("%s was sent, and is reported as %q", name, outcomes[name])
		}
	}
	return nil
}

// slowFrom is how long an ending takes that a busy machine may have spoiled.
func (i interruption) slowFrom() time.Duration {
	if i.again > 0 {
		return endsAtOnceIn
	}
	return endsIn - time.Second
}

// stopped tells the story of one interruption, and whether the sync got that far. A machine may be so busy as to use up all the time
// connsync gives itself for its end. Then the story is told again, twice at most.
func (st *stage) stopped(shared bool, i interruption) (bool, error) {
	for again := 2; ; again-- {
		e, err := st.stoppedOnce(shared, i)
		if err == nil || again == 0 || e.took < i.slowFrom() {
			return e.reached, err
		}
	}
}

func (st *stage) stoppedOnce(shared bool, i interruption) (ending, error) {
	s, err := st.begin(shared)
	if err != nil {
		return ending{}, err
	}
	defer s.end()
	if i.slow.Kind != "" {
		s.server.Fail(i.slow)
	}
	e, err := s.interrupt(i)
	switch {
	case err != nil:
	case !e.reached && e.code != exitDone:
		err = fmt.Errorf("exit %d", e.code)
	case e.reached && i.again > 0 && i.signal != syscall.SIGHUP:
		err = s.abrupt(e)
	case e.reached:
		err = s.orderly(e)
	}
	if err == nil {
		err = s.recovers()
	}
	if err != nil {
		err = fmt.Errorf("%v: %w", i, err)
	}
	return e, err
}

// abrupt checks an ending after two signals.
func (s *story) abrupt(e ending) error {
	if e.code != exitInterrupted || e.took > endsAtOnceIn {
		return fmt.Errorf("exit %d, %v after the second signal", e.code, e.took)
	}
	return s.freed(false)
}

// TestASyncInterruptedAtAnyMoment sends a sync SIGINT, SIGTERM or SIGHUP at its effects: it starts nothing new, records and reports what it
// did, and the next sync goes on.
func TestASyncInterruptedAtAnyMoment(t *testing.T) {
	t.Parallel()
	st := setStage(t)
	random := rand.New(rand.NewPCG(*crashSeed, 1))
	for _, shared := range []bool{false, true} {
		var all []interruption
		for at := 1; at <= len(st.calm[shared]); at++ {
			for _, by := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP} {
				all = append(all, interruption{at: at, signal: by})
			}
		}
		if !*crashLong {
			random.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
			all = all[:8]
		}
		all[0].shell, all[1].shell = true, true
		c := newCrowd(t)
		var reached atomic.Int64
		for _, i := range all {
			c.add(func() error {
				met, err := st.stopped(shared, i)
				if met {
					reached.Add(1)
				}
				return err
			})
		}
		failed := c.wait()
		t.Logf("T-SIG: %d interruptions, shared: %v, %d failed", reached.Load(), shared, failed)
		if reached.Load() != int64(len(all)) {
			t.Errorf("%d of %d syncs were interrupted", reached.Load(), len(all))
		}
	}
}

package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"connsync/apply/secmaster/emulator"
)

// leaving is a reader who goes away: at once, or after a line with some text.
type leaving struct {
	stdout, stderr bool   // what it reads
	after          string // "" for at once
	flags          []string
	sent           bool // by then something was sent
}

// leave runs a sync whose reader leaves. The server takes its time with creates.
func (s *story) leave(l leaving) (ending, error) {
	e := ending{report: filepath.Join(s.root, "report.json")}
	s.server.Fail(emulator.Fault{Route: emulator.RouteCreate, Kind: emulator.FaultSlow, Wait: 2 * time.Second})
	r, w, err := os.Pipe()
	if err != nil {
		return e, err
	}
	cmd := s.process(nil, append([]string{"--report", e.report}, l.flags...)...)
	if l.stdout {
		cmd.Stdout = w
	}
	if l.stderr {
		cmd.Stderr = w
	}
	if l.after == "" {
		_ = r.Close()
	}
	if err := cmd.Start(); err != nil {
		return e, err
	}
	_ = w.Close()
	if l.after != "" {
		for lines := bufio.NewScanner(r); lines.Scan() && !strings.Contains(lines.Text(), l.after); {
		}
		_ = r.Close()
	}
	status, err := s.after(cmd)
	if err == nil && !status.Exited() {
		err = fmt.Errorf("it ended by %v", status.Signal())
	}
	e.code = status.ExitStatus()
	return e, err
}

// recorded checks that a sync whose reader left did not leave anything untold.
func (s *story) recorded(l leaving, e ending) error {
	text, err := os.ReadFile(e.report)
	var r toldReport
	if err == nil {
		err = json.Unmarshal(text, &r)
	}
	snap, stateErr := s.known()
	sent := s.server.Count(emulator.RouteCreate) + s.server.Count(emulator.RouteUpdate) + s.server.Count(emulator.RouteDelete)
	switch {
	case err != nil || stateErr != nil:
		return errors.Join(err, stateErr)
	case e.code != exitInterrupted || r.ExitCode != exitInterrupted:
		return fmt.Errorf("exit %d, and %d in the report", e.code, r.ExitCode)
	case snap.Run != nil:
		return fmt.Errorf("run %s is left", snap.Run.ID)
	case (sent > 0) != l.sent:
		return fmt.Errorf("%d writes were sent", sent)
	}
	return s.told(r)
}

// TestASyncWhoseReaderLeaves is `connsync sync | head -1` in its forms: it ends as by a signal, and what was sent is recorded.
func TestASyncWhoseReaderLeaves(t *testing.T) {
	t.Parallel()
	st := setStage(t)
	c := newCrowd(t)
	all := []leaving{
		{stdout: true},
		{stdout: true, stderr: true},
		{stderr: true, flags: []string{"-v"}},
		{stdout: true, after: "create", sent: true},
		{stdout: true, stderr: true, after: "create connection", flags: []string{"-v"}, sent: true},
		{stderr: true, after: "create connection", flags: []string{"-v"}, sent: true},
	}
	for _, shared := range []bool{false, true} {
		for _, l := range all {
			c.add(func() error {
				s, err := st.begin(shared)
				if err != nil {
					return err
				}
				defer s.end()
				e, err := s.leave(l)
				if err == nil {
					err = s.recorded(l, e)
				}
				if err == nil {
					err = s.recovers()
				}
				if err != nil {
					return fmt.Errorf("%+v, shared: %v: %w", l, shared, err)
				}
				return nil
			})
		}
	}
	failed := c.wait()
	t.Logf("T-SIG: %d readers that leave, %d failed", 2*len(all), failed)
}

// A command with nothing to record does not end as if all had been read either.
func TestADiffWhoseReaderLeaves(t *testing.T) {
	st := setStage(t)
	s, err := st.begin(false)
	if err != nil {
		t.Fatal(err)
	}
	defer s.end()
	for _, args := range [][]string{{"diff"}, {"diff", "--format", "json"}, {"validate"}, {"targets"}, {"state", "list"}, {"state", "log"}} {
		cmd := s.process(nil)
		cmd.Args = append([]string{"connsync"}, append(args, "-C", s.work, "--endpoint", s.http.URL)...)
		r, w, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		_ = r.Close()
		cmd.Stdout = w
		err = cmd.Run()
		_ = w.Close()
		if code := cmd.ProcessState.ExitCode(); code != exitInterrupted {
			t.Errorf("%v: exit %d, %v", args, code, err)
		}
	}
}

// Under nohup a lost session ends nothing.
func TestNohupHoldsASyncUp(t *testing.T) {
	t.Parallel()
	s, err := setStage(t).begin(false)
	if err != nil {
		t.Fatal(err)
	}
	defer s.end()
	s.server.Fail(emulator.Fault{Route: emulator.RouteCreate, Kind: emulator.FaultSlow, Wait: time.Second})
	cmd := s.process(nil)
	ignoring := exec.Command("bash", append([]string{"-c", `trap '' HUP; exec connsync "$@"`, "nohup"}, cmd.Args[1:]...)...)
	ignoring.Env, ignoring.SysProcAttr = cmd.Env, cmd.SysProcAttr
	if err := ignoring.Start(); err != nil {
		t.Fatal(err)
	}
	for range 2000 {
		if s.server.Count(emulator.RouteCreate) > 0 {
			break
		}
		time.Sleep(5 * time.Millisecond)
	}
	if err := ignoring.Process.Signal(syscall.SIGHUP); err != nil {
		t.Fatal(err)
	}
	status, err := s.after(ignoring)
	if err != nil || status.ExitStatus() != exitDone || s.server.Count(emulator.RouteCreate) != 2 {
		t.Errorf("exit %d, %v, %d creates", status.ExitStatus(), err, s.server.Count(emulator.RouteCreate))
	}
}

package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"connsync/apply/secmaster/emulator"
)

// slowly makes a remote stop at its n-th push until it is told to go on: before it takes what is pushed, or when it has taken it and has
// not said so. The hook is in a folder with permission to run programs.
func (s *story) slowly(n int, hook, folder string) error {
	text := fmt.Sprintf(`#!/bin/sh
echo >>pushes
[ "$(wc -l <pushes)" -ne %d ] && exit 0
touch pushing
until [ -e go-on ]; do sleep 0.02; done
`, n)
	config, err := os.OpenFile(filepath.Join(s.bare, "config"), os.O_WRONLY|os.O_APPEND, 0)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(config, "[core]\n\thooksPath = %s\n", folder)
	return errors.Join(err, config.Close(), os.WriteFile(filepath.Join(folder, hook), []byte(text), 0o755))
}

// await waits for a file of the remote.
func (s *story) await(name string) error {
	for range 5000 {
		if _, err := os.Stat(filepath.Join(s.bare, name)); err == nil {
			return nil
		}
		time.Sleep(2 * time.Millisecond)
	}
	return fmt.Errorf("no %s", name)
}

func (s *story) goOn() error { return os.WriteFile(filepath.Join(s.bare, "go-on"), nil, 0o644) }

// interruptPush sends a sync a signal while its n-th push is under way: the remote ends it soon after, or only when the sync is gone.
func (s *story) interruptPush(n int, hook, folder string, hangs bool) (ending, error) {
	e := ending{report: filepath.Join(s.root, "report.json")}
	if err := s.slowly(n, hook, folder); err != nil {
		return e, err
	}
	cmd := s.process(nil, "--report", e.report)
	if err := cmd.Start(); err != nil {
		return e, err
	}
	err := s.await("pushing")
	began := time.Now()
	err = errors.Join(err, cmd.Process.Signal(syscall.SIGINT))
	if !hangs {
		time.Sleep(200 * time.Millisecond) // the push goes on for that long after the signal
		err = errors.Join(err, s.goOn())
	}
	_ = cmd.Wait()
	e.took, e.code = time.Since(began), cmd.ProcessState.ExitCode()
	if hangs {
		err = errors.Join(err, s.goOn())
	}
	return e, errors.Join(err, s.afterGroup(cmd.Process.Pid))
}

// pushing tells the story of one such interruption.
func (st *stage) pushing(n int, hook, folder string, hangs bool) error {
	s, err := st.begin(true)
	if err != nil {
		return err
	}
	defer s.end()
	e, err := s.interruptPush(n, hook, folder, hangs)
	switch sent := s.server.Count(emulator.RouteCreate) + s.server.Count(emulator.RouteUpdate) + s.server.Count(emulator.RouteDelete); {
	case err != nil:
		return err
	case e.code != exitInterrupted || e.took > endsIn+onBusyMachines:
		return fmt.Errorf("exit %d after %v", e.code, e.took)
	case (sent > 0) != (n == 2):
		return fmt.Errorf("%d writes were sent", sent)
	case !hangs:
		err = s.orderly(e)
	case n == 1:
		err = s.freed(false)
	}
	if err == nil {
		err = s.recovers()
	}
	return err
}

// A push cannot be taken back: what an interrupted sync was pushing may be there although it never heard of it.
func TestASyncInterruptedWhileItPushes(t *testing.T) {
	t.Parallel()
	st := setStage(t)
	c := newCrowd(t)
	for _, hook := range []string{"pre-receive", "post-receive"} {
		for _, hangs := range []bool{false, true} {
			for n := 1; n <= 2; n++ { // the announcement, and what was done
				folder := t.TempDir()
				c.add(func() error {
					if err := st.pushing(n, hook, folder, hangs); err != nil {
						return fmt.Errorf("push %d, in %s, and the remote hangs: %v: %w", n, hook, hangs, err)
					}
					return nil
				})
			}
		}
	}
	failed := c.wait()
	t.Logf("T-SIG: 8 interruptions of a push, %d failed", failed)
}

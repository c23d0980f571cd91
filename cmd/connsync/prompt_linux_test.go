package main

import (
	"fmt"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"connsync/apply/secmaster/emulator"
)

// terminal is a new one: the side of the person, and the side of the program.
func terminal(t *testing.T) (person, program *os.File) {
	t.Helper()
	person, err := os.OpenFile("/dev/ptmx", os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = person.Close() })
	n, err := unix.IoctlGetInt(int(person.Fd()), unix.TIOCGPTN)
	if err == nil {
		err = unix.IoctlSetPointerInt(int(person.Fd()), unix.TIOCSPTLCK, 0)
	}
	if err == nil {
		program, err = os.OpenFile(fmt.Sprint("/dev/pts/", n), os.O_RDWR|syscall.O_NOCTTY, 0)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = program.Close() })
	return person, program
}

// readUntil reads what is shown up to a text.
func readUntil(t *testing.T, person *os.File, text string) {
	t.Helper()
	shown := ""
	for buffer := make([]byte, 1024); !strings.Contains(shown, text); {
		n, err := person.Read(buffer)
		if err != nil {
			t.Fatalf("%v after %q", err, shown)
		}
		shown += string(buffer[:n])
	}
}

// On a terminal a sync asks. Only "yes" continues, and an interruption is an answer too.
func TestAPersonIsAsked(t *testing.T) {
	t.Parallel()
	st := setStage(t)
	for _, c := range []struct {
		typed string
		code  int
		wrote bool
		away  string // what is redirected
		own   bool   // the terminal is the process's own, as it is for people
	}{
		{typed: "yes\n", code: exitDone, wrote: true}, {typed: "y\n", code: exitRefused}, {typed: "\n", code: exitRefused}, {typed: "", code: exitInterrupted},
		{typed: "yes\n", code: exitDone, wrote: true, away: "stderr"}, {typed: "no\n", code: exitRefused, away: "stderr"},
		{typed: "yes\n", code: exitDone, wrote: true, away: "stderr", own: true}, {typed: "no\n", code: exitRefused, away: "stderr", own: true},
	} {
		s, err := st.begin(false)
		if err != nil {
			t.Fatal(err)
		}
		defer s.end()
		person, program := terminal(t)
		cmd := s.process(nil)
		cmd.Stdin, cmd.Stderr = program, program
		cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: c.own}
		if c.away != "" {
			cmd.Stderr = nil
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		readUntil(t, person, "to continue:")
		if c.typed == "" {
			err = cmd.Process.Signal(syscall.SIGINT)
		} else {
			_, err = person.WriteString(c.typed)
		}
		began := time.Now()
		status, afterErr := s.after(cmd)
		if err != nil || afterErr != nil || status.ExitStatus() != c.code || time.Since(began) > endsIn+onBusyMachines {
			t.Errorf("%+v: exit %d after %v, %v %v", c, status.ExitStatus(), time.Since(began), err, afterErr)
		}
		if wrote := s.server.Count(emulator.RouteCreate) > 0; wrote != c.wrote {
			t.Errorf("%+v: it wrote: %v", c, wrote)
		}
	}
}

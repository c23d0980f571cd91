package main

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// TestASecretIsTypedUnseenAndTwice asks a person on a terminal: what is typed is not shown, and an interruption gives the terminal back.
func TestASecretIsTypedUnseenAndTwice(t *testing.T) {
	for _, c := range []struct{ name, typed, want, says string }{
		{"twice the same", "canary-typed\ncanary-typed\n", "canary-typed", ""},
		{"two that differ", "canary-typed\ncanary-typo\n", "", "not the same"},
		{"nothing", "\n", "", "nothing was typed"},
	} {
		t.Run(c.name, func(t *testing.T) {
			person, program := terminal(t)
			var errs bytes.Buffer
			if _, err := person.WriteString(c.typed); err != nil {
				t.Fatal(err)
			}
			text, err := typed(context.Background(), world{stdin: program, stderr: &errs}, "config.password")
			if text != c.want || (err == nil) != (c.says == "") || err != nil && !strings.Contains(err.Error(), c.says) {
				t.Errorf("%q, %v", text, err)
			}
			if !strings.Contains(errs.String(), "New value of config.password") || strings.Contains(errs.String(), "canary") {
				t.Errorf("it says %q", errs.String())
			}
		})
	}
}

func TestAnInterruptionGivesTheTerminalBack(t *testing.T) {
	_, program := terminal(t)
	before, err := unix.IoctlGetTermios(int(program.Fd()), unix.TCGETS)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	asked := &signalWriter{to: cancel}
	if _, err := typed(ctx, world{stdin: program, stderr: asked}, "x"); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
	after, err := unix.IoctlGetTermios(int(program.Fd()), unix.TCGETS)
	if err != nil || after.Lflag != before.Lflag {
		t.Errorf("the terminal is left with %x, was %x (%v)", after.Lflag, before.Lflag, err)
	}
}

// signalWriter calls a function when something is written.
type signalWriter struct{ to func() }

func (s *signalWriter) Write(p []byte) (int, error) { s.to(); return len(p), nil }

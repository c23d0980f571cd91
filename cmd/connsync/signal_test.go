package main

import (
	"bytes"
	"context"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"testing"
	"time"
)

// A signal ignored at the start of the process stays ignored: nohup is for this.
func TestASignalEndsTheContext(t *testing.T) {
	for _, s := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP} {
		ignored := signal.Ignored(s)
		i := interruptible()
		if i.ctx.Err() != nil {
			t.Fatal("it has ended already")
		}
		if err := syscall.Kill(os.Getpid(), s); err != nil {
			t.Fatal(err)
		}
		select {
		case <-i.ctx.Done():
			if ignored {
				t.Errorf("%v was ignored at the start, and ends something", s)
			}
		case <-time.After(patience(ignored)):
			if !ignored {
				t.Errorf("%v ends nothing", s)
			}
		}
		i.stop()
	}
}

// patience is how long a signal may take.
func patience(ignored bool) time.Duration {
	if ignored {
		return 100 * time.Millisecond
	}
	return 10 * time.Second
}

func TestAPanicSaysNothingOfWhatPanicked(t *testing.T) {
	var out, errs bytes.Buffer
	w := world{stdin: strings.NewReader(""), stdout: &out, stderr: &errs, env: func(string) string { panic("canary-password") }}
	code := Main(context.Background(), []string{"diff", "-C", t.TempDir()}, w)
	if code != exitFailed || strings.Contains(out.String()+errs.String(), "canary") || !strings.Contains(errs.String(), "internal error") {
		t.Errorf("exit %d: %s%s", code, out.String(), errs.String())
	}
}

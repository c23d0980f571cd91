package main

import (
	"bytes"
	"context"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"
)

func TestASignalEndsTheContext(t *testing.T) {
	for _, s := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP} {
		i := interruptible()
		if i.ctx.Err() != nil {
			t.Fatal("it has ended already")
		}
		if err := syscall.Kill(os.Getpid(), s); err != nil {
			t.Fatal(err)
		}
		select {
		case <-i.ctx.Done():
		case <-time.After(10 * time.Second):
			t.Errorf("%v ends nothing", s)
		}
		i.stop()
	}
}

func TestAPanicSaysNothingOfWhatPanicked(t *testing.T) {
	var out, errs bytes.Buffer
	w := world{stdin: strings.NewReader(""), stdout: &out, stderr: &errs, env: func(string) string { panic("canary-password") }}
	code := Main(context.Background(), []string{"diff", "-C", t.TempDir()}, w)
	if code != exitFailed || strings.Contains(out.String()+errs.String(), "canary") || !strings.Contains(errs.String(), "internal error") {
		t.Errorf("exit %d: %s%s", code, out.String(), errs.String())
	}
}

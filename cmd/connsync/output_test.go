package main

import (
	"bytes"
	"context"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// fullAt is a disk: it takes what is written until a text comes.
type fullAt struct {
	text string
	full bool
	bytes.Buffer
}

func (f *fullAt) Write(p []byte) (int, error) {
	if f.full = f.full || bytes.Contains(p, []byte(f.text)); f.full {
		return 0, syscall.ENOSPC
	}
	return f.Buffer.Write(p)
}

func (s *story) runOn(stdout io.Writer, args ...string) (int, string) {
	var errs bytes.Buffer
	w := world{stdin: strings.NewReader(""), stdout: stdout, stderr: &errs, env: func(k string) string { return s.env[k] }}
	code := Main(context.Background(), args, w)
	return code, errs.String()
}

// A list cut off by a full disk is no list: whatever a command writes, it says so.
func TestOutputThatCannotBeWrittenIsAFailure(t *testing.T) {
	st := setStage(t)
	s, err := st.begin(false)
	if err != nil {
		t.Fatal(err)
	}
	defer s.end()
	const words = "connsync: error: the output on stdout: no space left on device"
	for _, args := range []string{"targets", "targets --format json", "plugins", "plugins --format json", "schema", "schema project", "state list", "state log", "state show same", "validate", "validate --format json", "diff", "diff --format json", "diff --format markdown", "sync --dry-run"} {
		line := append(strings.Fields(args), "-C", s.work, "--endpoint", s.http.URL)
		if code, _ := s.runOn(&fullAt{text: "no such text"}, line...); code != exitDone {
			t.Errorf("%s: exit %d", args, code)
		}
		if code, stderr := s.runOn(&fullAt{}, line...); code != exitFailed || !strings.Contains(stderr, "no space left on device") {
			t.Errorf("%s: exit %d: %s", args, code, stderr)
		}
	}
	if code, stderr := s.runOn(&fullAt{text: "Done"}, s.flags()...); code != exitPartly || !strings.Contains(stderr, words) {
		t.Errorf("sync: exit %d: %s", code, stderr)
	}
	if code, stderr := s.runOn(&fullAt{text: "Done"}, s.flags()...); code != exitFailed || !strings.Contains(stderr, words) {
		t.Errorf("a sync that changes nothing: exit %d: %s", code, stderr)
	}
}

// 1 means no change: it does not fit changes with an unwritable report.
func TestAReportThatCannotBeWritten(t *testing.T) {
	st := setStage(t)
	s, err := st.begin(false)
	if err != nil {
		t.Fatal(err)
	}
	defer s.end()
	nowhere := filepath.Join(s.root, "nowhere", "report.json")
	for _, want := range []int{exitPartly, exitFailed} {
		code, stdout, stderr := s.sync("--report", nowhere)
		if code != want || !strings.Contains(stderr, "--report "+nowhere+": no such file or directory") {
			t.Errorf("exit %d, want %d: %s%s", code, want, stdout, stderr)
		}
	}
	if _, err := os.Stat(filepath.Dir(nowhere)); err == nil {
		t.Error("a folder was made")
	}
}

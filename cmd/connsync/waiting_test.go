package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"connsync/apply/state"
	"connsync/manifest/gitfs"
)

// whileItWaits starts a sync, lets it come to a line of its effects and a bit further, and kills it.
func (s *story) whileItWaits(line string, more ...string) error {
	log := filepath.Join(s.root, "effects")
	_ = os.Remove(log)
	cmd := s.process([]string{effectLog + "=" + log}, more...)
	if err := cmd.Start(); err != nil {
		return err
	}
	reached := false
	for range 5000 {
		text, _ := os.ReadFile(log)
		if reached = strings.Contains(string(text), line); reached {
			break
		}
		time.Sleep(2 * time.Millisecond)
	}
	time.Sleep(100 * time.Millisecond) // it has nothing to do but to wait, for a minute
	if err := cmd.Process.Kill(); err != nil {
		return err
	}
	status, err := s.after(cmd)
	if err == nil && (!reached || !status.Signaled()) {
		err = fmt.Errorf("it did not wait: %v", status)
	}
	return err
}

// lock takes the lock on the known state, as another sync would, until the test ends or gives it back.
func (s *story) lock(t *testing.T) *state.Session {
	t.Helper()
	repo, err := gitfs.Open(s.work)
	if err != nil {
		t.Fatal(err)
	}
	store, err := state.Open(state.Repo{Git: repo.Git(), CommonDir: repo.CommonDir()}, "prod")
	if err != nil {
		t.Fatal(err)
	}
	held, err := store.Lock(context.Background(), 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _, _ = held.Close(), repo.Close() })
	return held
}

// A sync waits for a create that a dead one announced and that is not to be seen, and is killed too.
func TestASyncKilledWhileItWaitsForACreate(t *testing.T) {
	t.Parallel()
	st := setStage(t)
	s, err := st.begin(false)
	if err != nil {
		t.Fatal(err)
	}
	defer s.end()
	if died, err := s.killAt(slices.Index(st.calm[false], "before sending POST") + 1); err != nil || !died {
		t.Fatalf("killed: %v, %v", died, err)
	}
	for range 2 {
		if err := s.whileItWaits("after the answer to GET", "--settle", "60s"); err != nil {
			t.Fatal(err)
		}
	}
	if n := s.posts["new_1"] + s.posts["new_2"]; n != 0 {
		t.Errorf("%d creates were sent before the first one had its time", n)
	}
	if err := s.recovers(); err != nil {
		t.Error(err)
	}
}

// A sync waits for another one of this machine, and is killed: the other one does not notice.
func TestASyncKilledWhileItWaitsForTheLock(t *testing.T) {
	t.Parallel()
	st := setStage(t)
	s, err := st.begin(false)
	if err != nil {
		t.Fatal(err)
	}
	defer s.end()
	held := s.lock(t)
	if err := s.whileItWaits("before lock", "--lock-timeout", "60s"); err != nil {
		t.Error(err)
	}
	e := new(state.Edit).Forget("", "same").Say(state.Message{Subject: "it goes on"})
	if _, err := held.Commit(context.Background(), e); err != nil {
		t.Error(err)
	}
	if n := s.server.Count(""); n != 0 {
		t.Errorf("the one that waited sent %d requests", n)
	}
	_ = held.Close()
	if code, stdout, stderr := s.sync("--rewrite", "same"); code != exitDone {
		t.Errorf("exit %d: %s%s", code, stdout, stderr)
	}
	if err := s.recovers(); err != nil {
		t.Error(err)
	}
}

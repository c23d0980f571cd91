package main

import (
	"regexp"
	"strings"
	"testing"
	"time"

	"connsync/apply/secmaster/emulator"
)

// Nothing waits in silence: after two seconds a line says what is waited for, and until when at most.
func TestNothingWaitsInSilence(t *testing.T) {
	t.Parallel()
	st := setStage(t)
	const until = `prod: waiting until [0-9]{2}:[0-9]{2}:[0-9]{2} at most: `
	slow := 2600 * time.Millisecond
	for name, c := range map[string]struct {
		fault emulator.Fault
		args  []string
		says  string // "" for nothing
	}{
		"a slow server":         {emulator.Fault{Route: emulator.RouteList, Kind: emulator.FaultSlow, Wait: slow}, []string{"diff"}, until + "SecMaster has not answered yet: list connections"},
		"a slow server, quiet":  {emulator.Fault{Route: emulator.RouteList, Kind: emulator.FaultSlow, Wait: slow}, []string{"diff", "-q"}, ""},
		"a server in good time": {emulator.Fault{Route: emulator.RouteList, Kind: emulator.FaultSlow, Wait: time.Second}, []string{"diff"}, ""},
		"a rate limit":          {emulator.Fault{Route: emulator.RouteList, Kind: emulator.FaultStatus, Status: 429, Wait: 3 * time.Second}, []string{"diff"}, until + "SecMaster limits the rate of requests"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, err := st.begin(false)
			if err != nil {
				t.Fatal(err)
			}
			defer s.end()
			s.server.Fail(c.fault)
			_, _, stderr := inProcess(s.env, append(c.args, "-C", s.work, "--endpoint", s.http.URL)...)
			if said := strings.Contains(stderr, "waiting"); said != (c.says != "") || !regexp.MustCompile(c.says).MatchString(stderr) {
				t.Errorf("want %q: %s", c.says, stderr)
			}
			if n := strings.Count(stderr, "waiting"); n > 1 {
				t.Errorf("it is said %d times", n)
			}
		})
	}
}

// Who holds the lock is said while it is waited for, not only in the end.
func TestTheHolderOfTheLockIsSaid(t *testing.T) {
	t.Parallel()
	s, err := setStage(t).begin(false)
	if err != nil {
		t.Fatal(err)
	}
	defer s.end()
	held := s.lock(t)
	time.AfterFunc(2700*time.Millisecond, func() { _ = held.Close() })
	code, stdout, stderr := s.sync("--lock-timeout", "20s")
	if code != exitDone || !regexp.MustCompile(`prod: waiting until \S+ at most: another sync holds the known state: process [0-9]+ on \S+ since `).MatchString(stderr) {
		t.Errorf("exit %d: %s%s", code, stdout, stderr)
	}
}

// A user who only looks beside a running sync hears that one is running, and who it is.
func TestALookBesideARunningSyncSaysSo(t *testing.T) {
	t.Parallel()
	s, err := setStage(t).begin(false)
	if err != nil {
		t.Fatal(err)
	}
	defer s.end()
	held := s.lock(t)
	says := regexp.MustCompile(`note: prod: a sync is running, and this may be out of date: another sync holds the known state: process [0-9]+ on \S+ since `)
	for _, args := range [][]string{{"diff"}, {"sync", "--dry-run"}, {"diff", "--format", "json"}} {
		_, _, stderr := inProcess(s.env, append(args, "-C", s.work, "--endpoint", s.http.URL)...)
		if !says.MatchString(stderr) {
			t.Errorf("%v: %s", args, stderr)
		}
	}
	_ = held.Close()
	if _, _, stderr := inProcess(s.env, "diff", "-C", s.work, "--endpoint", s.http.URL); strings.Contains(stderr, "running") {
		t.Errorf("nobody runs: %s", stderr)
	}
}

package state_test

import (
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"runtime/debug"
	"strconv"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"connsync/apply/state"
	"connsync/manifest/gitfs/gittest"
)

// TestMain is also the program for the processes of the tests below: it commits names, one by one.
func TestMain(m *testing.M) {
	if dir := os.Getenv("STATE_WRITER_DIR"); dir != "" {
		write(dir, os.Getenv("STATE_WRITER_NAME"), os.Getenv("STATE_WRITER_COUNT"))
		return
	}
	debug.SetGCPercent(400)
	gittest.InMemory()
	goleak.VerifyTestMain(m)
}

func write(dir, name, count string) {
	n, _ := strconv.Atoi(count)
	t := &fatal{}
	for i := range n {
		l, err := opened(t, dir, func(r *state.Repo) { r.PartsFrom = 20 }).Lock(ctx, time.Minute)
		if err != nil {
			t.Fatal(err)
		}
		commit(t, l, put(fmt.Sprintf("%s_%04d", name, i)))
		_ = l.Close()
	}
}

// fatal ends the process where a test would end.
type fatal struct{ testing.TB }

func (fatal) Helper()                          {}
func (fatal) Fatal(args ...any)                { fmt.Println(args...); os.Exit(1) }
func (f fatal) Fatalf(format string, a ...any) { f.Fatal(fmt.Sprintf(format, a...)) }

func writer(dir, name string, count int) *exec.Cmd {
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), "STATE_WRITER_DIR="+dir, "STATE_WRITER_NAME="+name, "STATE_WRITER_COUNT="+strconv.Itoa(count))
	return cmd
}

func TestFourProcessesLoseNothing(t *testing.T) {
	dir := repository(t)
	const each = 12
	var running []*exec.Cmd
	for p := range 4 {
		cmd := writer(dir, fmt.Sprint("p", p), each)
		cmd.Stdout = os.Stdout
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		running = append(running, cmd)
	}
	for _, cmd := range running {
		if err := cmd.Wait(); err != nil {
			t.Error(err)
		}
	}
	s, err := store(t, dir).Read(ctx)
	if err != nil || len(s.Known) != 4*each {
		t.Errorf("%d of %d names, %v", len(s.Known), 4*each, err)
	}
	if n := run(t, dir, "rev-list", "--count", "--first-parent", state.Ref("prod")); n != fmt.Sprint(4*each) {
		t.Errorf("%s commits in a line", n)
	}
	run(t, dir, "fsck", "--strict")
}

// tip is what the ref's file says; "" while it is replaced.
func tip(t *testing.T, dir string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(dir, ".git", state.Ref("prod")))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	return string(text)
}

func TestAKilledWriterLeavesAWholeState(t *testing.T) {
	dir := repository(t)
	first := locked(t, store(t, dir))
	commit(t, first, put("first"))
	_ = first.Close()
	before := 0
	for round := range 25 {
		from := tip(t, dir)
		cmd := writer(dir, fmt.Sprint("r", round), 10_000)
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		// The moment of the kill is what the test varies. Every other round lets the writer commit first, however slow the machine is.
		for deadline := time.Now().Add(time.Minute); round%2 == 1 && tip(t, dir) == from && time.Now().Before(deadline); {
			time.Sleep(time.Millisecond)
		}
		time.Sleep(time.Duration(20+rand.IntN(60)) * time.Millisecond)
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		s, err := store(t, dir).Read(ctx)
		if err != nil || len(s.Known) < before {
			t.Fatalf("round %d: %d names after %d, %v", round, len(s.Known), before, err)
		}
		before = len(s.Known)
	}
	l := locked(t, store(t, dir)) // no lock of a dead process is left
	commit(t, l, put("last"))
	_ = l.Close()
	noStrayFiles(t, dir)
	if out := run(t, dir, "fsck", "--strict"); strings.Contains(out, "error") || strings.Contains(out, "missing") {
		t.Errorf("fsck: %s", out)
	}
	if before < 2 {
		t.Error("no round committed anything: the test kills too early")
	}
}

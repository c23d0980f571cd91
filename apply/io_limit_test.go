//go:build linux || darwin

package apply_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/go-git/go-git/v5"

	"connsync/apply"
	"connsync/apply/state"
)

// TestNoLimitOfTheSystemLosesOrRepeatsAWrite lets the kernel end every write of a sync at a size: what was written before stays, and the rest is
// refused. The sync is a process of its own, under the limit.
func TestNoLimitOfTheSystemLosesOrRepeatsAWrite(t *testing.T) {
	sh := shelve(t)
	cells, failed, recorded := 0, 0, false
	step := 48
	if *ioLong {
		step = 1
	}
	for size := 0; !recorded; size += step {
		c := sh.cell(t, &disk{})
		if recorded = c.limited(size); !recorded {
			c.recovers()
		}
		cells++
		if len(c.problems) > 0 {
			failed++
			t.Errorf("files of at most %d bytes: %s", size, strings.Join(c.problems, "; "))
		}
		if size > 4000 {
			t.Fatal("no sync got through")
		}
	}
	t.Logf("T-IO: %d cells, %d failed", cells, failed)
}

// limited syncs in a child with a limit for the size of files, and tells whether everything was recorded.
func (c *cell) limited(size int) bool {
	before := c.stored().Commit
	cmd := exec.Command(os.Args[0], "-test.run=^TestASyncOfAnotherProcess$", "-test.v")
	cmd.Env = append(os.Environ(), "APPLY_CHILD_REPO="+c.repo, "APPLY_CHILD_URL="+c.url, "APPLY_CHILD_AT="+c.clock.now().Format(time.RFC3339), "APPLY_CHILD_SIZE="+strconv.Itoa(size))
	out, err := cmd.CombinedOutput()
	told := func(what string) bool { return strings.Contains(string(out), "child: "+what+"\n") }
	after := c.stored()
	switch wrote := c.writes(); {
	case err != nil:
		c.wrong("the child: %v\n%s", err, out)
	case told("refused"), told("not announced"):
		if wrote != 0 || after.Commit != before {
			c.wrong("%d writes, and it said: %s", wrote, out)
		}
	case told("not recorded"):
		if wrote != 2 || len(after.Intents) != 2 {
			c.wrong("%d writes, %d intents, and it said: %s", wrote, len(after.Intents), out)
		}
	case told("recorded"):
		if wrote != 2 || len(after.Intents) != 0 || len(after.Known) != 3 {
			c.wrong("%d writes, %d intents, %d known, and it said: %s", wrote, len(after.Intents), len(after.Known), out)
		}
		return true
	default:
		c.wrong("it said: %s", out)
	}
	return false
}

// TestASyncOfAnotherProcess is the child of the test above; without a repository to sync it has nothing to do.
func TestASyncOfAnotherProcess(t *testing.T) {
	dir := os.Getenv("APPLY_CHILD_REPO")
	if dir == "" {
		return
	}
	at, err := time.Parse(time.RFC3339, os.Getenv("APPLY_CHILD_AT"))
	if err != nil {
		t.Fatal(err)
	}
	s := &scene{t: t, url: os.Getenv("APPLY_CHILD_URL"), repo: dir, clock: &clock{at: at}, expires: 15 * time.Minute}
	s.wants("a", "b", "c")
	s.open = func() (*state.Session, error) { return lockOf(dir, s.clock) }
	size, err := strconv.Atoi(os.Getenv("APPLY_CHILD_SIZE"))
	if err != nil {
		t.Fatal(err)
	}
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: uint64(size), Max: uint64(size)}); err != nil {
		t.Fatal(err)
	}
	p, session, err := s.prepare(context.Background())
	if err != nil {
		fmt.Println("child: refused")
		return
	}
	defer session.Close()
	switch r := p.Run(context.Background()); {
	case errors.Is(r.Err, apply.ErrNotAnnounced) && errors.Is(r.Err, state.ErrDisk):
		fmt.Println("child: not announced")
	case r.Err == nil && r.Recorded:
		fmt.Println("child: recorded")
	case !r.Recorded && errors.Is(r.Err, state.ErrDisk):
		fmt.Println("child: not recorded")
	default:
		t.Error(r.Err)
	}
}

func lockOf(dir string, c *clock) (*state.Session, error) {
	repo, err := git.PlainOpen(dir)
	if err != nil {
		return nil, err
	}
	store, err := state.Open(state.Repo{Git: repo, CommonDir: filepath.Join(dir, ".git"), Now: c.now}, "prod")
	if err != nil {
		return nil, err
	}
	return store.Lock(context.Background(), 0)
}

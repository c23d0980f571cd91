package main

import (
	"errors"
	"flag"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"

	"connsync/apply/secmaster/emulator"
)

var (
	crashLong  = flag.Bool("crash.long", false, "kill syncs at every effect, and at all pairs of effects, instead of at -crash.pairs")
	crashEvery = flag.Int("crash.every", 5, "one effect in so many kills a sync in the short form, and one in four times as many where known state is shared")
	crashMany  = flag.Int("crash.pairs", 3, "at how many seeded pairs of effects the short form kills syncs")
	crashSeed  = flag.Uint64("crash.seed", 1, "which pairs of effects the short form of crash tests takes")
)

// killAt runs a sync that dies at its k-th effect, and tells whether it got there.
func (s *story) killAt(k int) (bool, error) {
	cmd := s.process([]string{fmt.Sprint(effectAt, "=", k)})
	if err := cmd.Start(); err != nil {
		return false, err
	}
	status, err := s.after(cmd)
	switch {
	case err != nil:
		return false, err
	case status.Signaled() && status.Signal() == syscall.SIGKILL:
		return true, nil
	case status.ExitStatus() != exitDone:
		return false, fmt.Errorf("not killed, exit %d", status.ExitStatus())
	}
	return false, nil
}

// freed ends a dead run as its operator does: the run still holds the shared state. Where the clone is lost, a new one goes on.
func (s *story) freed(lose bool) error {
	if s.bare == "" {
		return nil
	}
	if lose {
		if err := os.RemoveAll(s.work); err != nil {
			return err
		}
		if out, err := exec.Command("git", "clone", "-q", "--template=", s.bare, s.work).CombinedOutput(); err != nil {
			return fmt.Errorf("%w: %s", err, out)
		}
	}
	snap, err := s.known()
	if err != nil || snap.Run == nil {
		return err
	}
	code, stdout, stderr := s.sync()
	if code != exitRefused || !strings.Contains(stderr, snap.Run.ID) {
		return fmt.Errorf("while it is held: exit %d: %s%s", code, stdout, stderr)
	}
	if code, stdout, stderr = inProcess(s.env, "state", "unlock", "-C", s.work, "--run", snap.Run.ID); code != exitDone {
		return fmt.Errorf("unlock: exit %d: %s%s", code, stdout, stderr)
	}
	return nil
}

// recovers is what must hold after any crash: one sync makes everything as it is wanted, and the next one does nothing.
func (s *story) recovers() error {
	if code, stdout, stderr := s.sync(); code != exitDone {
		return fmt.Errorf("the sync after it: exit %d: %s%s", code, stdout, stderr)
	}
	before, err := s.atRest()
	if err != nil {
		return err
	}
	s.server.ResetRequests()
	if code, stdout, stderr := s.sync(); code != exitDone || s.server.Count("") != s.server.Count(emulator.RouteList) {
		return fmt.Errorf("the third sync: exit %d, %v: %s%s", code, s.server.Requests(), stdout, stderr)
	}
	after, err := s.atRest()
	if err == nil && !maps.Equal(before, after) {
		err = fmt.Errorf("the third sync wrote to the repository")
	}
	return err
}

// atRest checks the workspace, known state and the files of the repositories. It gives these files.
func (s *story) atRest() (map[string]string, error) {
	if shown := s.shown(); !maps.Equal(shown, s.stage.want) || len(s.server.Connections()) != len(shown) {
		return nil, fmt.Errorf("SecMaster has %v", shown)
	}
	snap, err := s.known()
	if err != nil || snap.Run != nil || len(snap.Intents) > 0 || len(snap.Known) != len(s.stage.want) {
		return nil, fmt.Errorf("known state: %v, run %v, %v, %d known", err, snap.Run, snap.Intents, len(snap.Known))
	}
	for _, c := range s.server.Connections() {
		if snap.Of(c.Name).ID != c.ID || snap.Of(c.Name).Unverified {
			return nil, fmt.Errorf("%s is %s, and known as %+v", c.Name, c.ID, snap.Known[c.Name])
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for name, n := range s.posts {
		if n > 2 { // of two, one did nothing: there is only one connection of the name
			return nil, fmt.Errorf("%d creates of %s were sent", n, name)
		}
	}
	found, err := files(filepath.Join(s.work, ".git"))
	if err == nil && s.bare != "" {
		var shared map[string]string
		shared, err = files(s.bare)
		for name, text := range shared {
			found["shared "+name] = text
		}
	}
	return found, err
}

// whole asks Git itself.
func (s *story) whole() error {
	for _, dir := range []string{s.work, s.bare} {
		if dir == "" {
			continue
		}
		// There are neither, and Git would start a program to look at each.
		out, err := exec.Command("git", "-C", dir, "-c", "core.commitGraph=false", "-c", "core.multiPackIndex=false", "fsck", "--strict", "--no-dangling").CombinedOutput()
		if err != nil || len(out) > 0 {
			return fmt.Errorf("git fsck: %w: %s", err, out)
		}
	}
	return nil
}

// crash tells the story of a sync killed at one effect, and of another killed at one of its own if there is a second.
func (st *stage) crash(shared bool, at ...int) (killed bool, err error) {
	s, err := st.begin(shared)
	if err != nil {
		return false, err
	}
	defer s.end()
	for i, k := range at {
		died, err := s.killAt(k)
		if err == nil && died {
			killed, err = true, s.freed((k+i)%3 == 0)
		}
		if err != nil {
			return killed, fmt.Errorf("killed at effects %v: %w", at, err)
		}
	}
	if err = s.recovers(); err == nil {
		err = s.whole()
	}
	if err != nil {
		err = fmt.Errorf("killed at effects %v: %w", at, err)
	}
	return killed, err
}

// TestASyncKilledAtAnyMoment kills a sync at each of its effects, and then pairs of syncs, the second while it takes up what
// the first left. Known state is in the clone alone, or shared through a remote, with the clone lost now and then.
func TestASyncKilledAtAnyMoment(t *testing.T) {
	t.Parallel()
	st := setStage(t)
	for _, shared := range []bool{false, true} {
		t.Run(fmt.Sprintf("shared=%v", shared), func(t *testing.T) {
			every := *crashEvery
			switch {
			case *crashLong:
				every = 1
			case shared:
				every *= 4 // each of these stories starts some fifty programs of Git
			}
			n := st.sweep(t, shared, every)
			st.pairs(t, shared, n)
		})
	}
}

// sweep kills a sync at its first effect, and at every so manieth after it, until one ends by itself. It gives the last effect.
func (st *stage) sweep(t *testing.T, shared bool, every int) int {
	var over atomic.Bool
	var points atomic.Int64
	c := newCrowd(t)
	for k := 1; !over.Load(); k += every {
		c.add(func() error {
			killed, err := st.crash(shared, k)
			if !killed {
				over.Store(true)
			} else {
				points.Add(1)
			}
			return err
		})
	}
	failed := c.wait()
	t.Logf("T-CRASH: killed at %d effects, one in %d, %d failed", points.Load(), every, failed)
	last := 1 + (int(points.Load())-1)*every
	if last < 50 {
		t.Errorf("a sync has %d effects", last)
	}
	return last
}

// pairs are two crashes in a row: of a sync, and of the one after it.
func (st *stage) pairs(t *testing.T, shared bool, n int) {
	var all [][2]int
	for first := 1; first <= n; first++ {
		for second := first + 1; second <= n; second++ {
			all = append(all, [2]int{first, second - first})
		}
	}
	if !*crashLong {
		random := rand.New(rand.NewPCG(*crashSeed, 0))
		random.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
		all = all[:min(*crashMany, len(all))]
	}
	c := newCrowd(t)
	for _, pair := range all {
		c.add(func() error {
			_, err := st.crash(shared, pair[0], pair[1])
			return err
		})
	}
	failed := c.wait()
	t.Logf("T-CRASH: %d pairs of crashes, %d failed", len(all), failed)
}

// go-git writes refs in place: a kill in the middle of a fetch or a push would leave an empty file, in the way of every later
// one. So none is written beside the state's own, and those of others are not read.
func TestNoRefIsWrittenThatAKillCouldTear(t *testing.T) {
	t.Parallel()
	st := setStage(t)
	s, err := st.begin(true)
	if err != nil {
		t.Fatal(err)
	}
	defer s.end()
	if code, stdout, stderr := s.sync(); code != exitDone {
		t.Fatalf("exit %d: %s%s", code, stdout, stderr)
	}
	pushed := s.work
	s.work = filepath.Join(s.root, "other") // it has yet to fetch what was done
	if err := errors.Join(os.CopyFS(s.work, os.DirFS(st.work)), s.addRemote(), s.recovers()); err != nil {
		t.Fatal(err)
	}
	for _, work := range []string{pushed, s.work} {
		if refs := runGit(t, work, "for-each-ref", "--format=%(refname)"); refs != "refs/heads/connsync-state/prod\nrefs/heads/main" {
			t.Errorf("%s", refs)
		}
	}
	torn := filepath.Join(s.work, ".git/refs/remotes/origin/torn")
	if err := errors.Join(os.MkdirAll(filepath.Dir(torn), 0o755), os.WriteFile(torn, nil, 0o644)); err != nil {
		t.Fatal(err)
	}
	if code, stdout, stderr := s.sync("--rewrite", "same"); code != exitDone || !strings.Contains(stdout, "1 updated") {
		t.Errorf("beside a torn ref: exit %d: %s%s", code, stdout, stderr)
	}
}

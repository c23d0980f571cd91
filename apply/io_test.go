package apply_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-git/go-git/v5"

	"connsync/apply"
	"connsync/apply/secmaster/emulator"
	"connsync/apply/state"
	"connsync/diff"
)

var ioLong = flag.Bool("io.long", false, "try every storage fault at every effect of a sync, instead of one fault at each")

// shelf is a workspace and a repository after a first sync, from which every cell starts: a has drifted, b is as
// wanted, c is new. So a sync updates a and creates c.
type shelf struct {
	t           *testing.T
	files       map[string][]byte // of .git
	connections []emulator.Connection
	at          time.Time
	other       string       // a commit of known state not named by the ref
	handler     atomic.Value // an http.HandlerFunc: who asks may be another process
	url         string
}

func shelve(t *testing.T) *shelf {
	t.Helper()
	s := staged(t, "a", "b")
	s.sync()
	first, other := s.stray()
	s.server.Edit(s.server.Connections()[0].ID, func(c *emulator.Connection) { c.Description = "by hand" })
	sh := &shelf{t: t, files: map[string][]byte{}, connections: s.server.Connections(), at: s.clock.now(), other: other}
	root := filepath.Join(s.repo, ".git")
	err := filepath.WalkDir(root, func(name string, d fs.DirEntry, err error) error {
		rel, _ := filepath.Rel(root, name)
		switch {
		case err != nil:
			return err
		case d.IsDir():
			sh.files[rel] = nil
			return nil
		case strings.HasPrefix(rel, "hooks"):
			return nil
		}
		sh.files[rel], err = os.ReadFile(name)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	sh.files[prodRef] = []byte(first + "\n")
	h := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { sh.handler.Load().(http.HandlerFunc)(w, r) }))
	t.Cleanup(h.Close)
	sh.url = h.URL
	return sh
}

// stray makes one more commit of known state, and gives the one before and it.
func (s *scene) stray() (first, other string) {
	s.t.Helper()
	session := s.session()
	defer session.Close()
	first = session.Snapshot().Commit
	snap, err := session.Commit(context.Background(), new(state.Edit).Record(diff.Known{Name: "z", ID: "z"}))
	if err != nil {
		s.t.Fatal(err)
	}
	return first, snap.Commit
}

// inMemory is a folder where syncing costs nothing, where there is one: a sweep syncs thousands of times.
func inMemory(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("/dev/shm", "connsync-io-*")
	if err != nil {
		return t.TempDir()
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
}

// cell is one sync with a failing disk, and what must hold of it.
type cell struct {
	*scene
	disk     *disk
	first    string // the commit known state was at
	other    string // … and one it was not at
	problems []string
}

func (sh *shelf) cell(t *testing.T, d *disk) *cell {
	t.Helper()
	server, err := emulator.New(emulator.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range sh.connections {
		server.Put(c)
	}
	s := &scene{t: t, server: server, url: sh.url, repo: inMemory(t), clock: &clock{at: sh.at.Add(time.Hour)}, expires: 15 * time.Minute}
	c := &cell{scene: s, disk: d, other: sh.other}
	d.cell = c
	c.restore(sh.files)
	c.wants("a", "b", "c")
	c.open = func() (*state.Session, error) { return c.hold(d) }
	sh.handler.Store(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet {
			c.writing(r)
		}
		server.ServeHTTP(w, r)
	}))
	return c
}

// hold takes the state's lock on a disk.
func (c *cell) hold(d *disk) (*state.Session, error) {
	store, err := c.store(d)
	if err != nil {
		return nil, err
	}
	return store.Lock(context.Background(), 0)
}

func (c *cell) store(d *disk) (*state.Store, error) {
	if d == nil {
		d = &disk{}
	}
	repo, err := git.PlainOpen(c.repo)
	if err != nil {
		return nil, err
	}
	return state.Open(state.Repo{Git: repo, CommonDir: filepath.Join(c.repo, ".git"), Now: c.clock.now, Sleep: c.clock.sleep, Effect: d.effect}, "prod")
}

func (c *cell) wrong(format string, args ...any) {
	c.problems = append(c.problems, fmt.Sprintf(format, args...))
}

// stored is what is on the disk, read with a working disk.
func (c *cell) stored() (snap state.Snapshot) {
	store, err := c.store(nil)
	if err == nil {
		snap, err = store.Read(context.Background())
	}
	if err != nil {
		c.wrong("the state cannot be read: %v", err)
	}
	return snap
}

// writing is called before a write is executed: it must have been announced.
func (c *cell) writing(r *http.Request) {
	body, err := io.ReadAll(r.Body)
	c.must(err)
	r.Body = io.NopCloser(bytes.NewReader(body))
	var sent struct{ Name string }
	c.must(json.Unmarshal(body, &sent))
	if c.disk.trouble.takes {
		return
	}
	if s := c.stored(); s.Intents[sent.Name].Name == "" || s.Run == nil {
		c.wrong("%s was written, and only %v announced", sent.Name, slices.Collect(maps.Keys(s.Intents)))
	}
}

// attempt syncs once. Its error is what kept it from running.
func (c *cell) attempt() (apply.Report, error) {
	p, session, err := c.prepare(context.Background())
	if session != nil {
		defer session.Close()
	}
	if err != nil {
		return apply.Report{}, err
	}
	return p.Run(context.Background()), nil
}

// withTrouble syncs while the disk, or another program, makes trouble.
func (c *cell) withTrouble() {
	before := c.stored().Commit
	r, err := c.attempt()
	c.disk.repair()
	after, wrote, tr := c.stored(), c.writes(), c.disk.trouble
	if tr.meets != nil && !tr.harmful && (err != nil || r.Err != nil) {
		c.wrong("failed with %v, %v", err, r.Err)
	}
	switch {
	case err != nil:
		if wrote != 0 || after.Commit != before && !tr.takes {
			c.wrong("refused with %v, and %d writes were sent", err, wrote)
		}
	case errors.Is(r.Err, apply.ErrNotAnnounced):
		if wrote != 0 || outcomes(r) != "skipped a, skipped c, unchanged b" {
			c.wrong("not announced, and %d writes were sent: %s", wrote, outcomes(r))
		}
	case tr.takes && r.Recorded: // what is planned depends on when it happens
	case !tr.takes && (outcomes(r) != "created c, unchanged b, updated a" || wrote != 2):
		c.wrong("%s, %v, %d writes", outcomes(r), r.Err, wrote)
	case r.Recorded != (r.Err == nil):
		c.wrong("recorded: %v, with %v", r.Recorded, r.Err)
	case r.Recorded && !tr.takes && (len(after.Intents) != 0 || len(after.Known) != 3):
		c.wrong("it says that all is recorded: %d intents, %d known", len(after.Intents), len(after.Known))
	case !r.Recorded:
		c.handedOver(r)
	}
}

// handedOver checks that the report has what known state lacks.
func (c *cell) handedOver(r apply.Report) {
	for _, res := range r.Results {
		if res.Outcome == apply.Created && (!res.Sent || res.ID == "") {
			c.wrong("%+v was not recorded, and cannot be handed to the user", res)
		}
	}
	var locked *state.LockedRefError
	if clear := errors.Is(r.Err, state.ErrDisk) || errors.Is(r.Err, state.ErrReplaced) || errors.As(r.Err, &locked); !clear || r.Kept {
		c.wrong("not recorded: %v, kept: %v", r.Err, r.Kept)
	}
}

func sortedKeys[V any](m map[string]V) []string {
	return slices.Sorted(maps.Keys(m))
}

func (c *cell) writes() int {
	n := 0
	for _, r := range c.server.Requests() {
		if r.Method != http.MethodGet {
			n++
		}
	}
	return n
}

// recovers checks that one more sync makes everything as it is wanted, and the one after it does nothing.
func (c *cell) recovers() {
	if tr := c.disk.trouble; tr.meets != nil || tr.linkless && tr.stays {
		c.unlockRef() // as the message says: its holder is gone, or could neither link nor remove it
	}
	r, err := c.attempt()
	if n := c.server.Count(emulator.RouteCreate); n != 1 || len(c.server.Connections()) != 3 {
		c.wrong("%d creates were sent, %d connections", n, len(c.server.Connections()))
	}
	if c.stored().Known["a"] == nil && c.disk.trouble.takes { // known state was deleted, so what differs is not overwritten
		return
	}
	if err != nil || r.Err != nil || !r.Recorded {
		c.wrong("afterwards: %v, %v", err, r.Err)
		return
	}
	s := c.stored()
	if len(s.Known) != 3 || len(s.Intents) != 0 || s.Run != nil || s.Known["c"] == nil {
		c.wrong("afterwards: %d known, %d intents", len(s.Known), len(s.Intents))
	}
	if left := c.leftovers(); left != "" {
		c.wrong("left behind: %s", left)
	}
	c.server.ResetRequests()
	r, err = c.attempt()
	if err != nil || r.Err != nil || outcomes(r) != "unchanged a, unchanged b, unchanged c" || c.writes() != 0 || c.stored().Commit != s.Commit {
		c.wrong("then: %v, %v, %s, %d writes", err, r.Err, outcomes(r), c.writes())
	}
}

// leftovers are files a sync needs while it runs, and no longer.
func (c *cell) leftovers() string {
	var left []string
	for name := range c.tree() {
		if strings.HasSuffix(name, ".lock") || strings.Contains(name, "tmp_obj") || strings.HasSuffix(name, "prod.ref") {
			left = append(left, name)
		}
	}
	return strings.Join(left, " ")
}

// sweep has a trouble at the first, the second … moment of a sync, until a sync runs through without it.
type sweep struct {
	t             *testing.T
	shelf         *shelf
	cells, failed int
}

func (w *sweep) try(tr trouble, at int) (met bool) {
	d := &disk{trouble: tr, at: at}
	c := w.shelf.cell(w.t, d)
	c.withTrouble()
	if d.what == "" && len(c.problems) == 0 {
		return false
	}
	c.recovers()
	w.cells++
	if len(c.problems) > 0 {
		w.failed++
		w.t.Errorf("%v at moment %d (%s): %s", tr, at, d.what, strings.Join(c.problems, "; "))
	}
	return true
}

// all tries every trouble at every moment. In the short form they take turns: each moment has one group of them, or none where there are
// more groups than troubles.
func (w *sweep) all(troubles []trouble, groups int) {
	w.t.Helper()
	moments := 0
	for through := false; !through; moments++ {
		for i, tr := range troubles {
			if *ioLong || i*groups/len(troubles) == moments%groups {
				through = !w.try(tr, moments+1)
			}
		}
	}
	if moments < 80 {
		w.t.Errorf("a sync with two writes has %d moments at which storage can make trouble", moments)
	}
	w.t.Logf("T-IO: %d cells, %d failed", w.cells, w.failed)
}

func TestNoStorageFaultLosesOrRepeatsAWrite(t *testing.T) {
	(&sweep{t: t, shelf: shelve(t)}).all(diskTroubles(), 6)
}

// A file system without links gets its lock file written, not linked.
func TestNoStorageFaultWithoutLinksLosesOrRepeatsAWrite(t *testing.T) {
	troubles := diskTroubles()
	for i := range troubles {
		troubles[i].linkless = true
	}
	(&sweep{t: t, shelf: shelve(t)}).all(troubles, 2*len(troubles))
}

func TestNoProgramThatMeetsASyncMakesItLoseOrRepeatAWrite(t *testing.T) {
	(&sweep{t: t, shelf: shelve(t)}).all(otherPrograms(), len(otherPrograms()))
}

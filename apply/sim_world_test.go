package apply_test

import (
	"crypto/sha256"
	"fmt"
	"hash"
	"math/rand/v2"
	"os"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"connsync/apply/secmaster/emulator"
)

// window is how long an unconfirmed create may take, and be found by the next run.
const window = time.Minute

// sim is one simulated world. Everything in it follows from the seed.
type sim struct {
	seed     uint64
	random   *rand.Rand
	folder   string
	server   *emulator.Server
	shared   *origin // nil: all runs are on one machine
	clone    *machine
	history  history
	running  []*simRun // side by side
	model    *model
	failure  string
	faults   float64 // of all effects
	meddling float64 // how often a person uses the console between two effects
	slow     bool    // creates may come after everybody has stopped waiting for them
	lag      time.Duration
	shows    string // how the server shows a config
	writers  int    // the most at a time
	calm     bool

	mu      sync.Mutex
	pending []*effect
	arrived chan struct{}
	events  []event

	born              map[string]time.Time // creates by id, for lagging lists
	written           map[string]time.Time // when each connection was last written, by id
	serial, mutations int
	began             time.Time
	trace             hash.Hash
	told              []string
	count             counts
}

// counts are what a simulation went through.
type counts struct{ steps, runs, effects, crashes, twos, threes, meddled, rested int }

func (c *counts) add(o counts) {
	c.steps, c.runs, c.effects, c.crashes = c.steps+o.steps, c.runs+o.runs, c.effects+o.effects, c.crashes+o.crashes
	c.twos, c.threes, c.meddled, c.rested = c.twos+o.twos, c.threes+o.threes, c.meddled+o.meddled, c.rested+o.rested
}

func newSim(seed uint64, folder string) *sim {
	s := &sim{seed: seed, random: rand.New(rand.NewPCG(seed, 1)), folder: folder, trace: sha256.New(), born: map[string]time.Time{}, written: map[string]time.Time{}}
	s.model = newModel(s)
	return s
}

// simulate lives through one seed in a bubble of its own. Its clock passes only while every goroutine waits.
func simulate(t *testing.T, seed uint64) *sim {
	folder := simFolder(t)
	s := newSim(seed, folder)
	defer os.RemoveAll(folder)
	synctest.Test(t, func(*testing.T) {
		defer func() {
			if p := recover(); p != nil {
				panic(fmt.Sprintf("seed %d: %v\n%s", seed, p, s.story()))
			}
		}()
		s.begin()
		s.live()
	})
	return s
}

func simFolder(t *testing.T) string {
	folder, err := os.MkdirTemp("/dev/shm", "sim")
	if err != nil {
		folder, err = os.MkdirTemp("", "sim")
	}
	if err != nil {
		t.Fatal(err)
	}
	return folder
}

func (s *sim) begin() {
	s.began, s.arrived = time.Now(), make(chan struct{}, 1)
	s.faults = float64(s.random.IntN(31)) / 100
	s.meddling = []float64{0, 0, 0.01, 0.04}[s.random.IntN(4)]
	s.slow = s.random.IntN(3) == 0
	s.lag = time.Duration([]int{0, 0, 3, 20}[s.random.IntN(4)]) * time.Second
	s.shows = []string{"clear", "masked", "omitted", "reserialised", "masked-all"}[s.random.IntN(5)]
	s.writers = 1 + s.random.IntN(3)
	ids := rand.New(rand.NewPCG(s.seed, 2))
	var err error
	s.server, err = emulator.New(emulator.Options{NewID: func() string {
		return fmt.Sprintf("%08x-0000-4000-8000-%012x", ids.Uint32(), ids.Uint64N(1<<48))
	}})
	if err != nil {
		panic(err)
	}
	for _, sw := range []string{"config=" + s.shows, "notfound=" + []string{"400", "404"}[s.random.IntN(2)]} {
		if err := s.server.Set(sw); err != nil {
			panic(err)
		}
	}
	if s.random.IntN(2) == 0 {
		s.shared = &origin{machine: *s.newMachine()}
	}
	s.clone = s.newMachine()
	s.history.head = &revision{wishes: map[string]wish{}}
	for range 1 + s.random.IntN(8) {
		s.history.add(s.history.head, s.history.free(s.random), s.history.wish(s.random))
	}
	s.history.commit(s.history.head, "begin")
}

// live goes through some steps, and rests at the end.
func (s *sim) live() {
	for range 4 + s.random.IntN(12) {
		if s.failure != "" {
			return
		}
		s.step()
	}
	s.rest(true)
}

// step changes something, lets some runs go about it, and judges what they left.
func (s *sim) step() {
	s.count.steps++
	for range s.random.IntN(3) {
		s.note(nil, s.history.edit(s.random, s.server))
	}
	for range s.random.IntN(2) {
		s.console()
	}
	s.pass([]time.Duration{0, time.Second, 2 * time.Minute, 20 * time.Minute}[s.random.IntN(4)])
	var runs []*simRun
	for range 1 + s.random.IntN(s.writers) {
		runs = append(runs, s.newRun())
	}
	s.round(runs)
	if s.random.IntN(6) == 0 {
		s.rest(false)
	}
}

// round is some runs side by side.
func (s *sim) round(runs []*simRun) {
	switch s.count.runs += len(runs); len(runs) {
	case 2:
		s.count.twos++
	case 3:
		s.count.threes++
	}
	s.play(runs)
	for _, r := range runs {
		s.count.effects += r.effects
		s.count.rested += r.rested
		if r.dead {
			s.count.crashes++
		}
		s.note(r, r.told())
		s.model.ended(r)
		s.took(runs, r.at)
		for id := range r.mute {
			if r.meddled[id] {
				s.model.unjudged[id] = true
			}
		}
	}
	if s.shared != nil {
		s.took(runs, &s.shared.machine)
	}
}

// meddle notes a write of a connection for every other run.
func (s *sim) meddle(by *simRun, id string) {
	s.written[id] = time.Now()
	for _, r := range s.running {
		if r != by {
			r.meddled[id] = true
		}
	}
}

// took has the model judge what is known at some place.
func (s *sim) took(runs []*simRun, at *machine) {
	known, err := s.snapshot(at)
	if err != nil {
		s.fail(fmt.Sprint("known state cannot be read: ", err))
	}
	s.model.took(runs, known)
}

// rest lets everything under way arrive, and then syncs in quiet: two syncs at most bring everything into order, and
// the next one has nothing to do. The last rest prunes, and writes what was taken over unseen.
func (s *sim) rest(last bool) {
	s.calm = true
	meddling := s.meddling
	s.meddling = 0
	defer func() { s.calm, s.meddling = false, meddling }()
	for len(s.events) > 0 {
		s.pass(time.Minute)
	}
	s.pass(window)
	var r *simRun
	for try := 0; s.failure == ""; try++ {
		commit, sent := s.head(), s.mutations
		r = s.quietRun(last, last && try == 0)
		s.round([]*simRun{r})
		if r.err != nil || r.report == nil || r.report.Err != nil {
			s.fail(fmt.Sprintf("a quiet sync ends with %v", r.told()))
			return
		}
		if s.mutations == sent && s.head() == commit {
			break
		}
		if try == 2 {
			s.fail("the third quiet sync still writes: " + r.told())
		}
	}
	if s.failure == "" {
		s.model.converged(r)
	}
}

// head is the newest commit of known state.
func (s *sim) head() string {
	if s.shared != nil {
		return s.shared.head
	}
	known, err := s.snapshot(s.clone)
	if err != nil {
		s.fail(fmt.Sprint("known state cannot be read: ", err))
	}
	return known.Commit
}

// fail notes the first failure.
func (s *sim) fail(what string) {
	if s.failure == "" {
		s.failure = what
		s.note(nil, "FAILURE "+what)
	}
}

// note adds a line to the trace.
func (s *sim) note(r *simRun, what string) {
	who := "-"
	if r != nil {
		who = fmt.Sprint(r.number)
	}
	line := fmt.Sprintf("%9.3f %s %s", time.Since(s.began).Seconds(), who, what)
	s.told = append(s.told, line)
	fmt.Fprintln(s.trace, line)
}

func (s *sim) story() string { return strings.Join(s.told, "\n") }

package apply_test

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"path"
	"sort"
	"strings"
	"testing/synctest"
	"time"
)

// effect is something a run is about to do outside of its own memory. It waits until the scheduler releases it.
type effect struct {
	run      *simRun
	key      string
	request  *http.Request // nil for an effect on the machine or its remote
	body     []byte
	call     int64        // of the client's: which requests are tries of the same one
	do       func() error // of the others; nil: nothing
	answered chan outcome
}

type outcome struct {
	response *http.Response
	err      error
}

// event is something due at a time: a late request.
type event struct {
	at time.Time
	do func()
}

func digestOf(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:4])
}

// park waits until the scheduler has done an effect. A dead process does nothing more.
func (r *simRun) park(key string, do func() error) error {
	e := &effect{run: r, key: key, do: do, answered: make(chan outcome, 1)}
	if !r.s.enter(e) {
		return errSimDead
	}
	select {
	case o := <-e.answered:
		return o.err
	case <-r.killed:
		return errSimDead
	}
}

func (s *sim) enter(e *effect) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if e.run.dead {
		return false
	}
	s.pending = append(s.pending, e)
	s.wake()
	return true
}

func (s *sim) withdraw(e *effect) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.drop(func(other *effect) bool { return other == e })
}

// drop forgets waiting effects. The caller holds the lock.
func (s *sim) drop(which func(*effect) bool) {
	kept := s.pending[:0]
	for _, e := range s.pending {
		if !which(e) {
			kept = append(kept, e)
		}
	}
	s.pending = kept
}

func (s *sim) finished(r *simRun) {
	s.mu.Lock()
	defer s.mu.Unlock()
	r.done = true
	s.wake()
}

func (s *sim) wake() {
	select {
	case s.arrived <- struct{}{}:
	default:
	}
}

// play lets some runs live side by side until all have ended. All that happens, happens here, one thing after the other;
// between two of them every run has come to a stop. Time passes only where none of them can go on.
func (s *sim) play(runs []*simRun) {
	s.running = runs
	for _, r := range runs {
		go r.main()
	}
	for s.failure == "" {
		synctest.Wait()
		if s.deliver() {
			continue
		}
		e, over := s.choose(runs)
		switch {
		case over:
			return
		case e == nil:
			s.idle(time.Hour)
		case s.random.Float64() < s.meddling:
			s.console()
		default:
			s.release(e)
		}
	}
	for _, r := range runs {
		s.kill(r)
	}
	synctest.Wait()
}

// choose draws the next effect.
func (s *sim) choose(runs []*simRun) (e *effect, over bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	over = true
	for _, r := range runs {
		over = over && r.done
	}
	if len(s.pending) == 0 {
		return nil, over
	}
	sort.Slice(s.pending, func(i, j int) bool {
		a, b := s.pending[i], s.pending[j]
		return a.run.number < b.run.number || a.run.number == b.run.number && a.key < b.key
	})
	return s.pending[s.random.IntN(len(s.pending))], false
}

// idle lets time pass until something happens, at most some time.
func (s *sim) idle(most time.Duration) {
	if len(s.events) > 0 {
		most = min(most, time.Until(s.events[0].at))
	}
	t := time.NewTimer(most)
	defer t.Stop()
	select {
	case <-s.arrived:
	case <-t.C:
	}
}

// pass lets time pass without a sync.
func (s *sim) pass(d time.Duration) {
	for end := time.Now().Add(d); time.Now().Before(end); s.deliver() {
		s.idle(time.Until(end))
	}
}

// later arranges an event. No two happen at the same time.
func (s *sim) later(d time.Duration, do func()) {
	s.serial++
	s.events = append(s.events, event{time.Now().Add(d + time.Duration(s.serial%10_000)*time.Microsecond), do})
	sort.SliceStable(s.events, func(i, j int) bool { return s.events[i].at.Before(s.events[j].at) })
}

// deliver does what is due, and tells whether there was anything.
func (s *sim) deliver() bool {
	if len(s.events) == 0 || time.Now().Before(s.events[0].at) {
		return false
	}
	e := s.events[0]
	s.events = s.events[1:]
	e.do()
	return true
}

// release does an effect, or something goes wrong with it.
func (s *sim) release(e *effect) {
	r := e.run
	if r.effects++; r.effects == r.interruptAt {
		s.note(r, "interrupted")
		r.cancel()
		return
	}
	s.withdraw(e)
	dies := r.effects == r.crashAt
	if dies && !r.crashAfter {
		s.note(r, "dies before "+e.key)
		s.kill(r)
		return
	}
	f := s.fate(e)
	s.note(r, e.key+" "+f.name)
	if e.request != nil {
		s.carry(e, f, dies)
	} else if err := s.local(e, f); !dies {
		e.answered <- outcome{err: err}
	}
	if dies {
		s.note(r, "dies")
		s.kill(r)
	}
}

// carry takes a request to the server, at once or later, and the answer back to a living client.
func (s *sim) carry(e *effect, f fate, dies bool) {
	e.run.requests = append(e.run.requests, e)
	if e.request.Method != http.MethodGet {
		s.mutations++
		s.model.leaves(e)
	}
	if e.request.Method == http.MethodPut && strings.Contains(f.name, "nothing") {
		id := path.Base(e.request.URL.Path)
		e.run.mute[id] = true
		if time.Since(s.written[id]) < 2*time.Second { // a time to the second does not tell the two writes apart
			e.run.meddled[id] = true
		}
	}
	if e.request.Method == http.MethodPost {
		e.run.posted[nameIn(e.body)] = true
		s.model.sent(e, f)
	}
	arrive := func() {
		var a answer
		for range f.executed {
			a = s.execute(e)
		}
		s.note(e.run, fmt.Sprint(e.key, " arrived ", a.status))
		if !f.gone && !dies {
			e.answered <- f.answer(a)
		}
	}
	if f.gone && !dies {
		e.answered <- f.answer(answer{})
	}
	if f.wait == 0 {
		arrive()
		return
	}
	s.later(f.wait, arrive)
}

// local does an effect other than a request.
func (s *sim) local(e *effect, f fate) error {
	var err error
	if f.executed > 0 && e.do != nil {
		err = e.do()
	}
	if f.err != nil {
		err = f.err
	}
	return err
}

// kill stops a process dead: what it waits for is forgotten, and nothing it does from now on has an effect.
func (s *sim) kill(r *simRun) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if r.dead {
		return
	}
	r.dead = true
	close(r.killed)
	r.cancel() // it no longer waits for a lock either
	s.drop(func(e *effect) bool { return e.run == r })
}

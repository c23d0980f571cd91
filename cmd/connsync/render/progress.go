package render

import (
	"fmt"
	"sync"
	"time"

	"connsync/apply"
)

const (
	progressEvery = 10 * time.Second // is how often a stream other than a terminal hears how far a sync is
	aloudAfter    = 2 * time.Second  // nothing waits longer without a word
	staysFor      = time.Second      // the live line is a target's for so long after its last word: two would flicker
)

// Progress shows how far a command is, and what it waits for: one live line on a terminal, else a plain line now and then. Targets worked on side by side
// share it.
type Progress struct {
	p     *Printer
	live  bool
	aside sync.Mutex // of whoever else writes, or asks a person
	mu    sync.Mutex
	last  time.Time
	open  bool   // a live line stands on the terminal
	of    string // … of this target
	held  bool   // something else stands there

	phases map[string]phase     // by target
	said   map[string]time.Time // what was waited for, and when it was said
}

// phase is what a target's work is at, since when, and when that was said last.
type phase struct {
	name        string
	began, said time.Time
}

// Progress begins to show how far a sync is.
func (p *Printer) Progress() *Progress {
	return &Progress{p: p, live: IsTerminal(p.Err.w), last: time.Now()}
}

var phaseTexts = map[string]string{
	"waiting":   "waiting for an interrupted create of an earlier run",
	"revealing": "decrypting",
	"writing":   "writing",
	"settling":  "looking for creates that were not confirmed",
	"verifying": "verifying",
}

// Show shows how far a sync is, unless it was shown a moment ago.
func (s *Progress) Show(at apply.Progress) {
	if s.p.Quiet {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.held {
		return
	}
	now := time.Now()
	began, due := s.due(at, now)
	if !due {
		return
	}
	var rest Row
	switch {
	case !at.Until.IsZero():
		rest = Row{", until ", at.Until.Local().Format(time.TimeOnly), " at most"}
	case at.Total > 0:
		rest = Row{fmt.Sprintf(" %d/%d%s", at.Done, at.Total, pace(at.Done, at.Total, now.Sub(began)))}
	}
	s.line(at.Target, "%s: %s%s", at.Target, phaseTexts[at.Phase], rest)
}

// due tells whether a phase is to be said now, and since when it lasts. A pause is said in time, whatever else was said.
func (s *Progress) due(at apply.Progress, now time.Time) (began time.Time, due bool) {
	if s.phases == nil {
		s.phases = map[string]phase{}
	}
	of := s.phases[at.Target]
	if of.name != at.Phase {
		of = phase{name: at.Phase, began: now}
	}
	pause := progressEvery
	switch {
	case s.live && s.open && s.of != at.Target:
		pause = staysFor
	case s.live:
		pause = 50 * time.Millisecond
	}
	pauses := !at.Until.IsZero() && of.said.Before(of.began.Add(aloudAfter)) && now.Sub(of.began) >= aloudAfter
	if due = now.Sub(s.last) >= pause || pauses; due {
		s.last, of.said = now, now
	}
	s.phases[at.Target] = of
	return of.began, due
}

// pace is how fast it goes, and how long the rest takes at that: said of what takes longer than a moment.
func pace(done, total int, took time.Duration) string {
	if took < aloudAfter || done == 0 || done >= total {
		return ""
	}
	rate := float64(done) / took.Seconds()
	left := time.Duration(float64(total-done) / rate * float64(time.Second)).Round(time.Second)
	return fmt.Sprintf(", %.3g/s, %s left", rate, max(left, time.Second))
}

// line replaces the live line, or writes one, about a target.
func (s *Progress) line(target, format string, args ...any) {
	if s.live {
		s.p.Err.Ask("\r\x1b[K"+format, args...)
		s.open, s.of = true, target
		return
	}
	s.p.Err.Line(format, args...)
}

// Waiting tells what a target's work waits for, and until when at most, unless it is done before it is worth a word.
func (s *Progress) Waiting(target, what string, until time.Time) (done func()) {
	if s == nil || s.p.Quiet {
		return func() {}
	}
	over := false
	var t *time.Timer
	s.mu.Lock() // until the timer has a name
	defer s.mu.Unlock()
	t = time.AfterFunc(aloudAfter, func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		switch {
		case over:
		case s.held:
			t.Reset(aloudAfter)
		default:
			s.wait(target, what, until)
		}
	})
	return func() {
		if t.Stop() {
			return
		}
		s.mu.Lock()
		over = true
		s.mu.Unlock()
		s.End(target)
	}
}

// Aside takes the live line away and lets none come, until the function it gives is called: something else is written, or a person is asked something.
// Those who do so wait for each other.
func (s *Progress) Aside() (done func()) {
	if s == nil {
		return func() {}
	}
	s.aside.Lock()
	s.hold(true)
	return func() {
		s.hold(false)
		s.aside.Unlock()
	}
}

func (s *Progress) hold(on bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.held = on
	s.clear()
}

func (s *Progress) wait(target, what string, until time.Time) {
	now := time.Now()
	if said, ok := s.said[target+what]; ok && now.Sub(said) < progressEvery {
		return
	}
	if s.said == nil {
		s.said = map[string]time.Time{}
	}
	s.said[target+what] = now
	if until.IsZero() {
		s.line(target, "%s: waiting: %s", target, what)
		return
	}
	s.line(target, "%s: waiting until %s at most: %s", target, until.Local().Format(time.TimeOnly), what)
}

// End takes the live line away, where it is a target's.
func (s *Progress) End(target string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.of == target {
		s.clear()
	}
}

func (s *Progress) clear() {
	if s.open {
		s.p.Err.Ask("\r\x1b[K")
		s.open = false
	}
}

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
)

// Progress shows how far a command is, and what it waits for: one live line on a terminal, else a plain line now and then.
type Progress struct {
	p    *Printer
	live bool
	mu   sync.Mutex
	last time.Time
	open bool // a live line stands on the terminal
	held bool // a question stands there

	phase string // and when it began
	began time.Time
	said  map[string]time.Time // what was waited for, and when it was said
}

// Progress begins to show how far a sync is.
func (p *Printer) Progress() *Progress {
	return &Progress{p: p, live: IsTerminal(p.Err.w), last: time.Now(), said: map[string]time.Time{}}
}

var phases = map[string]string{
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
	pause := progressEvery
	if s.live {
		pause = 50 * time.Millisecond
	}
	now := time.Now()
	if s.phase != at.Phase {
		s.phase, s.began = at.Phase, now
	}
	pauses := !at.Until.IsZero() && s.last.Before(s.began.Add(aloudAfter)) && now.Sub(s.began) >= aloudAfter
	if now.Sub(s.last) < pause && !pauses {
		return
	}
	s.last = now
	var rest Row
	switch {
	case !at.Until.IsZero():
		rest = Row{", until ", at.Until.Local().Format(time.TimeOnly), " at most"}
	case at.Total > 0:
		rest = Row{fmt.Sprintf(" %d/%d%s", at.Done, at.Total, pace(at.Done, at.Total, now.Sub(s.began)))}
	}
	s.line("%s: %s%s", at.Target, phases[at.Phase], rest)
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

// line replaces the live line, or writes one.
func (s *Progress) line(format string, args ...any) {
	if s.live {
		s.p.Err.Ask("\r\x1b[K"+format, args...)
		s.open = true
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
		s.End()
	}
}

// Aside takes the live line away and lets none come, until the function it gives is called: a person is asked something.
func (s *Progress) Aside() (done func()) {
	if s == nil {
		return func() {}
	}
	s.End()
	s.hold(true)
	return func() { s.hold(false) }
}

func (s *Progress) hold(on bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.held = on
}

func (s *Progress) wait(target, what string, until time.Time) {
	now := time.Now()
	if said, ok := s.said[target+what]; ok && now.Sub(said) < progressEvery {
		return
	}
	s.said[target+what] = now
	if until.IsZero() {
		s.line("%s: waiting: %s", target, what)
		return
	}
	s.line("%s: waiting until %s at most: %s", target, until.Local().Format(time.TimeOnly), what)
}

// End takes the live line away.
func (s *Progress) End() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.open {
		s.p.Err.Ask("\r\x1b[K")
		s.open = false
	}
}

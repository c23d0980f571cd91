package render

import (
	"fmt"
	"sync"
	"time"

	"connsync/apply"
)

// progressEvery is how often a stream that is no terminal hears how far a sync is.
const progressEvery = 10 * time.Second

// Progress shows how far a sync is: one live line on a terminal, else a plain line now and then.
type Progress struct {
	p    *Printer
	live bool
	mu   sync.Mutex
	last time.Time
	open bool // a live line stands on the terminal
}

// Progress begins to show how far a sync is.
func (p *Printer) Progress() *Progress {
	return &Progress{p: p, live: IsTerminal(p.Err.w), last: time.Now()}
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
	pause := progressEvery
	if s.live {
		pause = 50 * time.Millisecond
	}
	if time.Since(s.last) < pause {
		return
	}
	s.last = time.Now()
	var part Row
	if at.Total > 0 {
		part = Row{fmt.Sprintf(" %d/%d", at.Done, at.Total)}
	}
	if s.live {
		s.p.Err.Ask("\r\x1b[K%s: %s%s", at.Target, phases[at.Phase], part)
		s.open = true
		return
	}
	s.p.Err.Line("%s: %s%s", at.Target, phases[at.Phase], part)
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

package main

import (
	"fmt"
	"sync"
	"time"

	"connsync/apply"
)

// progressEvery is how often a stream that is no terminal hears how far a sync is.
const progressEvery = 10 * time.Second

// progress shows how far a sync is: one live line on a terminal, else a plain line now and then.
type progress struct {
	p    *printer
	live bool
	mu   sync.Mutex
	last time.Time
	open bool // a live line stands on the terminal
}

func (p *printer) progress() *progress {
	return &progress{p: p, live: isTerminal(p.err), last: time.Now()}
}

var phases = map[string]string{
	"waiting":   "waiting for an interrupted create of an earlier run",
	"revealing": "decrypting",
	"writing":   "writing",
	"settling":  "looking for creates that were not confirmed",
	"verifying": "verifying",
}

func (s *progress) show(at apply.Progress) {
	if s.p.quiet {
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
	text := safe(at.Target) + ": " + phases[at.Phase]
	if at.Total > 0 {
		text += fmt.Sprintf(" %d/%d", at.Done, at.Total)
	}
	if s.live {
		fmt.Fprintf(s.p.err, "\r\x1b[K%s", text)
		s.open = true
		return
	}
	fmt.Fprintln(s.p.err, text)
}

// end takes the live line away.
func (s *progress) end() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.open {
		fmt.Fprint(s.p.err, "\r\x1b[K")
		s.open = false
	}
}

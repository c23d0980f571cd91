package secmaster

import (
	"net/http"
	"sync"
	"time"
)

// serverClock is how far the server's clock is ahead of ours, at the least. Times that a server shows are compared with its own clock:
// ours may differ by minutes. A Date is cut to seconds and underway for a while, so the largest distance that was ever read is the best.
type serverClock struct {
	mu    sync.Mutex
	ahead time.Duration
	read  bool
}

// hear takes up the Date of an answer that came at a time of our clock.
func (c *serverClock) hear(date string, came time.Time) {
	at, err := http.ParseTime(date)
	if err != nil {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if ahead := at.Sub(came); !c.read || ahead > c.ahead {
		c.ahead, c.read = ahead, true
	}
}

// at is what the server's clock showed at a time of ours, at the earliest; zero where it never said.
func (c *serverClock) at(ours time.Time) time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.read {
		return time.Time{}
	}
	return ours.Add(c.ahead)
}

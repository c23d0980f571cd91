package secmaster

import (
	"sync"
	"time"
)

// Pace is how fast addresses may be asked. Clients of one address share what was learned of its limits, since these count a user, or the machine, and not a
// workspace.
type Pace struct {
	most float64
	mu   sync.Mutex
	of   map[string]*limiter // by base URL
}

// NewPace is a Pace that never sends an address more requests a second than so many; 0 for no such bound.
func NewPace(most float64) *Pace { return &Pace{most: most, of: map[string]*limiter{}} }

func (p *Pace) at(base string, now func() time.Time) *limiter {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.of[base] == nil {
		p.of[base] = newLimiter(now, p.most)
	}
	return p.of[base]
}

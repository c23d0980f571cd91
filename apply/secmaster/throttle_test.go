package secmaster

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// shared is a limit with what came of it.
type shared struct {
	mu           sync.Mutex
	gate         gate
	taken, tries int
	last         time.Time
}

func (s *shared) asks() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.tries++
	ok := s.gate.takes(time.Now())
	if ok {
		s.taken, s.last = s.taken+1, time.Now()
	}
	return ok
}

// work sends so many requests by one client, some at a time, each until it is taken. It gives the longest that one was tried.
func work(t *testing.T, s *shared, l *limiter, requests, atATime int, refusal answer, r *rand.Rand) {
	var left sync.WaitGroup
	jobs := make(chan struct{}, requests)
	for range requests {
		jobs <- struct{}{}
	}
	close(jobs)
	var mu sync.Mutex
	for range atATime {
		left.Go(func() {
			for range jobs {
				for try, first := 1, time.Now(); ; try = min(try+1, 6) {
					place, err := l.wait(t.Context(), Sleep)
					if err != nil {
						t.Error(err)
						return
					}
					mu.Lock()
					way := time.Duration(10+r.IntN(10)) * time.Millisecond
					mu.Unlock()
					time.Sleep(way)
					ok := s.asks()
					time.Sleep(way)
					if ok {
						l.succeeded(place)
						break
					}
					l.throttled(place, try, refusal)
					if time.Since(first) > throttled {
						t.Error("given up")
						return
					}
				}
			}
		})
	}
	left.Wait()
}

func newRefusal(header, text string) answer {
	a := answer{status: http.StatusTooManyRequests, header: http.Header{}, body: []byte(text)}
	if header != "" {
		a.header.Set("Retry-After", header)
	}
	return a
}

// A limit is used by at least nine tenths, at most a twentieth of all requests are refused, and none is given up: whatever kind of limit it is, whatever a 429
// says, and however many syncs share it. All in a time that passes only while everybody waits. A Retry-After of a second, which is obeyed, costs a second each.
// Syncs that share a limit take turns as the scheduler has it, by which a run differs from the next: their mean counts.
func TestALimitIsUsed(t *testing.T) {
	for _, kind := range slices.Sorted(maps.Keys(gates)) {
		for _, limit := range limits() {
			for said, refusal := range map[string]answer{
				"nothing": newRefusal("", ""), "the limit": newRefusal("", fmt.Sprintf("policy user over ratelimit,limit:%d,time:1 second", limit)), "Retry-After": newRefusal("1", ""),
			} {
				for _, syncs := range []int{1, 3} {
					name := fmt.Sprintf("%s of %d for %d, told %s", kind, limit, syncs, said)
					c := throttling{kind: kind, limit: limit, requests: 100 * limit / syncs, syncs: syncs, refusal: refusal}
					used, refused := c.mean(t, 2*syncs-1)
					t.Logf("%-45s used %.3f refused %.3f", name, used, refused)
					if used < 0.9 || refused > 0.05 {
						t.Errorf("%s: %.0f %% of the limit is used, and %.1f %% of the requests are refused", name, 100*used, 100*refused)
					}
				}
			}
		}
	}
}

// limits are requests a second. The larger one takes most of the time, and the race detector finds no more with it.
func limits() []int {
	if testing.Short() {
		return []int{20}
	}
	return []int{20, 50}
}

// throttling are some syncs that share a limit.
type throttling struct {
	kind                   string
	limit, requests, syncs int // requests of each
	most                   float64
	refusal                answer
}

// mean is that of so many runs.
func (c throttling) mean(t *testing.T, runs int) (used, refused float64) {
	for range runs {
		synctest.Test(t, func(t *testing.T) {
			u, r := c.run(t)
			used, refused = used+u/float64(runs), refused+r/float64(runs)
		})
	}
	return used, refused
}

// run gives how much of the limit is used while all syncs are under way, and how many of all requests are refused.
func (c throttling) run(t *testing.T) (used, refused float64) {
	s := c.gate()
	began := time.Now()
	var all sync.WaitGroup
	var ended sync.Once
	for i := range c.syncs {
		all.Go(func() {
			work(t, s, newLimiter(time.Now, c.most), c.requests, 8, c.refusal, rand.New(rand.NewPCG(uint64(i), 7)))
			ended.Do(func() { used = s.used(began, c.limit) })
		})
	}
	all.Wait()
	return used, float64(s.tries-s.taken) / float64(s.tries)
}

func (c throttling) gate() *shared { return &shared{gate: gates[c.kind](c.limit, time.Now())} }

func (s *shared) used(since time.Time, limit int) float64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return float64(s.taken) / (time.Since(since).Seconds() * float64(limit))
}

// What another sync leaves is taken within half a minute.
func TestWhatOthersLeaveIsTaken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := throttling{kind: "windows", limit: 20}
		s := c.gate()
		var all sync.WaitGroup
		for i, requests := range []int{400, 2400} {
			all.Go(func() {
				work(t, s, newLimiter(time.Now, 0), requests, 8, newRefusal("", ""), rand.New(rand.NewPCG(uint64(i), 7)))
			})
		}
		time.Sleep(75 * time.Second) // the first is done after some 40
		s.mu.Lock()
		before, began := s.taken, time.Now()
		s.mu.Unlock()
		time.Sleep(30 * time.Second)
		s.mu.Lock()
		used := float64(s.taken-before) / (20 * time.Since(began).Seconds())
		s.mu.Unlock()
		if all.Wait(); used < 0.9 {
			t.Errorf("%.0f %% of the limit is used", 100*used)
		}
	})
}

// Who is told how many requests a second there are sends no more, from the first on, and is not refused.
func TestNoMoreThanIsAskedFor(t *testing.T) {
	for _, most := range []float64{5, 18} {
		synctest.Test(t, func(t *testing.T) {
			began := time.Now()
			c := throttling{kind: "windows", limit: 20, requests: 200, syncs: 1, most: most}
			used, refused := c.run(t)
			if rate := 20 * used; rate > most*1.02 || rate < most*0.9 || refused > 0 || time.Since(began) < time.Duration(195/most)*time.Second {
				t.Errorf("at most %v: %.1f a second, %.3f refused", most, rate, refused)
			}
		})
	}
}

// A server that refuses everything at once, and asks for no time, is not asked as fast as it answers.
func TestARefusalWithoutATimeIsNoInvitation(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, header := range []string{"", "0", "-1", "x"} {
			l, asked := newLimiter(time.Now, 0), 0
			for end := time.Now().Add(time.Minute); time.Now().Before(end); asked++ {
				place, err := l.wait(t.Context(), Sleep)
				if err != nil {
					t.Fatal(err)
				}
				l.throttled(place, min(asked+1, 6), newRefusal(header, ""))
			}
			if asked > 20 {
				t.Errorf("Retry-After %q: asked %d times in a minute", header, asked)
			}
		}
	})
}

// Clients of one address share what was learned of it; those of another do not.
func TestAPaceIsOfAnAddress(t *testing.T) {
	p := NewPace(3)
	a, b := p.at("https://a.example", time.Now), p.at("https://b.example", time.Now)
	if p.at("https://a.example", time.Now) != a || a == b || a.rate != 3 {
		t.Error("a pace is not of an address")
	}
}

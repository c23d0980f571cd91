package secmaster

import (
	"context"
	"errors"
	"math/rand/v2"
	"net/http"
	"strconv"
	"sync"
	"time"
)

const (
	longestNap = 5 * time.Minute
	shortNap   = 60 * time.Millisecond  // of those who are paced: little is missing until the next request is taken
	breath     = 200 * time.Millisecond // without a request; what follows is a burst of its own
)

// limiter adapts to the server: SecMaster publishes no limits, and others may share them. It sends as fast as it is asked to until a 429. From then on it
// sends evenly, at the rate at which its requests were taken: each 429 cuts the rate a little. Time brings it back to near where it was refused, keeps it
// there, and then lets it grow ever faster. One limiter serves all requests of a command to one address.
type limiter struct {
	now  func() time.Time
	most float64 // requests a second at most; 0 for no such bound

	mu     sync.Mutex
	rate   float64   // requests a second; 0: as fast as it is asked to
	next   time.Time // the next free place
	last   time.Time // the last place that was taken
	busy   time.Time // since when places are taken without a breath
	until  time.Time // nothing is sent before
	inARow int       // rounds without a taken request
	round  round
	curve
}

// round is the time since the last 429 that was no other's twin: what was sent before it was sent at the rate that it cut.
type round struct {
	began time.Time
	open  time.Time   // when the next request was allowed
	first bool        // the rate was estimated at its beginning
	cut   time.Time   // when the rate was cut last, at this beginning or an earlier one
	short int         // rounds in a row that ended soon after a pause of a second or more
	good  int         // requests taken in it
	taken []time.Time // when requests were taken, of the last second
}

func newLimiter(now func() time.Time, most float64) *limiter {
	return &limiter{now: now, most: most, rate: most, curve: curve{refuse: most, base: most, scale: most, calm: calm}}
}

var errNoTime = errors.New("would wait longer than there is time")

// wait returns when the next request may be sent, and the time of its place. Where that is after ctx's deadline it fails at once.
func (l *limiter) wait(ctx context.Context, sleep func(context.Context, time.Duration) error) (time.Time, error) {
	for {
		if err := ctx.Err(); err != nil {
			return time.Time{}, err
		}
		at, round := l.place()
		d := at.Sub(l.now())
		if d <= 0 {
			return at, nil
		}
		if end, ok := ctx.Deadline(); ok && at.After(end) {
			return at, errNoTime
		}
		if err := sleep(ctx, d); err != nil {
			return at, err
		}
		if l.holds(at, round) {
			return at, nil
		}
	}
}

// place takes the next place, and gives its round. A 429 takes the places of all who wait.
func (l *limiter) place() (at, round time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	at = l.now()
	if at.Before(l.until) {
		at = l.until
	}
	if l.rate > 0 {
		if at.Before(l.next) {
			at = l.next
		}
		l.next = at.Add(l.gap())
	}
	if at.Sub(l.last) > breath {
		l.busy = at
	}
	l.last = at
	return at, l.round.began
}

// gap is the time between two requests.
func (l *limiter) gap() time.Duration { return time.Duration(float64(time.Second) / l.rate) }

// holds tells whether a place still counts.
func (l *limiter) holds(at, round time.Time) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return round.Equal(l.round.began) && !at.Before(l.until)
}

// succeeded counts a taken request, by the time of its place, and lets the rate grow.
func (l *limiter) succeeded(place time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.now()
	switch {
	case place.After(l.round.began):
		l.inARow, l.round.good = 0, l.round.good+1
	case l.round.first: // it was under way when the rate was estimated
		l.curve.oneMore()
	}
	l.round.taken = append(l.round.taken, now)
	l.round.lastSecond(now)
	if l.rate > 0 {
		l.rate = l.bounded(l.grown(now.Sub(l.round.began)))
	}
}

// lastSecond is how many requests were taken in the last second.
func (r *round) lastSecond(now time.Time) float64 {
	for len(r.taken) > 0 && now.Sub(r.taken[0]) >= time.Second {
		r.taken = r.taken[1:]
	}
	return float64(len(r.taken))
}

// bounded is a permitted rate: full speed is 0.
func (l *limiter) bounded(rate float64) float64 {
	switch {
	case l.most > 0:
		return min(rate, l.most)
	case rate >= fullSpeed:
		return 0
	}
	return rate
}

// throttled cuts the rate, once for all requests that were under way together, and waits: as long as the server asks, or where the rate was only a little too
// high, a moment. Requests are told apart by the times of their places.
func (l *limiter) throttled(place time.Time, try int, a answer) {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.now()
	server, says := retryAfter(now, a)
	if says {
		l.stop(now.Add(server))
	}
	if !place.After(l.round.began) {
		return
	}
	l.inARow++
	nap := l.nap(now, try, a)
	l.cut(now, a)
	l.calm = max(calm, calmFor*server)
	l.round.began, l.round.good = now, 0
	l.next = now.Add(l.gap())
	l.stop(now.Add(nap))
	l.round.open = l.until
}

// nap is how long to wait after a 429.
func (l *limiter) nap(now time.Time, try int, a answer) time.Duration {
	nap := asked(now, try, a)
	switch {
	case l.burst > 0: // what a second takes may be used up
		return min(nap, max(shortNap, time.Second-now.Sub(l.round.open)))
	case l.rate > 0:
		return min(nap, jittered(max(shortNap, l.gap())<<min(l.inARow-1, 10)))
	}
	return nap
}

// stop lets no request go before a time.
func (l *limiter) stop(until time.Time) {
	if until.After(l.until) {
		l.until = until
	}
	if l.next.Before(l.until) {
		l.next = l.until
	}
}

// asked is how long a 429 asks to wait: Retry-After, the window that its message names, or a pause that grows.
func asked(now time.Time, try int, a answer) time.Duration {
	if d, ok := retryAfter(now, a); ok {
		return d
	}
	if _, per := limitOf(a); per > 0 {
		return min(per, longestNap)
	}
	return jittered(time.Second << min(try, 5))
}

// retryAfter reads Retry-After, in seconds or as a date, within bounds; false where it is missing or makes no sense. A date is
// one of the server's clock.
func retryAfter(now time.Time, a answer) (time.Duration, bool) {
	text := a.header.Get("Retry-After")
	if s, err := strconv.ParseInt(text, 10, 64); err == nil {
		return time.Duration(min(s, int64(longestNap/time.Second))) * time.Second, s >= 0
	}
	until, err := http.ParseTime(text)
	if err != nil {
		return 0, false
	}
	if at, err := http.ParseTime(a.header.Get("Date")); err == nil {
		now = at
	}
	return min(max(until.Sub(now), 0), longestNap), true
}

// pause is how long to wait before a request is sent again after a failure.
func pause(now time.Time, try int, a answer) time.Duration {
	if d, ok := retryAfter(now, a); ok && d <= time.Minute {
		return d
	}
	return jittered(250 * time.Millisecond << min(try, 5))
}

// jittered spreads clients that failed together.
func jittered(d time.Duration) time.Duration {
	return d/2 + rand.N(d/2)
}

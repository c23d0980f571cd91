package secmaster

import (
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"net/http"
	"strconv"
	"sync"
	"time"

	"connsync/lazy"
)

const (
	slowest    = 1.0 / 60 // requests a second
	fullSpeed  = 200.0    // from here on nothing is paced
	longestNap = 5 * time.Minute

	cutTo    = 0.95                  // of the rate, where few of the requests were refused
	cutMost  = 0.6                   // … and where most were
	calm     = 9 * time.Second       // from a cut until the rate is near where it was refused, and once more until it is taken for another limit
	calmFor  = 25                    // … or so many times what Retry-After asks for: each 429 costs that much
	growBy   = 1.1                   // a second, from then on: others have gone, or the limit is another one
	shortNap = 60 * time.Millisecond // of those who are paced: little is missing until the next request is taken
)

// limiter adapts to the server: SecMaster publishes no limits, and others may share them. It sends as fast as it is asked to until a 429. From then on it
// sends evenly, at the rate at which its requests were taken: each 429 cuts the rate a little. Time brings it back to near where it was refused, keeps it
// there, and then lets it grow ever faster. One limiter serves all requests of a command to one address.
type limiter struct {
	now  func() time.Time
	most float64 // requests a second at most; 0 for no such bound

	mu     sync.Mutex
	rate   float64       // requests a second; 0: as fast as it is asked to
	next   time.Time     // the next free place
	until  time.Time     // nothing is sent before
	round  time.Time     // when the last 429 came that was no other's twin: what was sent before it was sent at the rate that it cut
	first  bool          // the rate was estimated in this round
	inARow int           // rounds without a taken request
	good   int           // requests taken in this round
	taken  []time.Time   // when requests were taken, of the last second
	refuse float64       // the rate at the round's beginning
	base   float64       // … and what it was cut to
	scale  float64       // the limit as a whole, as far as it is known: those who share one grow by the same, whatever they have
	calm   time.Duration // of this round
}

func newLimiter(now func() time.Time, most float64) *limiter {
	return &limiter{now: now, most: most, rate: most, refuse: most, base: most, scale: most, calm: calm}
}

var errNoTime = errors.New("would wait longer than there is time")

// wait returns when the next request may be sent. Where the time is after ctx's deadline it fails at once.
func (l *limiter) wait(ctx context.Context, sleep func(context.Context, time.Duration) error) error {
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		at, round := l.place()
		d := at.Sub(l.now())
		if d <= 0 {
			return nil
		}
		if end, ok := ctx.Deadline(); ok && at.After(end) {
			return errNoTime
		}
		if err := sleep(ctx, d); err != nil {
			return err
		}
		if l.holds(at, round) {
			return nil
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
	if l.rate == 0 {
		return at, l.round
	}
	if at.Before(l.next) {
		at = l.next
	}
	l.next = at.Add(l.gap())
	return at, l.round
}

// gap is the time between two requests.
func (l *limiter) gap() time.Duration { return time.Duration(float64(time.Second) / l.rate) }

// holds tells whether a place still counts.
func (l *limiter) holds(at, round time.Time) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return round.Equal(l.round) && !at.Before(l.until)
}

// succeeded counts a taken request, and lets the rate grow.
func (l *limiter) succeeded(started time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.now()
	switch {
	case !started.Before(l.round):
		l.inARow, l.good = 0, l.good+1
	case l.first: // it was under way when the rate was estimated
		l.refuse, l.base = l.refuse+1, l.base+cutTo
	}
	l.taken = append(l.taken, now)
	for now.Sub(l.taken[0]) >= time.Second {
		l.taken = l.taken[1:]
	}
	if l.rate > 0 {
		l.rate = l.bounded(l.grown(now.Sub(l.round)))
	}
}

// grown is the rate so long after the last 429.
func (l *limiter) grown(since time.Duration) float64 {
	k, gain := l.calm.Seconds(), (1-cutTo)*l.scale
	back := k * math.Cbrt((l.refuse-l.base)/gain)
	x := (since.Seconds() - back) / k
	rate := l.refuse + gain*min(x*x*x, 1)
	for more := (x - 1) * k; more > 0 && rate < fullSpeed; more-- {
		rate *= growBy
	}
	return rate
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
// high, a moment.
func (l *limiter) throttled(started time.Time, try int, a answer) {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.now()
	server, says := retryAfter(now, a)
	if says {
		l.stop(now.Add(server))
	}
	if started.Before(l.round) {
		return
	}
	l.inARow++
	nap := asked(now, try, a)
	if l.rate > 0 {
		nap = min(nap, jittered(max(shortNap, l.gap())<<min(l.inARow-1, 10)))
	}
	l.calm = max(calm, calmFor*server)
	l.cut(a)
	l.round, l.next = now, now.Add(l.gap())
	l.stop(now.Add(nap))
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

// cut lowers the rate: the first time to what was taken, then by as much as was refused.
func (l *limiter) cut(a answer) {
	few := cutTo
	if l.first = l.rate == 0; l.first {
		l.estimate(a)
	} else {
		few = min(cutTo, max(cutMost, float64(l.good)/float64(l.good+1)))
	}
	l.refuse = max(l.rate, slowest)
	l.rate = max(l.rate*few, slowest)
	l.base, l.good = l.rate, 0
}

// estimate is the rate that the server takes, as far as can be told by the first 429: what was taken in the last second, and no more than its message names.
func (l *limiter) estimate(a answer) {
	l.rate = min(float64(max(len(l.taken), 1)), fullSpeed)
	l.scale = l.rate
	if n, per := limitOf(a); n > 0 && per > 0 {
		l.scale = max(n/per.Seconds(), slowest)
		l.rate = min(l.rate, l.scale)
	}
}

var (
	limitSaid  = lazy.New(`limit:\s*([0-9]{1,9})`)
	windowSaid = lazy.New(`time:\s*([0-9]{1,4})\s*(second|minute|hour)`)
)

// limitOf is the limit that the message of a 429 names: so many requests in a time; 0 for what it does not name.
func limitOf(a answer) (n float64, per time.Duration) {
	if m := limitSaid.Regexp().FindSubmatch(a.body); m != nil {
		count, _ := strconv.Atoi(string(m[1]))
		n = float64(count)
	}
	if m := windowSaid.Regexp().FindSubmatch(a.body); m != nil {
		count, _ := strconv.Atoi(string(m[1]))
		per = time.Duration(count) * map[string]time.Duration{"second": time.Second, "minute": time.Minute, "hour": time.Hour}[string(m[2])]
	}
	return n, per
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

package secmaster

import (
	"context"
	"errors"
	"math/rand/v2"
	"net/http"
	"strconv"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"connsync/lazy"
)

const (
	slowest    = rate.Limit(1.0 / 60)
	recoverBy  = 1.1 // after each second without a 429
	fullSpeed  = rate.Limit(200)
	longestNap = 5 * time.Minute
)

// limiter adapts to the server: SecMaster publishes no limits. It sends as fast as it is asked to until a 429 halves the
// rate; from then on the rate grows slowly. One limiter serves all requests of a client.
type limiter struct {
	now   func() time.Time
	sleep func(context.Context, time.Duration) error

	mu       sync.Mutex
	bucket   *rate.Limiter
	until    time.Time // nothing is sent before
	halved   time.Time
	grown    time.Time
	sentIn   time.Time // the second in which sent requests are counted
	sent     int
	lastFull int // requests of the last whole second
}

func newLimiter(now func() time.Time, sleep func(context.Context, time.Duration) error) *limiter {
	return &limiter{now: now, sleep: sleep, bucket: rate.NewLimiter(rate.Inf, 1)}
}

var errNoTime = errors.New("would wait longer than there is time")

// wait returns when the next request may be sent. Where that is after ctx's deadline it fails at once.
func (l *limiter) wait(ctx context.Context) error {
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		d, placed := l.place()
		if d <= 0 {
			return nil
		}
		if end, ok := ctx.Deadline(); ok && l.now().Add(d).After(end) {
			return errNoTime
		}
		if err := l.sleep(ctx, d); err != nil {
			return err
		}
		if placed && !l.paused() {
			return nil
		}
	}
}

// place is how long to wait, and whether a place was taken for then. During a pause none is.
func (l *limiter) place() (time.Duration, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.now()
	if now.Before(l.until) {
		return l.until.Sub(now), false
	}
	l.count(now)
	return l.bucket.ReserveN(now, 1).DelayFrom(now), true
}

// paused tells whether a 429 has stopped everybody: also those who had a place.
func (l *limiter) paused() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.now().Before(l.until)
}

func (l *limiter) count(now time.Time) {
	if now.Sub(l.sentIn) >= time.Second {
		l.lastFull, l.sent, l.sentIn = l.sent, 0, now
	}
	l.sent++
}

// succeeded lets a slowed rate recover.
func (l *limiter) succeeded() {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.now()
	if l.bucket.Limit() == rate.Inf || now.Sub(l.grown) < time.Second || now.Sub(l.halved) < time.Second {
		return
	}
	l.grown = now
	if next := l.bucket.Limit() * recoverBy; next < fullSpeed {
		l.bucket.SetLimitAt(now, next)
		return
	}
	l.bucket.SetLimitAt(now, rate.Inf)
}

// throttled halves the rate, once for all requests that were under way together, and waits as long as the server asks.
func (l *limiter) throttled(started time.Time, try int, a answer) {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.now()
	if until := now.Add(asked(now, try, a)); until.After(l.until) {
		l.until = until
	}
	if started.Before(l.halved) {
		return
	}
	l.halved = now
	current := l.bucket.Limit()
	if current == rate.Inf {
		current = rate.Limit(max(l.lastFull, l.sent, 2))
	}
	l.bucket.SetLimitAt(now, max(current/2, slowest))
}

var window = lazy.New(`time:\s*([0-9]{1,4})\s*(second|minute|hour)`)

// asked is how long a 429 asks to wait: Retry-After, the window that its message names, or a pause that grows.
func asked(now time.Time, try int, a answer) time.Duration {
	if d, ok := retryAfter(now, a); ok {
		return d
	}
	if m := window.Regexp().FindSubmatch(a.body); m != nil {
		n, _ := strconv.Atoi(string(m[1]))
		unit := map[string]time.Duration{"second": time.Second, "minute": time.Minute, "hour": time.Hour}[string(m[2])]
		return min(time.Duration(n)*unit, longestNap)
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

package secmaster

import (
	"math"
	"strconv"
	"time"

	"connsync/lazy"
)

const (
	slowest   = 1.0 / 60 // requests a second
	fullSpeed = 200.0    // from here on nothing is paced

	cutTo   = 0.95             // of the rate, where few of the requests were refused
	cutMost = 0.6              // … and where most were
	calm    = 12 * time.Second // from a cut until the rate is near where it was refused, and once more until it is taken for another limit
	calmFor = 40               // … or so many times what Retry-After asks for: each 429 costs that much
	growBy  = 1.1              // a second, from then on: others have gone, or the limit is another one

	tryMore = 3   // times a burst, for a second: what takes no more than the burst in a second refuses that soon
	tryBy   = 1.5 // a second, from then on
)

// curve is how the rate grows after a 429.
type curve struct {
	refuse float64       // the rate at the round's beginning
	base   float64       // … and what it was cut to
	scale  float64       // the limit as a whole, as far as it is known: those who share one grow by the same, whatever they have
	named  bool          // … as the server said
	calm   time.Duration // of this round
	burst  float64       // so many were taken in less than a second before the first 429. A server may take them at once and no such rate, or more: more is tried; 0 where nothing is
}

// oneMore counts a request that was under way at the first 429, and taken.
func (c *curve) oneMore() {
	c.refuse, c.base = c.refuse+1, c.base+cutTo
	if c.burst > 0 {
		c.burst++
	}
}

// grown is the rate so long after the last 429.
func (l *limiter) grown(since time.Duration) float64 {
	if l.burst > 0 {
		return l.tried(since - l.round.open.Sub(l.round.began))
	}
	k, gain := l.calm.Seconds(), (1-cutTo)*l.scale
	back := k * math.Cbrt((l.refuse-l.base)/gain)
	x := (since.Seconds() - back) / k
	rate := l.refuse + gain*min(x*x*x, 1)
	for more := (x - 1) * k; more > 0 && rate < fullSpeed; more-- {
		rate *= growBy
	}
	return rate
}

// tried is the rate so long after the pause that followed a burst.
func (c *curve) tried(since time.Duration) float64 {
	rate := tryMore * c.burst * math.Pow(tryBy, max(0, since.Seconds()-1))
	if c.named {
		return min(rate, cutTo*c.scale)
	}
	return rate
}

// cut lowers the rate: the first time to what was taken, then by as much as was refused.
func (l *limiter) cut(now time.Time, a answer) {
	few := cutTo
	switch l.round.first = l.rate == 0 || l.round.began.IsZero(); {
	case l.round.first:
		l.estimate(now, a)
	case l.burst > 0:
		l.measure(now)
	case l.round.good == 0 && now.Sub(l.round.cut) < time.Second:
		few = 1 // what is missing is what was missing before
	default:
		few = l.fewer(now)
	}
	l.refuse = max(l.rate, slowest)
	l.base = max(l.rate*few, slowest)
	l.rate = l.base
	if l.burst > 0 {
		l.rate = l.bounded(l.tried(0))
	}
	if few < 1 {
		l.round.cut = now
	}
}

// fewer is how much is left of the rate.
func (l *limiter) fewer(now time.Time) float64 {
	r := &l.round
	few := float64(r.good) / float64(r.good+1)
	switch {
	case now.Sub(r.open) >= time.Second:
		r.short = 0
		l.rate = min(l.rate, 1.1*r.lastSecond(now)+2) // no more than that was really sent
	case r.open.Sub(r.began) < time.Second:
		r.short = 0
	default: // what a second takes is used up in less. This may be others' doing once
		if r.short++; r.short > 1 {
			few = min(few, float64(r.good)/l.rate)
		}
	}
	return min(cutTo, max(cutMost, few))
}

// estimate is the rate that the server takes, as far as can be told by the first 429: what was taken in the last second, and no more than its message names.
func (l *limiter) estimate(now time.Time, a answer) {
	l.rate = min(max(l.round.lastSecond(now), 1), fullSpeed)
	if l.most > 0 {
		l.rate = min(l.rate, l.most)
	}
	l.scale, l.named, l.burst = l.rate, false, 0
	if n, per := limitOf(a); n > 0 && per > 0 {
		l.scale, l.named = max(n/per.Seconds(), slowest), true
		l.rate = min(l.rate, l.scale)
	}
	if now.Sub(l.busy) < time.Second && tryMore*l.rate < fullSpeed && !(l.named && l.rate > 0.8*l.scale) {
		l.burst = l.rate
	}
}

// measure is the rate that the server takes, where more than a burst was tried: what was taken in the last second, or the burst where not much more was.
func (l *limiter) measure(now time.Time) {
	l.rate = l.burst
	if float64(l.round.good) > 2*l.burst {
		l.rate = max(l.rate, 0.9*l.round.lastSecond(now)) // a part of it was saved up
	}
	l.scale, l.burst = max(l.scale, l.rate), 0
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

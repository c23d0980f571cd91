package secmaster

import "time"

// gate is a limit that a server sets: it takes a request, or refuses it. What it refuses may count, too.
type gate interface{ takes(now time.Time) bool }

// gates are the kinds of limits by their names: so many requests a second.
var gates = map[string]func(limit int, now time.Time) gate{
	"windows": func(n int, _ time.Time) gate { return &windows{n: n, per: time.Second} },
	"clock seconds": func(n int, now time.Time) gate {
		return &windows{n: n, per: time.Second, since: now.Add(-800 * time.Millisecond), grid: true}
	},
	"sliding": func(n int, _ time.Time) gate { return &sliding{n: n, per: time.Second} },
	"strict":  func(n int, _ time.Time) gate { return &sliding{n: n, per: time.Second, strict: true} },
	"bucket": func(n int, now time.Time) gate {
		return &bucket{n: float64(n), most: float64(n), full: float64(n), last: now}
	},
	"shallow": func(n int, now time.Time) gate {
		return &bucket{n: float64(n), most: float64(n) / 4, full: float64(n) / 4, last: now}
	},
	"deep": func(n int, now time.Time) gate {
		return &bucket{n: float64(n), most: 3 * float64(n), full: 3 * float64(n), last: now}
	},
}

// windows takes so many requests in each time: from the first request after the last one on, as the emulator does, or by a clock.
type windows struct {
	n     int
	per   time.Duration
	since time.Time
	grid  bool
	in    int
}

func (w *windows) takes(now time.Time) bool {
	if past := now.Sub(w.since); past >= w.per {
		w.since, w.in = now, 0
		if w.grid {
			w.since = now.Add(-past % w.per)
		}
	}
	w.in++
	return w.in <= w.n
}

// sliding takes so many requests in any time of a length. A strict one counts what it refuses, too.
type sliding struct {
	n      int
	per    time.Duration
	strict bool
	seen   []time.Time
}

func (s *sliding) takes(now time.Time) bool {
	for len(s.seen) > 0 && now.Sub(s.seen[0]) >= s.per {
		s.seen = s.seen[1:]
	}
	ok := len(s.seen) < s.n
	if ok || s.strict {
		s.seen = append(s.seen, now)
	}
	return ok
}

// bucket takes what drips into it, and what it holds at once.
type bucket struct {
	n    float64 // a second
	most float64
	full float64
	last time.Time
}

func (b *bucket) takes(now time.Time) bool {
	b.full, b.last = min(b.full+b.n*now.Sub(b.last).Seconds(), b.most), now
	if b.full < 1 {
		return false
	}
	b.full--
	return true
}

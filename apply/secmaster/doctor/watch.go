package doctor

import (
	"bytes"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"
)

// Clock is how far this machine's clock is ahead of the server's, at the least.
type Clock struct {
	Known bool // some answer had a date
	Ahead time.Duration
}

// watch sees every answer, also those asked for again.
type watch struct {
	mu      sync.Mutex
	at      Clock
	limited bool
	counted map[string]bool // what a rate was counted by
}

func (w *watch) wrap(outer func(http.RoundTripper) http.RoundTripper, now func() time.Time) func(http.RoundTripper) http.RoundTripper {
	if now == nil {
		now = time.Now
	}
	return func(t http.RoundTripper) http.RoundTripper {
		if outer != nil {
			t = outer(t)
		}
		return &watched{w, t, now}
	}
}

type watched struct {
	w    *watch
	next http.RoundTripper
	now  func() time.Time
}

// RoundTrip notes the date of an answer, and whether a rate is limited.
func (t *watched) RoundTrip(r *http.Request) (*http.Response, error) {
	a, err := t.next.RoundTrip(r)
	if err != nil {
		return a, err
	}
	t.w.hear(a.Header.Get("Date"), t.now())
	if a.StatusCode == http.StatusTooManyRequests {
		text, _ := io.ReadAll(io.LimitReader(a.Body, 4<<10)) // what broke off breaks off again behind it
		a.Body = &replayed{io.MultiReader(bytes.NewReader(text), a.Body), a.Body}
		t.w.throttled(string(text))
	}
	return a, nil
}

// replayed is a body with its beginning read already.
type replayed struct {
	io.Reader
	io.Closer
}

func (w *watch) hear(date string, came time.Time) {
	at, err := http.ParseTime(date)
	if err != nil {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if ahead := came.Sub(at); !w.at.Known || ahead < w.at.Ahead {
		w.at = Clock{true, ahead}
	}
}

func (w *watch) clock() Clock {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.at
}

// throttled reads what the gateway counts by, from its message.
func (w *watch) throttled(text string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	by := "other"
	for _, known := range []string{"user", "ip"} {
		if strings.Contains(text, "policy "+known+" over ratelimit") {
			by = known
		}
	}
	w.limited = true
	if w.counted == nil {
		w.counted = map[string]bool{}
	}
	w.counted[by] = true
}

// tell notes what was seen of a rate.
func (w *watch) tell(s Seen) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.limited {
		return
	}
	s.note("rate", "limited")
	for by := range w.counted {
		s.note("ratescope", by)
	}
}

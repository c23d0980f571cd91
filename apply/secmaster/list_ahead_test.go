package secmaster_test

import (
	"context"
	"net/http"
	"slices"
	"sync"
	"testing"
	"time"
)

// listScene is a workspace of so many connections. It notes the offsets that are asked for, and may hold back its answers, or refuse some.
type listScene struct {
	scene
	mu      sync.Mutex
	offsets []string
	hold    chan struct{}                       // nil: it answers at once
	refuses func(offset string, times int) bool // nil: nothing
}

func listing(t *testing.T, n int) *listScene {
	l := &listScene{}
	answer := rows(n, n, func(int) int { return 0 })
	l.scene = beside(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if l.refused(r.URL.Query().Get("offset")) {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		answer(w, r)
	}))
	return l
}

// refused notes a request, holds it back, and tells whether it is refused.
func (l *listScene) refused(offset string) bool {
	l.mu.Lock()
	l.offsets = append(l.offsets, offset)
	times, hold := len(slices.DeleteFunc(slices.Clone(l.offsets), func(o string) bool { return o != offset })), l.hold
	l.mu.Unlock()
	if hold != nil {
		<-hold
	}
	return l.refuses != nil && l.refuses(offset, times)
}

// await waits until so many requests are there.
func (l *listScene) await(t *testing.T, requests int) {
	for end := time.Now().Add(10 * time.Second); ; time.Sleep(time.Millisecond) {
		l.mu.Lock()
		there := len(l.offsets)
		l.mu.Unlock()
		if there >= requests {
			return
		}
		if time.Now().After(end) {
			t.Errorf("%d requests at once, and not %d", there, requests)
			return
		}
	}
}

// asked are the offsets asked for since the last look, in order.
func (l *listScene) asked() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	out := slices.Sorted(slices.Values(l.offsets))
	l.offsets = nil
	return out
}

// Where it is known about how many connections there are, their pages are asked for before any is answered, eight of them at most; each is asked for once.
func TestExpectedPagesAreAskedForAtOnce(t *testing.T) {
	for _, c := range []struct{ n, expected, atOnce, pages int }{
		{450, 450, 3, 3}, {450, 199, 1, 3}, {450, 200, 2, 3}, {450, 0, 1, 3}, {2000, 2000, 8, 11}, {150, 150, 1, 1},
	} {
		l := listing(t, c.n)
		l.hold = make(chan struct{})
		l.Expect(c.expected)
		ended := make(chan int)
		go func() {
			all, err := l.List(context.Background())
			if err != nil {
				t.Error(err)
			}
			ended <- len(all)
		}()
		l.await(t, c.atOnce)
		close(l.hold)
		if got, asked := <-ended, l.asked(); got != c.n || len(asked) != c.pages || len(slices.Compact(asked)) != c.pages {
			t.Errorf("%+v: %d connections, asked for %v", c, got, asked)
		}
	}
}

// A list expects as many connections as the one before had, and not fewer for being told less.
func TestAListExpectsWhatTheOneBeforeHad(t *testing.T) {
	l := listing(t, 450)
	if all, err := l.List(context.Background()); err != nil || len(all) != 450 {
		t.Fatal(len(all), err)
	}
	l.Expect(1)
	l.asked()
	l.refuses = func(string, int) bool { l.await(t, 3); return false }
	if all, err := l.List(context.Background()); err != nil || len(all) != 450 {
		t.Error(len(all), err)
	}
}

// A page that is not there after all harms nothing, even where it is refused, and one that failed ahead is asked for again.
func TestAPageAskedForAheadCountsOnlyWhereItIsNeeded(t *testing.T) {
	l := listing(t, 250)
	l.refuses = func(offset string, _ int) bool { return offset != "0" && offset != "199" }
	l.Expect(1500)
	if all, err := l.List(context.Background()); err != nil || len(all) != 250 {
		t.Error(len(all), err)
	}
	l = listing(t, 450)
	l.refuses = func(offset string, times int) bool { return offset == "199" && times == 1 }
	l.Expect(450)
	if all, err := l.List(context.Background()); err != nil || len(all) != 450 || !slices.Equal(l.asked(), []string{"0", "199", "199", "398"}) {
		t.Error(len(all), err)
	}
}

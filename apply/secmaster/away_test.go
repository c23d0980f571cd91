package secmaster_test

import (
	"context"
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"connsync/apply/secmaster"
)

// A request says that it needs no processor before it is answered: while a connection is made for it, once it is written, and as long as a limit of the server
// lets it wait.
func TestARequestTellsThatItIsAway(t *testing.T) {
	var aways, asked, slept atomic.Int64
	reaches := func(n int64) {
		for end := time.Now().Add(10 * time.Second); aways.Load() < n && time.Now().Before(end); {
			time.Sleep(time.Millisecond)
		}
	}
	s := beside(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if asked.Add(1) > 1 {
			reaches(4)
			return
		}
		if reaches(2); aways.Load() != 2 {
			t.Errorf("of a connection and a request, %d are away", aways.Load())
		}
		w.WriteHeader(http.StatusTooManyRequests)
	}), func(o *secmaster.Options) {
		advance := o.Sleep
		o.Sleep = func(ctx context.Context, d time.Duration) error {
			if slept.Add(1); aways.Load() < 3 {
				t.Errorf("it waits for its turn, and %d are away", aways.Load())
			}
			return advance(ctx, d)
		}
	})
	ctx := secmaster.WhenAway(context.Background(), func() { aways.Add(1) })
	_, _, _ = s.Create(ctx, body(emulated(t), "a"))
	if asked.Load() != 2 || slept.Load() == 0 || aways.Load() < 4 {
		t.Errorf("asked %d times, slept %d times, away %d times", asked.Load(), slept.Load(), aways.Load())
	}
}

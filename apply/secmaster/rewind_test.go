package secmaster

import (
	"context"
	"errors"
	"net/http"
	"testing"
	"time"

	"connsync/secrets"
)

func TestARequestCannotBeReadTwice(t *testing.T) {
	r, err := NewReader(Options{Region: "cn-north-4", WorkspaceID: "w", Credentials: Credentials{AccessKey: "a", SecretKey: secrets.Hide("s")}})
	if err != nil {
		t.Fatal(err)
	}
	req, err := r.request(context.Background(), call{method: http.MethodPost, url: "https://h.example/", body: []byte("{}")})
	if err != nil || req.GetBody != nil || req.ContentLength != 2 {
		t.Errorf("%v: its body can be had again, or is of no known length", err)
	}
}

func TestARequestThatCannotBeMadeNeverLeaves(t *testing.T) {
	r := &Reader{limiter: newLimiter(time.Now, 0)}
	r.options.complete()
	r.options.Sleep = func(context.Context, time.Duration) error { return nil }
	_, sent, err := r.do(context.Background(), call{method: http.MethodGet, url: "://"})
	if !errors.Is(err, ErrUnreachable) || sent.Left {
		t.Errorf("%v, left %v", err, sent.Left)
	}
}

func TestAWaitIsNoLongerThanThereIsTime(t *testing.T) {
	l, canceled := newLimiter(time.Now, 0), func(context.Context, time.Duration) error { return context.Canceled }
	l.until = time.Now().Add(time.Hour)
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	if _, err := l.wait(ctx, canceled); !errors.Is(err, errNoTime) {
		t.Errorf("%v", err)
	}
	if _, err := l.wait(context.Background(), canceled); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
}

package secmaster

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"time"
)

const (
	tries       = 4                // of a request that may be sent again
	throttled   = 15 * time.Minute // after which a request that is answered 429 again and again is given up
	contentType = "application/json;charset=UTF-8"
)

// call is one request as its caller means it.
type call struct {
	op, method, url string
	body            []byte
	byID            bool          // of one connection, so that "invalid parameter" may mean that it is not there
	secret          bool          // its body holds a secret, so nothing of the answer that could repeat one is shown
	most            int64         // bytes of its answer; 0: maxAnswer
	room            *bytes.Buffer // for its answer, which is then good until the room is used again; nil: one of its own
	budget          *allotment    // bytes of the answers of all calls that belong together; nil: no bound
	ration          *ration       // requests of all calls that belong together, repeated ones too; nil: no bound
	version         string        // of SecMaster's service, where the call has to name one
}

// answer is one response, read completely.
type answer struct {
	status    int
	header    http.Header
	body      []byte
	requestID string
	flaw      error // why the body is not whole; nil where it is
}

// Sent tells what is known of a write that was tried.
type Sent struct {
	RequestIDs []string  // of every answer
	Left       bool      // a byte of the request may have left this machine
	At         time.Time // what the server's clock showed when it was first sent, at the earliest; zero where no answer ever said
}

// do sends a request until it has an answer that stands, the context ends, or sending it again could do harm. A POST is
// sent again only where it certainly was not executed: nothing had left, or the answer was 429.
func (r *Reader) do(ctx context.Context, c call) (answer, Sent, error) {
	var sent Sent
	first := r.options.Now()
	var firstSent time.Time
	for try := 1; ; try++ {
		if !c.ration.take() {
			return answer{}, sent, &Error{Op: c.op, Message: ErrEnough.Error(), Class: ErrEnough}
		}
		place, err := r.limiter.wait(ctx, whenWaiting(ctx, r.options.waiting("SecMaster limits the rate of requests")))
		if err != nil {
			return answer{}, sent, gaveUp(ctx, c)
		}
		if firstSent.IsZero() {
			firstSent = place
		}
		a, left, err := r.once(ctx, c)
		r.clock.hear(a.header.Get("Date"), r.options.Now())
		sent.At = r.clock.at(firstSent)
		sent.Left = sent.Left || left && a.status != http.StatusTooManyRequests
		if a.requestID != "" {
			sent.RequestIDs = append(sent.RequestIDs, a.requestID)
		}
		failure := r.failure(c, a, left, err)
		switch {
		case failure == nil:
			r.limiter.succeeded(place)
			return a, sent, nil
		case a.status == http.StatusTooManyRequests:
			r.limiter.throttled(place, try, a)
			if r.options.Now().Sub(first) > throttled {
				return a, sent, failure
			}
			try = min(try, 6)
		case ctx.Err() != nil || try >= tries || !mayRepeat(c, a, left, failure):
			return a, sent, failure
		case r.options.waiting("SecMaster failed, and is asked again")(ctx, pause(r.options.Now(), try, a)) != nil:
			return a, sent, failure
		}
	}
}

// mayRepeat tells whether sending a request again can do no harm and may help.
func mayRepeat(c call, a answer, left bool, failure *Error) bool {
	if !left && errors.Is(failure, ErrUnreachable) {
		return true
	}
	if c.method == http.MethodPost {
		return false
	}
	switch a.status {
	case 0, http.StatusRequestTimeout, http.StatusInternalServerError, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return true
	}
	return a.status < 300 && errors.Is(failure, ErrUnclear) && !errors.Is(a.flaw, errTooLong)
}

// gaveUp is the error of a request that was never sent, because the rate limit left it no time.
func gaveUp(ctx context.Context, c call) error {
	if errors.Is(ctx.Err(), context.Canceled) {
		return &Error{Op: c.op, Message: "interrupted before it was sent", Class: ErrUnreachable}
	}
	return &Error{Op: c.op, Message: "not sent: the rate limit left no time for it", Class: ErrThrottled}
}

// once is one exchange. Its error says only that there was no answer: the library's text can hold the address.
func (r *Reader) once(ctx context.Context, c call) (answer, bool, error) {
	var gone departure
	ctx, cancel := context.WithCancelCause(gone.watch(ctx))
	defer cancel(nil)
	stop := r.options.After(answerWithin, func() { cancel(errTooSlow) })
	defer stop()
	defer r.options.waits("SecMaster has not answered yet: "+c.op, answerWithin)()
	req, err := r.request(ctx, c)
	if err != nil {
		return answer{}, false, err
	}
	started := time.Now()
	resp, err := r.http.Do(req)
	if err != nil {
		r.log(ctx, c, req.URL, answer{}, time.Since(started))
		return answer{}, gone.left(), errors.Join(err, context.Cause(ctx))
	}
	defer resp.Body.Close()
	a := answer{status: resp.StatusCode, header: resp.Header}
	a.requestID = r.requestID(c, resp.Header.Get("X-Request-Id"))
	a.body, a.flaw = r.read(ctx, resp.Body, c, func() { cancel(errTooSlow) })
	r.log(ctx, c, req.URL, a, time.Since(started))
	return a, true, nil
}

// request builds and signs one request. Its body cannot be rewound, so no layer below can send it again.
func (r *Reader) request(ctx context.Context, c call) (*http.Request, error) {
	var body io.Reader
	if c.body != nil {
		body = struct{ io.Reader }{bytes.NewReader(c.body)}
	}
	req, err := http.NewRequestWithContext(ctx, c.method, c.url, body)
	if err != nil {
		return nil, err
	}
	req.ContentLength = int64(len(c.body))
	req.Header.Set("Content-Type", contentType)
	req.Header.Set("Accept", "application/json")
	req.Header.Set("X-Language", "en-us")
	req.Header.Set("User-Agent", r.options.UserAgent)
	if p := r.knownProject(); p != "" {
		req.Header.Set("X-Project-Id", p)
	}
	if c.version != "" {
		req.Header.Set("X-Secmaster-Version", c.version)
	}
	authorize(req, r.credentials(ctx), c.body, r.options.Now())
	return req, nil
}

// authorize signs a request, or gives it a token.
func authorize(req *http.Request, k Credentials, body []byte, now time.Time) {
	if !k.Token.IsZero() {
		req.Header.Set("X-Auth-Token", text(k.Token))
		return
	}
	if !k.SecurityToken.IsZero() {
		req.Header.Set("X-Security-Token", text(k.SecurityToken))
	}
	sign(req, k.AccessKey, text(k.SecretKey), body, now)
}

// log says that a request was made: no header, no body, no query.
func (r *Reader) log(ctx context.Context, c call, u *url.URL, a answer, took time.Duration) {
	if r.options.Log != nil {
		r.options.Log.InfoContext(ctx, c.op, slog.String("method", c.method), slog.String("path", printable(u.EscapedPath(), 300)),
			slog.Int("status", a.status), slog.String("request", a.requestID), slog.Int64("ms", took.Milliseconds()))
	}
}

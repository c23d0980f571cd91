package secmaster

import (
	"context"
	"sync"
	"time"
)

// holder has the credentials of a Reader, which change where they are temporary.
type holder struct {
	mu      sync.Mutex
	current Credentials
	again   time.Time // not to ask for newer ones before
}

// credentials are those to sign the next request with. They are renewed while the old ones still serve, so a source that fails to is no
// failure of the request: it is asked again a minute later.
func (r *Reader) credentials(ctx context.Context) Credentials {
	h := &r.holder
	h.mu.Lock()
	defer h.mu.Unlock()
	now := r.options.Now()
	if !h.current.stale(now) || now.Before(h.again) {
		return h.current
	}
	h.again = now.Add(time.Minute)
	if fresh, err := h.current.Renew(ctx); err == nil {
		h.current = fresh
	}
	return h.current
}

// held are the credentials as they are.
func (r *Reader) held() Credentials {
	r.holder.mu.Lock()
	defer r.holder.mu.Unlock()
	return r.holder.current
}

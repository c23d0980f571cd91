package secmaster

import (
	"context"
	"net/http"
	"net/url"
	"sync"
	"time"

	"connsync/secrets"
)

// Reader reads one workspace. It has no way to write.
type Reader struct {
	options Options
	base    string
	iam     string
	http    *http.Client
	limiter *limiter
	clock   serverClock
	holder  holder

	mu       sync.Mutex
	project  string
	expected int // connections of the workspace

	versions versionMemory
}

// Client reads and writes one workspace.
type Client struct{ *Reader }

// NewReader makes a Reader. Its errors are *OptionError and ErrNoCredentials; nothing is sent yet.
func NewReader(o Options) (*Reader, error) {
	if err := o.check(); err != nil {
		return nil, err
	}
	base, iam, err := o.addresses()
	if err != nil {
		return nil, err
	}
	o.complete()
	if o.Pace == nil {
		o.Pace = NewPace(0)
	}
	return &Reader{
		options: o, base: base, iam: iam, http: newHTTPClient(o), project: o.ProjectID,
		holder:  holder{current: o.Credentials},
		limiter: o.Pace.at(base, o.Now),
	}, nil
}

// NewClient makes a Client.
func NewClient(o Options) (*Client, error) {
	r, err := NewReader(o)
	if err != nil {
		return nil, err
	}
	return &Client{r}, nil
}

// Close closes idle connections.
func (r *Reader) Close() { r.http.CloseIdleConnections() }

// Sleep waits, and gives the context's error where the context ends first.
func Sleep(ctx context.Context, d time.Duration) error {
	waited, cancel := context.WithTimeout(ctx, d)
	defer cancel()
	<-waited.Done()
	return ctx.Err()
}

// inWorkspace is the address of something in the workspace: the parts are escaped one by one.
func (r *Reader) inWorkspace(ctx context.Context, query url.Values, parts ...string) (string, error) {
	project, err := r.ProjectID(ctx)
	if err != nil {
		return "", err
	}
	u := r.base + "/v1/" + escape(project) + "/workspaces/" + escape(r.options.WorkspaceID) + "/soc"
	for _, p := range parts {
		u += "/" + escape(p)
	}
	return u + encode(query), nil
}

// encode writes a query as it is signed: spaces are %20, never "+".
func encode(query url.Values) string {
	if len(query) == 0 {
		return ""
	}
	return "?" + canonicalQuery(&url.URL{RawQuery: query.Encode()})
}

// text is a hidden string; "" for the zero Value.
func text(v secrets.Value) string {
	s, _ := v.Expose().(string)
	return s
}

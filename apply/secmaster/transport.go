package secmaster

import (
	"context"
	"crypto/tls"
	"net"
	"net/http"
	"net/http/httptrace"
	"sync/atomic"
	"time"
)

const (
	answerWithin = 60 * time.Second // from sending a request to the last byte of its answer
	dialWithin   = 10 * time.Second
)

// newHTTPClient follows no redirect (a signed create would go elsewhere) and speaks HTTP/1.1 only: HTTP/2 sends
// requests again that a server refused or dropped.
func newHTTPClient(o Options) *http.Client {
	n := max(o.Parallelism, 8)
	t := &http.Transport{
		Proxy: o.Proxy,
		DialContext: func(ctx context.Context, network, addr string) (net.Conn, error) {
			c, err := o.Dial(ctx, network, addr)
			if err != nil {
				return nil, err
			}
			return &countedConn{Conn: c}, nil
		},
		TLSClientConfig:        &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: o.RootCAs},
		TLSNextProto:           map[string]func(string, *tls.Conn) http.RoundTripper{},
		TLSHandshakeTimeout:    dialWithin,
		ResponseHeaderTimeout:  answerWithin,
		IdleConnTimeout:        90 * time.Second,
		ReadBufferSize:         pageBuffer,
		MaxIdleConns:           2 * n,
		MaxIdleConnsPerHost:    n,
		MaxConnsPerHost:        2 * n,
		MaxResponseHeaderBytes: 64 << 10,
	}
	c := &http.Client{Transport: t, CheckRedirect: noRedirects}
	if o.Wrap != nil {
		c.Transport = o.Wrap(t)
	}
	return c
}

// countedConn counts what was written, so that it can be told whether a request may have left.
type countedConn struct {
	net.Conn
	written atomic.Int64
}

func (c *countedConn) Write(p []byte) (int, error) {
	n, err := c.Conn.Write(p)
	c.written.Add(int64(n))
	return n, err
}

// departure tells whether a byte of one request may have left this machine.
type departure struct {
	conn   atomic.Pointer[countedConn]
	before atomic.Int64
	other  atomic.Bool // a connection that cannot be counted
}

// watch follows a request onto its connection.
func (d *departure) watch(ctx context.Context) context.Context {
	return httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{GotConn: func(info httptrace.GotConnInfo) {
		c := info.Conn
		for t, ok := c.(*tls.Conn); ok; t, ok = c.(*tls.Conn) {
			c = t.NetConn()
		}
		counted, ok := c.(*countedConn)
		if !ok {
			d.other.Store(true)
			return
		}
		d.before.Store(counted.written.Load())
		d.conn.Store(counted)
	}})
}

func (d *departure) left() bool {
	c := d.conn.Load()
	return d.other.Load() || c != nil && c.written.Load() > d.before.Load()
}

// awayKey is where a context keeps what WhenAway was given.
type awayKey struct{}

// WhenAway has away called when a request made with the context needs no processor for a while: it is written, a connection is being made for it, or it waits for
// its turn under a limit of the server. Of a request that is sent again it is called again.
func WhenAway(ctx context.Context, away func()) context.Context {
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		ConnectStart: func(string, string) { away() },
		WroteRequest: func(httptrace.WroteRequestInfo) { away() },
	})
	return context.WithValue(ctx, awayKey{}, away)
}

// whenWaiting is what waits under a limit, and says first that the request is away.
func whenWaiting(ctx context.Context, wait func(context.Context, time.Duration) error) func(context.Context, time.Duration) error {
	away, ok := ctx.Value(awayKey{}).(func())
	if !ok {
		return wait
	}
	return func(ctx context.Context, d time.Duration) error { away(); return wait(ctx, d) }
}

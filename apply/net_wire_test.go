package apply_test

import (
	"bytes"
	"context"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"

	"connsync/apply"
	"connsync/apply/secmaster"
)

// serve starts what the client talks to: over TLS where the fault is about TLS.
func (s *netScene) serve() {
	s.front = httptest.NewUnstartedServer(http.HandlerFunc(s.answer))
	s.front.Listener = &resettingListener{s.front.Listener, s}
	s.front.Config.SetKeepAlivesEnabled(!s.fault.perConnection())
	s.front.Config.ErrorLog = silentLog
	s.t.Cleanup(s.front.Close)
	if s.fault.certificate == "" {
		s.front.Start()
		return
	}
	s.front.TLS = certificates(func() string {
		if s.strikes(s.next.Load().(string)) {
			return s.fault.certificate
		}
		return "good"
	})
	s.front.StartTLS()
}

// resettingListener resets connections as their first byte arrives, where the fault asks for it.
type resettingListener struct {
	net.Listener
	s *netScene
}

func (l *resettingListener) Accept() (net.Conn, error) {
	for {
		c, err := l.Listener.Accept()
		if err != nil || !l.s.fault.resets || !l.s.strikes(l.s.next.Load().(string)) {
			return c, err
		}
		_, _ = c.Read(make([]byte, 1))
		_ = c.(*net.TCPConn).SetLinger(0)
		_ = c.Close()
	}
}

var silentLog = log.New(io.Discard, "", 0)

// strangers counts who connects to the target host of redirects.
var strangers atomic.Int64

// strangeHost starts that host.
func strangeHost(t *testing.T) string {
	h := httptest.NewUnstartedServer(http.NotFoundHandler())
	h.Config.ConnState = func(net.Conn, http.ConnState) { strangers.Add(1) }
	h.Start()
	t.Cleanup(h.Close)
	return h.URL
}

func (s *netScene) dial(ctx context.Context, network, _ string) (net.Conn, error) {
	if s.fault.dial != nil && s.strikes(s.next.Load().(string)) {
		return s.fault.dial(ctx)
	}
	c, err := new(net.Dialer).DialContext(ctx, network, s.front.Listener.Addr().String())
	if err != nil {
		return nil, err
	}
	return &wireConn{c, s}, nil
}

// wireConn counts the outgoing creates, where they can be read.
type wireConn struct {
	net.Conn
	s *netScene
}

func (c *wireConn) Write(p []byte) (int, error) {
	if bytes.HasPrefix(p, []byte("POST ")) {
		c.s.mu.Lock()
		c.s.wire++
		c.s.mu.Unlock()
	}
	return c.Conn.Write(p)
}

type notedStatus struct {
	http.ResponseWriter
	status int
}

func (n *notedStatus) WriteHeader(status int) {
	n.status = status
	n.ResponseWriter.WriteHeader(status)
}

func (n *notedStatus) Unwrap() http.ResponseWriter { return n.ResponseWriter }

// unasked is not asked who uses what is deleted: the faults of these tests are for what a sync depends on.
type unasked struct{ apply.Writer }

func (unasked) Uses(context.Context, []string) secmaster.Usage { return secmaster.Usage{} }

// marked says which operation comes next, for faults striking before a request can be read. What is asked for side by side comes one after the other, for their
// sake. It changes nothing else.
type marked struct {
	apply.Writer
	s *netScene
}

func (m marked) ProjectID(ctx context.Context) (string, error) {
	m.s.next.Store("project")
	return m.Writer.ProjectID(ctx)
}

func (m marked) List(ctx context.Context) ([]secmaster.Connection, error) {
	m.s.alone.Lock()
	defer m.s.alone.Unlock()
	m.s.next.Store(map[bool]string{true: "closing", false: "list"}[m.s.closes.Load()])
	return m.Writer.List(ctx)
}

func (m marked) Show(ctx context.Context, id string) (secmaster.Connection, error) {
	m.s.alone.Lock()
	defer m.s.alone.Unlock()
	m.s.next.Store("show")
	return m.Writer.Show(ctx, id)
}

func (m marked) Components(ctx context.Context) ([]secmaster.Component, error) {
	m.s.alone.Lock()
	defer m.s.alone.Unlock()
	m.s.next.Store("plugins")
	return m.Writer.Components(ctx)
}

func (m marked) Create(ctx context.Context, b secmaster.Body) (secmaster.Connection, secmaster.Sent, error) {
	m.s.next.Store("create")
	return m.Writer.Create(ctx, b)
}

func (m marked) Update(ctx context.Context, id string, b secmaster.Body) (secmaster.Connection, secmaster.Sent, error) {
	m.s.next.Store("update")
	return m.Writer.Update(ctx, id, b)
}

func (m marked) Delete(ctx context.Context, id string) (secmaster.Sent, error) {
	m.s.next.Store("before delete")
	return m.Writer.Delete(ctx, id)
}

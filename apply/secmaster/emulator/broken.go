package emulator

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"net"
	"net/http"
	"strconv"
	"sync"
	"time"
)

const (
	patience = 2 * time.Minute // longer than any client should wait
	lateBy   = 90 * time.Second
	megabyte = 1 << 20
)

// reset closes the connection so that the client sees a reset, with no answer.
func (x *exchange) reset() {
	c, _, err := http.NewResponseController(x.w.ResponseWriter).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	if tcp, ok := c.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0)
	}
	_ = c.Close()
}

// begin sends the header of an answer and its first bytes.
func (x *exchange) begin(answered *buffer, n int) {
	x.w.Header().Set("Content-Type", answered.header.Get("Content-Type"))
	x.w.Header().Set("Content-Length", strconv.Itoa(answered.body.Len()))
	x.w.WriteHeader(answered.status)
	_, _ = x.w.Write(answered.body.Bytes()[:n])
	x.flush()
}

func (x *exchange) flush() { _ = http.NewResponseController(x.w.ResponseWriter).Flush() }

// outwait does nothing until the client has gone.
func (x *exchange) outwait() {
	gone := x.r.Context()
	_ = x.s.options.Sleep(gone, patience)
	<-gone.Done()
	panic(http.ErrAbortHandler)
}

// drip sends an answer byte by byte.
func (x *exchange) drip(answered *buffer) {
	x.begin(answered, 0)
	for _, b := range answered.body.Bytes() {
		if _, err := x.w.Write([]byte{b}); err != nil {
			return
		}
		x.flush()
		if x.s.options.Sleep(x.r.Context(), time.Second) != nil {
			return
		}
	}
}

// serveLate gives no answer, and executes the request some time after the client has gone.
func (x *exchange) serveLate(f Fault) {
	wait := f.Wait
	if wait == 0 {
		wait = lateBy
	}
	inner := *x
	inner.w = &recorder{ResponseWriter: &buffer{header: http.Header{}}}
	defer x.s.options.Later(wait, func() { inner.route.serve(&inner) })
	x.outwait()
}

func (x *exchange) page(status int, title string) {
	x.w.Header().Set("Content-Type", "text/html")
	x.w.WriteHeader(status)
	_, _ = x.w.Write([]byte("<html><head><title>" + title + "</title></head></html>"))
}

var packed = sync.OnceValue(func() []byte {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	_, _ = z.Write(bytes.Repeat([]byte(" "), megabyte))
	_ = z.Close()
	return b.Bytes()
})

// flood sends a gigabyte of spaces, packed, or fewer of them unpacked.
func (x *exchange) flood(pack bool) {
	x.w.Header().Set("Content-Type", "application/json")
	chunk, n := bytes.Repeat([]byte(" "), megabyte), 64
	if pack {
		x.w.Header().Set("Content-Encoding", "gzip")
		chunk, n = packed(), 1024
	}
	x.w.WriteHeader(http.StatusOK)
	for range n {
		if _, err := x.w.Write(chunk); err != nil {
			return
		}
	}
}

// lie changes one member of an answer.
func (x *exchange) lie(kind string, answered *buffer) {
	var body object
	if json.Unmarshal(answered.body.Bytes(), &body) != nil {
		x.begin(answered, answered.body.Len())
		return
	}
	asset, _ := body["asset"].(map[string]any)
	total, _ := body["total"].(float64)
	switch {
	case kind == FaultForeignID && asset != nil:
		asset["id"] = x.s.other(asset["id"]).ID
	case kind == FaultForeignName && asset != nil:
		asset["name"] = x.s.other(asset["id"]).Name
	case kind == FaultMore:
		body["total"] = total + 1
	case kind == FaultFewer:
		body["total"] = max(total-1, 0)
	case kind == FaultNoTotal:
		delete(body, "total")
	}
	x.reply(answered.status, body)
}

// other is a connection of another id, or of an id that no connection has.
func (s *Server) other(id any) Connection {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, c := range s.connections {
		if c.ID != id {
			return *c
		}
	}
	return Connection{ID: s.options.NewID(), Name: "another"}
}

func (x *exchange) redirect(f Fault) {
	to := f.To
	if to == "" {
		to = "http://127.0.0.1:1"
	}
	status := f.Status
	if status == 0 {
		status = http.StatusTemporaryRedirect
	}
	x.w.Header().Set("Location", to+"/elsewhere")
	x.w.WriteHeader(status)
}

// buffer keeps an answer that is not to be sent as it is.
type buffer struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (b *buffer) Header() http.Header         { return b.header }
func (b *buffer) WriteHeader(status int)      { b.status = status }
func (b *buffer) Write(p []byte) (int, error) { return b.body.Write(p) }

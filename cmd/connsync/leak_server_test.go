package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"sort"
	"strings"
	"sync"
	"sync/atomic"
)

// hostileServer stands in for SecMaster. It repeats what it was told where it should not, or holds back its answers.
type hostileServer struct {
	inner http.Handler
	fault *leakFault

	wrote   atomic.Bool // a write has been seen
	mu      sync.Mutex
	reached chan struct{}
	let     chan struct{}
}

// leakFault is what goes wrong: nil where all is well.
type leakFault struct {
	hurts func(r *http.Request, wrote bool) bool
	echo  func(n int) echo // of the nth request it hurts
	count atomic.Int64
}

func (h *hostileServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	r.Body = io.NopCloser(bytes.NewReader(body))
	writes := r.Method == http.MethodPost || r.Method == http.MethodPut
	if writes {
		h.wrote.Store(true)
		h.hold()
	}
	if f := h.fault; f != nil && f.hurts(r, h.wrote.Load()) {
		f.echo(int(f.count.Add(1))-1).answer(w, r, body)
		return
	}
	h.behind(nil).ServeHTTP(w, r)
}

// behind is what stands behind the faults, after another one has taken its place, if there is another one: who asks may be another process.
func (h *hostileServer) behind(next http.Handler) http.Handler {
	h.mu.Lock()
	defer h.mu.Unlock()
	before := h.inner
	if next != nil {
		h.inner = next
	}
	return before
}

// stall makes every write wait until release; what it gives is closed when the first one waits.
func (h *hostileServer) stall() <-chan struct{} {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.reached, h.let = make(chan struct{}), make(chan struct{})
	return h.reached
}

func (h *hostileServer) release() { close(h.let) }

func (h *hostileServer) hold() {
	h.mu.Lock()
	let := h.let
	if h.reached != nil {
		close(h.reached)
		h.reached = nil
	}
	h.mu.Unlock()
	if let != nil {
		<-let
	}
}

// echo is one way to repeat a request: which status, where in the answer, and in which form.
type echo struct {
	status int
	shape  string
	form   string
}

func (e echo) String() string { return fmt.Sprintf("%d %s %s", e.status, e.shape, e.form) }

var (
	echoStatuses = []int{400, 500, 409, 404, 200, 422}
	echoShapes   = []string{"soc", "secmaster", "gateway", "iam", "html", "text", "code", "request id", "request id in the body", "header", "redirect", "truncated", "asset",
		"reset", "no HTTP", "unasked", "endless header", "bad chunk"}
	echoForms = []string{"whole", "values", "halves", "raw", "reversed", "hex", "HEX", "url query", "url path", "percent", "json", "json in json", "html", "escapes",
		"unicode escapes", "bytes in decimal", "utf-16le", "base64, offset 0", "base64, offset 1", "base64url, offset 2", "sha256 in hex", "md5 of the JSON in base64"}
)

// allEchoes is every combination of a shape and a form; the status goes along.
func allEchoes() []echo {
	var out []echo
	for _, s := range echoShapes {
		for _, f := range echoForms {
			out = append(out, echo{echoStatuses[len(out)%len(echoStatuses)], s, f})
		}
	}
	return out
}

// repeated is what the answer repeats: the secrets of the request and of its credentials, in the echo's form.
func (e echo) repeated(r *http.Request, body []byte) string {
	var leaves []string
	var sent struct{ Config string }
	if json.Unmarshal(body, &sent) == nil {
		var config any
		if json.Unmarshal([]byte(sent.Config), &config) == nil {
			leaves = leavesOf(config)
		}
	}
	for _, h := range []string{"X-Auth-Token", "X-Security-Token"} {
		if v := r.Header.Get(h); v != "" {
			leaves = append(leaves, v)
		}
	}
	parts := []string{"no"} // what else a read carries, without secrets
	for _, l := range leaves {
		switch e.form {
		case "whole":
			return string(body)
		case "values":
			parts = append(parts, l)
		case "halves":
			parts = append(parts, l[:len(l)/2], "and", l[len(l)/2:])
		default:
			for _, as := range encodings() {
				if as.name == e.form {
					parts = append(parts, as.by(l))
				}
			}
		}
	}
	return strings.Join(parts, " ")
}

// leavesOf are the texts and numbers of a document, if long enough to be secrets.
func leavesOf(v any) []string {
	var out []string
	switch v := v.(type) {
	case map[string]any:
		for _, child := range v {
			out = append(out, leavesOf(child)...)
		}
	case []any:
		for _, child := range v {
			out = append(out, leavesOf(child)...)
		}
	case string:
		if len(v) > 15 && !strings.HasPrefix(v, "http") {
			out = append(out, v)
		}
	}
	sort.Strings(out)
	return out
}

// answer answers.
func (e echo) answer(w http.ResponseWriter, r *http.Request, body []byte) {
	text := e.repeated(r, body)
	oneLine := strings.NewReplacer("\n", " ", "\r", " ", "\x00", "").Replace(text)
	reply := func(v map[string]any) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(e.status)
		_ = json.NewEncoder(w).Encode(v)
	}
	switch e.shape {
	case "soc":
		reply(map[string]any{"code": "SecMaster.20039999", "message": text})
	case "secmaster":
		reply(map[string]any{"error_code": "SecMaster.20097017", "error_msg": text})
	case "gateway":
		reply(map[string]any{"error_code": "APIGW.0601", "error_msg": text, "request_id": "0"})
	case "iam":
		reply(map[string]any{"error": map[string]any{"code": e.status, "message": text, "title": text}})
	case "code":
		reply(map[string]any{"code": text, "message": "no"})
	case "request id in the body":
		reply(map[string]any{"code": "SecMaster.1", "message": "no", "request_id": text})
	case "asset":
		reply(map[string]any{"asset": map[string]any{"id": text, "name": text, "description": text, "modifier_name": text, "update_time": text}})
	case "request id":
		w.Header().Set("X-Request-Id", oneLine)
		reply(map[string]any{"code": "SecMaster.1", "message": "no"})
	case "header":
		for _, h := range []string{"Content-Type", "Retry-After", "Set-Cookie", "Www-Authenticate", "Date", "Server"} {
			w.Header().Set(h, oneLine)
		}
		w.WriteHeader(e.status)
	case "redirect":
		w.Header().Set("Location", "http://127.0.0.1:1/?"+oneLine)
		w.WriteHeader([]int{301, 302, 303, 307, 308}[len(text)%5])
	case "html":
		w.Header().Set("Content-Type", "text/html")
		w.WriteHeader(e.status)
		_, _ = io.WriteString(w, "<html><title>"+text+"</title></html>")
	case "text":
		w.WriteHeader(e.status)
		_, _ = io.WriteString(w, text)
	default:
		e.onTheWire(w, text, oneLine)
	}
}

// onTheWire answers with what is no good HTTP.
func (e echo) onTheWire(w http.ResponseWriter, text, oneLine string) {
	c, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	defer c.Close()
	head := fmt.Sprintf("HTTP/1.1 %d OK\r\nContent-Type: application/json\r\n", e.status)
	switch e.shape {
	case "truncated":
		fmt.Fprintf(c, "%sContent-Length: 100000\r\n\r\n{\"code\":\"SecMaster.1\",\"message\":%q", head, text)
	case "no HTTP":
		fmt.Fprintf(c, "%s\r\n%s\r\n\r\n", oneLine, oneLine)
	case "unasked": // a second answer to no request at all: Go's client logs how it begins
		fmt.Fprintf(c, "%sContent-Length: 2\r\n\r\n{}%s\r\n\r\n", head, oneLine)
	case "endless header":
		fmt.Fprintf(c, "%sX-Filler: %s%s\r\n\r\n", head, strings.Repeat("x", 70_000), oneLine)
	case "bad chunk":
		fmt.Fprintf(c, "%sTransfer-Encoding: chunked\r\n\r\n%s\r\n%s", head, oneLine, oneLine)
	case "reset":
		fmt.Fprintf(c, "%s%s", head, oneLine)
		if tcp, ok := c.(*net.TCPConn); ok {
			_ = tcp.SetLinger(0)
		}
	}
}

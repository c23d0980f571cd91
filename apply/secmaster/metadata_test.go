package secmaster_test

import (
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"connsync/apply/secmaster"
)

// metadataFaults are ways to answer, and what comes of them where the key is answered so. A token that is not given is done without.
var metadataFaults = map[string]struct {
	answer http.HandlerFunc
	says   string
}{
	"404":                 {answers(404, "not found"), "no credentials"},
	"401":                 {answers(401, ""), "no credentials"},
	"429":                 {answers(429, ""), "no credentials"},
	"500":                 {answers(500, "canary"), "no credentials"},
	"reset":               {func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, "no credentials"},
	"truncated":           {truncatedKey, "no credentials"},
	"a page":              {answers(200, "<html>\ncanary</html>"), "its answer cannot be understood"},
	"no key":              {answers(200, `{"credential":{}}`), "its answer cannot be understood"},
	"half a key":          {answers(200, `{"credential":{"access":"canary"}}`), "its answer cannot be understood"},
	"a key with a line":   {answers(200, `{"credential":{"access":"a\r\nX-Evil: 1","secret":"canary"}}`), "its answer cannot be understood"},
	"a token with a line": {answers(200, `{"credential":{"access":"a","secret":"canary","securitytoken":"a\nb"}}`), "its answer cannot be understood"},
	"nothing":             {answers(200, ""), "its answer cannot be understood"},
	"a bomb":              {bomb(1 << 30), "its answer cannot be understood"},
	"a flood":             {answers(200, strings.Repeat(" ", 4<<20)), "its answer cannot be understood"},
	"packed, and no gzip": {func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Encoding", "gzip")
		_, _ = w.Write([]byte("canary"))
	}, "no credentials"},
	"packed": {func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Encoding", "gzip")
		z := gzip.NewWriter(w)
		_, _ = z.Write([]byte(`{"credential":{"access":"a","secret":"canary"}}`))
		_ = z.Close()
	}, ""},
}

func truncatedKey(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Length", "1000")
	_, _ = w.Write([]byte(`{"credential":{"access":"a","secret":"canary"}}`))
	panic(http.ErrAbortHandler)
}

// redirectsTo adds redirects to another host.
func redirectsTo(other string) map[string]http.HandlerFunc {
	out := map[string]http.HandlerFunc{}
	for _, status := range []int{301, 302, 303, 307, 308} {
		out[fmt.Sprint(status)] = func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, other+"/openstack/latest/securitykey", status)
		}
	}
	return out
}

// TestNetMetadata lets the metadata server of a machine fail, when it is asked for a token, which can be done without, and when it is asked for the key.
func TestNetMetadata(t *testing.T) {
	var strangers atomic.Int64
	other := httptest.NewUnstartedServer(http.NotFoundHandler())
	other.Config.ConnState = func(net.Conn, http.ConnState) { strangers.Add(1) }
	other.Start()
	t.Cleanup(other.Close)
	cells, failed := 0, 0
	try := func(name, says string, token, key http.HandlerFunc, client *http.Client) {
		got, err := askMetadata(t, token, key, client)
		good := says == "" && err == nil && got.AccessKey != "" || says != "" && err != nil && strings.Contains(err.Error(), says) && got.AccessKey == ""
		if text := fmt.Sprint(err, got); !good || strings.Contains(text, "canary") || strings.Contains(text, "127.0.0.1") {
			failed++
			t.Errorf("%s: %v", name, err)
		}
		cells++
	}
	token, key := answers(200, "session"), answers(200, `{"credential":{"access":"a","secret":"canary"}}`)
	for name, f := range metadataFaults {
		try(name+" for a token", "", f.answer, key, nil)
		try(name+" for a key", f.says, token, f.answer, nil)
	}
	for name, answer := range redirectsTo(other.URL) {
		try(name+" for a token", "", answer, key, nil)
		try(name+" for a key", "no credentials", token, answer, nil)
	}
	stall := func(w http.ResponseWriter, r *http.Request) { <-r.Context().Done() }
	try("no answer for a key", "no credentials", token, stall, &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: 300 * time.Millisecond})
	if n := strangers.Load(); n != 0 {
		t.Errorf("the host that redirects point to was connected to %d times", n)
	}
	t.Logf("T-NET, metadata server: %d cells, %d failed", cells, failed)
}

func askMetadata(t *testing.T, token, key http.HandlerFunc, client *http.Client) (secmaster.Credentials, error) {
	t.Helper()
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPut {
			token(w, r)
			return
		}
		key(w, r)
	}))
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.Start()
	defer server.Close()
	return secmaster.FindCredentials(context.Background(), secmaster.FindOptions{Env: func(string) string { return "" }, Metadata: server.URL, HTTPClient: client})
}

package main

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"connsync/apply/secmaster/emulator"
)

const (
	serveCommand = "--serve"
	bareList     = "/bench/list"  // a page's worth of bytes
	bareWrite    = "/bench/write" // takes a body
	countsPath   = "/bench/counts"
)

// slow is the emulator behind a network: every answer takes the latency, the emulator's own time included, and a page of an unchanged list is the same as
// before.
type slow struct {
	inner http.Handler

	mu     sync.Mutex
	pages  map[string]*httptest.ResponseRecorder
	counts map[string]int
}

// serve prints its address, and serves until its standard input ends.
func serve() error {
	e, err := emulator.New(emulator.Options{})
	if err != nil {
		return err
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	fmt.Printf("http://%s\n", l.Addr())
	server := &http.Server{Handler: &slow{inner: e, pages: map[string]*httptest.ResponseRecorder{}, counts: map[string]int{}}, ReadHeaderTimeout: time.Minute}
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		_ = server.Close()
	}()
	if err := server.Serve(l); err != http.ErrServerClosed {
		return err
	}
	return nil
}

// largePage are bytes of a page of connections.
var largePage = bytes.Repeat([]byte("x"), 100<<10)

func (s *slow) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch {
	case r.URL.Path == countsPath:
		s.tell(w)
		return
	case r.URL.Path == bareList || r.URL.Path == bareWrite:
		_, _ = io.Copy(io.Discard, r.Body)
		time.Sleep(latency)
		if r.URL.Path == bareList {
			_, _ = w.Write(largePage)
		}
		return
	}
	began := time.Now()
	page := r.Method == http.MethodGet && strings.HasSuffix(r.URL.Path, "/assetcredentials")
	s.mu.Lock()
	s.counts[r.Method+" "+kind(r.URL.Path)]++
	if r.Method != http.MethodGet {
		clear(s.pages)
	}
	answer := s.pages[r.URL.RequestURI()]
	s.mu.Unlock()
	if answer == nil || !page {
		answer = httptest.NewRecorder()
		s.inner.ServeHTTP(answer, r)
	}
	if page {
		s.mu.Lock()
		s.pages[r.URL.RequestURI()] = answer
		s.mu.Unlock()
	}
	time.Sleep(time.Until(began.Add(latency))) // what the emulator takes is part of it, as it is for the limit
	maps.Copy(w.Header(), answer.Header())
	w.WriteHeader(answer.Code)
	_, _ = w.Write(answer.Body.Bytes())
}

// kind is what a request is about: the last part of its path that is no id.
func kind(path string) string {
	parts := strings.Split(strings.Trim(path, "/"), "/")
	for _, p := range slices.Backward(parts) {
		if !strings.ContainsAny(p, "0123456789") {
			return p
		}
	}
	return "?"
}

// tell says what was counted, and counts from the beginning.
func (s *slow) tell(w io.Writer) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []string
	for _, k := range slices.Sorted(maps.Keys(s.counts)) {
		all = append(all, fmt.Sprintf("%d %s", s.counts[k], k))
	}
	clear(s.counts)
	_, _ = io.WriteString(w, strings.Join(all, ", "))
}

// server is the emulator's process.
type server struct {
	url   string
	cmd   *exec.Cmd
	stdin io.Closer
}

func startServer() (*server, error) {
	own, err := os.Executable()
	if err != nil {
		return nil, err
	}
	s := &server{cmd: exec.Command(own, serveCommand)}
	s.cmd.Stderr = os.Stderr
	if s.stdin, err = s.cmd.StdinPipe(); err != nil {
		return nil, err
	}
	out, err := s.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := s.cmd.Start(); err != nil {
		return nil, err
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	s.url = strings.TrimSpace(line)
	return s, err
}

func (s *server) stop() error {
	_ = s.stdin.Close()
	return s.cmd.Wait()
}

func (s *server) reset() error {
	_, err := s.counts()
	return err
}

func (s *server) counts() (string, error) {
	r, err := http.Get(s.url + countsPath)
	if err != nil {
		return "", err
	}
	defer func() { _ = r.Body.Close() }()
	text, err := io.ReadAll(r.Body)
	return string(text), err
}

// bare is how long a client takes to send the requests and do nothing else, as many at a time as connsync may.
func (s *server) bare(writes, lists int) (time.Duration, error) {
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: parallelism}}
	defer client.CloseIdleConnections()
	began := time.Now()
	send := func(n, atOnce int, method, path string) error {
		var g errgroup.Group
		g.SetLimit(atOnce)
		for range n {
			g.Go(func() error {
				request, err := http.NewRequest(method, s.url+path, bytes.NewReader(largePage[:400]))
				if err != nil {
					return err
				}
				answer, err := client.Do(request)
				if err != nil {
					return err
				}
				_, err = io.Copy(io.Discard, answer.Body)
				_ = answer.Body.Close()
				return err
			})
		}
		return g.Wait()
	}
	if err := send(lists, pagesOnce, http.MethodGet, bareList); err != nil {
		return 0, err
	}
	err := send(writes, parallelism, http.MethodPost, bareWrite)
	return time.Since(began), err
}

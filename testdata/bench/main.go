// Command bench measures connsync, as a whole process, on repositories of encrypted manifests, beside an emulated SecMaster in a process of
// its own. Its answers take a network's time, and its pages cost nothing. Beside each row stands its limit: a client that only sends
// the requests. Times of two machines, or of two runs, say nothing about each other; their ratios do.
package main

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"time"
)

const (
	latency     = 30 * time.Millisecond
	parallelism = 10 // of writes
	pagesOnce   = 8  // of a list
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	if len(args) == 1 && args[0] == serveCommand {
		return serve()
	}
	if len(args) < 2 {
		return errors.New("usage: bench CONNSYNC N…")
	}
	program, err := filepath.Abs(args[0])
	if err != nil {
		return err
	}
	fmt.Printf("%-8s %-22s %8s %8s %8s %7s %9s  %s\n", "N", "work", "wall s", "CPU s", "limit s", "MiB", "read MiB", "requests")
	for _, text := range args[1:] {
		n, err := strconv.Atoi(text)
		if err == nil {
			err = measureAt(program, n)
		}
		if err != nil {
			return fmt.Errorf("%s: %w", text, err)
		}
	}
	return nil
}

// measureAt makes a repository of some connections, and prints its rows.
func measureAt(program string, n int) (err error) {
	s, err := startServer()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.stop()) }()
	r, err := newRepo(n)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(r.dir)) }()
	for _, w := range workFor(n) {
		if w.shared {
			if err := r.share(program, s); err != nil {
				return fmt.Errorf("%s: %w", w.name, err)
			}
		}
		if err := r.measure(program, s, w); err != nil {
			return fmt.Errorf("%s: %w", w.name, err)
		}
	}
	return nil
}

// work is a row.
type work struct {
	name   string
	times  int // of which the median is shown, by wall time
	change int // connections given another secret before each
	args   []string
	writes int
	lists  int
	shared bool // known state is on a remote from here on
}

// workFor are the rows for so many connections.
func workFor(n int) []work {
	tenth, sync := max(n/10, 1), []string{"sync", "--parallelism", strconv.Itoa(parallelism)}
	return []work{
		{name: "version", times: 5, args: []string{"version"}},
		{name: "validate", times: 5, args: []string{"validate"}},
		{name: "sync, all new", times: 1, args: sync, writes: n, lists: 1},
		{name: "diff, no change", times: 5, args: []string{"diff"}, lists: 1},
		{name: "sync, no change", times: 5, args: sync, lists: 1},
		{name: "sync, 1 changed", times: 5, change: 1, args: sync, writes: 1, lists: 2},
		{name: "diff --base, 10 %", times: 1, change: tenth, args: []string{"diff", "--base", "before"}},
		{name: "sync, 10 % changed", times: 1, args: sync, writes: tenth, lists: 2},
		{name: "shared: diff", times: 5, args: []string{"diff"}, lists: 1, shared: true},
		{name: "shared: sync, nothing", times: 5, args: sync, lists: 1},
		{name: "shared: sync, 1", times: 5, change: 1, args: sync, writes: 1, lists: 2},
	}
}

// measured is one run, and the same requests of a client that does nothing else.
type measured struct {
	usage
	limit  time.Duration
	counts string
}

// measure prints a row.
func (r *repo) measure(program string, s *server, w work) error {
	var all []measured
	for range w.times {
		one, err := r.once(program, s, w)
		if err != nil {
			return err
		}
		all = append(all, one)
	}
	slices.SortFunc(all, func(a, b measured) int { return cmp.Compare(a.wall, b.wall) })
	m := all[len(all)/2]
	fmt.Printf("%-8d %-22s %8.2f %8.2f %8.2f %7d %9.1f  %s\n", r.n, w.name, m.wall.Seconds(), m.cpu.Seconds(), m.limit.Seconds(), m.memory>>20, float64(m.read)/(1<<20), m.counts)
	return nil
}

func (r *repo) once(program string, s *server, w work) (m measured, err error) {
	if w.change > 0 {
		if err := r.change(w.change); err != nil {
			return m, err
		}
	}
	if err := s.reset(); err != nil {
		return m, err
	}
	if m.usage, err = r.timed(program, s.url, w.args...); err != nil {
		return m, err
	}
	if m.counts, err = s.counts(); err != nil {
		return m, err
	}
	m.limit, err = s.bare(w.writes, w.lists*((r.n+198)/199))
	return m, err
}

// share gives the repository a remote on the same disk, and has known state pushed there.
func (r *repo) share(program string, s *server) error {
	bare := filepath.Join(r.dir, ".git", "bench-origin.git")
	for _, args := range [][]string{{"init", "-q", "--bare", bare}, {"remote", "add", "origin", bare}, {"push", "-q", "origin", "main"}} {
		if err := r.git(args...); err != nil {
			return err
		}
	}
	if err := r.change(1); err != nil {
		return err
	}
	_, err := r.timed(program, s.url, "sync")
	return err
}

// usage is what a process took.
type usage struct {
	wall, cpu    time.Duration
	memory, read int64 // bytes: the peak, and everything it read
}

// timed runs connsync in the repository. It reads what the kernel counted before the process is gone.
func (r *repo) timed(program, url string, args ...string) (usage, error) {
	cmd := exec.Command(program, args...)
	cmd.Dir, cmd.Env = r.dir, append(r.env(), surroundings(url)...)
	var out tail
	cmd.Stdout, cmd.Stderr = &out, &out
	began := time.Now()
	if err := cmd.Start(); err != nil {
		return usage{}, err
	}
	read := bytesRead(cmd.Process.Pid)
	err := cmd.Wait()
	u := usage{wall: time.Since(began), read: read}
	if code := cmd.ProcessState.ExitCode(); code != 0 && code != 2 {
		return u, fmt.Errorf("%w\n%s", err, out.text)
	}
	u.cpu = cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
	u.memory = peak(cmd.ProcessState)
	return u, nil
}

// tail keeps the end of what a command says.
type tail struct{ text []byte }

func (t *tail) Write(p []byte) (int, error) {
	t.text = append(t.text, p...)
	t.text = t.text[max(0, len(t.text)-2000):]
	return len(p), nil
}

// Command bench measures connsync, as a whole process, on repositories of encrypted manifests, beside an emulated SecMaster in a process of
// its own. Its answers take a network's time, and its pages cost nothing. Beside each row stands its limit: a client that only sends
// the requests. Times of two machines, or of two runs, say nothing about each other; their ratios do.
package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
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
	pages := (n + 198) / 199
	sync := []string{"sync", "--parallelism", strconv.Itoa(parallelism)}
	for _, row := range []struct {
		work   string
		change int // connections given another secret before it
		args   []string
		writes int
		lists  int
	}{
		{"validate", 0, []string{"validate"}, 0, 0},
		{"sync, all new", 0, sync, n, 1},
		{"diff, no change", 0, []string{"diff"}, 0, 1},
		{"sync, no change", 0, sync, 0, 1},
		{"sync, 1 changed", 1, sync, 1, 2},
		{"diff --base, 10 %", max(n/10, 1), []string{"diff", "--base", "before"}, 0, 0},
		{"sync, 10 % changed", 0, sync, max(n/10, 1), 2},
	} {
		if row.change > 0 {
			if err := r.change(row.change); err != nil {
				return err
			}
		}
		if err := s.reset(); err != nil {
			return err
		}
		used, err := r.timed(program, s.url, row.args...)
		if err != nil {
			return fmt.Errorf("%s: %w", row.work, err)
		}
		counts, err := s.counts()
		if err != nil {
			return err
		}
		limit, err := s.bare(row.writes, row.lists*pages)
		if err != nil {
			return err
		}
		fmt.Printf("%-8d %-22s %8.2f %8.2f %8.2f %7d %9.1f  %s\n", n, row.work, used.wall.Seconds(), used.cpu.Seconds(), limit.Seconds(), used.memory>>20, float64(used.read)/(1<<20), counts)
	}
	return nil
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

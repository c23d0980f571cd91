package sopstest

import (
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
)

// worker is the sops command in a process that has started already, since its start takes most of the time of what tests have it do.
// testdata/sops/warm.go is its other side.
type worker struct {
	process           *exec.Cmd
	requests, answers *os.File
}

// idle are those that have one behind them.
var idle struct {
	sync.Mutex
	workers []*worker
}

func take(program string) (*worker, error) {
	idle.Lock()
	defer idle.Unlock()
	if n := len(idle.workers); n > 0 {
		w := idle.workers[n-1]
		idle.workers = idle.workers[:n-1]
		return w, nil
	}
	in, requests, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	answers, out, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	defer in.Close()
	defer out.Close()
	w := &worker{exec.Command(program), requests, answers}
	w.process.Env = append(os.Environ(), "SOPSTEST_WARM=1")
	w.process.ExtraFiles = []*os.File{in, out}
	return w, w.process.Start()
}

// run runs sops as Run says, in a process that may have run it before.
func run(t testing.TB, dir string, env, args []string) (stdout, stderr string, err error) {
	t.Helper()
	w, err := take(Command(t))
	if err != nil {
		t.Fatal(err)
	}
	home := t.TempDir()
	out, errs := filepath.Join(home, ".stdout"), filepath.Join(home, ".stderr")
	asked := json.NewEncoder(w.requests).Encode(map[string]any{"Args": args, "Env": environment(home, env), "Dir": dir, "Stdout": file(t, out), "Stderr": file(t, errs)})
	if asked != nil {
		t.Fatal(asked)
	}
	if _, ended := w.answers.Read(make([]byte, 1)); ended != nil { // with what it failed
		err = errors.Join(w.process.Wait(), w.requests.Close(), w.answers.Close())
	} else {
		idle.Lock()
		idle.workers = append(idle.workers, w)
		idle.Unlock()
	}
	return written(t, out), written(t, errs), err
}

// file makes an empty one.
func file(t testing.TB, name string) string {
	t.Helper()
	if err := os.WriteFile(name, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

func written(t testing.TB, name string) string {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

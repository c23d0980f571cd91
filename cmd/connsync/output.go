package main

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"sync"

	"connsync/cmd/connsync/render"
)

// printer writes for people, as the flags and the terminal say.
func (g *globals) printer(w world) *render.Printer {
	out, heard := w.people()
	return render.New(out, w.stderr, render.Options{Color: g.Color, Env: w.env, Quiet: g.Quiet, Verbose: g.Verbose, Heard: heard})
}

// output is a stream. It remembers its first failed write: a list cut off by a full disk is no list.
type output struct {
	io.Writer
	name string
	mu   sync.Mutex
	err  error

	wrote bool
}

// remembered is a stream as commands write to it. A terminal stays what it is.
func remembered(w io.Writer, name string) io.Writer {
	if render.IsTerminal(w) {
		return w
	}
	return &output{Writer: w, name: name}
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock() // what is waited for is said by others
	defer o.mu.Unlock()
	o.wrote = o.wrote || len(p) > 0
	n, err := o.Writer.Write(p)
	if err != nil {
		err = &fileError{"the output on", o.name, err}
	}
	if o.err == nil {
		o.err = err
	}
	return n, err
}

// unwritten is what kept results from being written; nil where all were.
func (w world) unwritten() error {
	o, ok := w.stdout.(*output)
	if !ok {
		return nil
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.err
}

// writeFile replaces a file in one step. What is no ordinary file, such as a pipe, is written to.
func writeFile(flag, name string, data []byte) error {
	write := replaceFile
	if info, err := os.Stat(name); err == nil && !info.Mode().IsRegular() {
		write = func(name string, data []byte) error { return os.WriteFile(name, data, 0o644) }
	}
	if err := write(name, data); err != nil {
		return &fileError{flag, name, err}
	}
	return nil
}

func replaceFile(name string, data []byte) error {
	f, err := os.CreateTemp(filepath.Dir(name), ".connsync-*")
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	err = errors.Join(err, f.Chmod(0o644), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), name)
	}
	if err != nil {
		_ = os.Remove(f.Name())
	}
	return err
}

package main

import (
	"os"
	"path/filepath"

	"connsync/cmd/connsync/render"
)

// printer writes for people, as the flags and the terminal say.
func (g *globals) printer(w world) *render.Printer {
	return render.New(w.stdout, w.stderr, render.Options{Color: g.Color, Env: w.env, Quiet: g.Quiet, Verbose: g.Verbose})
}

// writeFile replaces a file in one step. What is no ordinary file, such as a pipe, is written to.
func writeFile(flag, name string, data []byte) error {
	if info, err := os.Stat(name); err == nil && !info.Mode().IsRegular() {
		if err := os.WriteFile(name, data, 0o644); err != nil {
			return &fileError{flag, name, err}
		}
		return nil
	}
	f, err := os.CreateTemp(filepath.Dir(name), ".connsync-*")
	if err != nil {
		return &fileError{flag, name, err}
	}
	_, err = f.Write(data)
	if err == nil {
		err = f.Chmod(0o644)
	}
	if closed := f.Close(); err == nil {
		err = closed
	}
	if err == nil {
		err = os.Rename(f.Name(), name)
	}
	if err != nil {
		_ = os.Remove(f.Name())
		return &fileError{flag, name, err}
	}
	return nil
}

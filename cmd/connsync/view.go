package main

import (
	"bytes"
	"io"
	"os"
	"path/filepath"

	"connsync/diff"
)

// view is everything that a diff shows, in whatever format.
type view struct {
	offline  bool // between two commits
	plans    []diff.Plan
	alarms   []string
	findings []finding
	files    map[string][]fileNote // by target
}

// refused tells whether a sync would refuse the head.
func (v view) refused() bool {
	for _, f := range v.findings {
		if f.fatal {
			return true
		}
	}
	return false
}

// sheet is the view in words.
func (v view) sheet(all bool) sheet {
	s := describe(v.plans, v.offline, all)
	s.alarms, s.findings = v.alarms, v.findings
	for i := range s.sections {
		s.sections[i].files = v.files[s.sections[i].target]
	}
	return s
}

// formats lay a view out; text is not among them, since it depends on the terminal.
var formats = map[string]func(io.Writer, view) error{
	"json":     func(w io.Writer, v view) error { return writeJSON(w, viewJSON(v)) },
	"markdown": func(w io.Writer, v view) error { return markdown(w, v.sheet(false)) },
	"html":     func(w io.Writer, v view) error { return htmlPage(w, v.sheet(false)) },
	"github":   func(w io.Writer, v view) error { return annotations(w, v.sheet(false)) },
}

// view shows a view in a format: on stdout, or in a file, and then stdout has the text.
func (p *printer) view(v view, format, file string) error {
	layout := formats[format]
	if file == "" && layout != nil {
		return layout(p.out, v)
	}
	if err := p.sheet(v.sheet(p.verbose)); err != nil || file == "" {
		return err
	}
	if layout == nil {
		layout = func(w io.Writer, v view) error {
			return (&printer{out: w, verbose: p.verbose}).sheet(v.sheet(p.verbose))
		}
	}
	var b bytes.Buffer
	if err := layout(&b, v); err != nil {
		return err
	}
	return writeFile("--out", file, b.Bytes())
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

//go:build !linux

package main

import (
	"bytes"
	"os/exec"
	"path/filepath"
)

// quick is for Linux alone: elsewhere each command line has a process of its own.
func quick() (folder string, err error) {
	exe, err := exec.LookPath("connsync")
	return filepath.Dir(exe), err
}

func pooled() {}

func inPool(string, []string, *bytes.Buffer, *bytes.Buffer, ...string) (code int, own bool, err error) {
	return 0, true, nil
}

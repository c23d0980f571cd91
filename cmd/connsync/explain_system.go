package main

import (
	"errors"
	"io/fs"
	"syscall"

	"connsync/manifest"
)

// fileError is an unreadable or unwritable file of the command line.
type fileError struct {
	flag, name string
	err        error
}

func (e *fileError) Error() string { return e.flag + " " + e.name + ": " + e.err.Error() }

func (e *fileError) Unwrap() error { return e.err }

// fromFlag is an error with the flag that led to it.
type fromFlag struct {
	flag string
	err  error
}

func (e *fromFlag) Error() string { return e.flag + ": " + e.err.Error() }

func (e *fromFlag) Unwrap() error { return e.err }

// explainSystem says what the operating system said. The system quotes no content.
func explainSystem(err error) (string, []string, bool) {
	var path *fs.PathError
	if errors.As(err, &path) {
		return path.Path + ": " + systemReason(err), nil, true
	}
	var read *manifest.ReadError
	if errors.As(err, &read) {
		if read.Missing && read.File == manifest.ProjectFile {
			return "no connsync.yaml here", []string{"run in a repository that has one at its root, or use -C DIR or --config FILE", "an example of one:  connsync demo"}, true
		}
		return read.Error(), nil, true
	}
	return "", nil, false
}

func systemReason(err error) string {
	var errno syscall.Errno
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return "no such file or directory"
	case errors.Is(err, fs.ErrPermission):
		return "permission denied"
	case errors.As(err, &errno):
		return errno.Error()
	}
	return "cannot be used"
}

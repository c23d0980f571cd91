package strict

import (
	"errors"
	"io/fs"
)

// ReadFile reads a file of a repository. Its error is what Unreadable makes of one.
func ReadFile(fsys fs.FS, name string) ([]byte, error) {
	text, err := fs.ReadFile(fsys, name)
	if err != nil {
		return nil, Unreadable(name, err)
	}
	return text, nil
}

// Unreadable keeps an error made by a file tree for people (a link out of the repository, say), and
// puts our own words for everything else.
func Unreadable(name string, err error) error {
	var refused interface{ Refused() string }
	if errors.As(err, &refused) {
		return err
	}
	return &ReadError{File: name, Missing: errors.Is(err, fs.ErrNotExist)}
}

// ReadError is the error of an unreadable file or directory of the repository.
type ReadError struct {
	File    string
	Missing bool // it is not there
}

func (e *ReadError) Error() string {
	if e.Missing {
		return e.File + ": no such file or directory"
	}
	return e.File + ": cannot be read"
}

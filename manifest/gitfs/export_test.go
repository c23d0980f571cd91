package gitfs

import (
	"context"
	"os/exec"
	"testing"
)

// WithoutGit makes a test talk to remotes as on a machine without Git.
func WithoutGit(t testing.TB) {
	lookUp = func(string) (string, error) { return "", exec.ErrNotFound }
	t.Cleanup(func() { lookUp = exec.LookPath })
}

// Failed is the meaning of a Git command's end after some text on stderr.
func Failed(stderr string) error {
	return (&gitLine{}).failure(context.Background(), answer{stderr: stderr, code: 128})
}

// Declined is the meaning of a server's refusal of a push.
func Declined(said string) error { return &RemoteError{RemoteRefused, refusal(said)} }

// FindGit is the Git in use.
func FindGit() (program, why string) { return findGit() }

// Replaced makes a remote use another program for Git.
func Replaced(s *Shared, program string) { s.line.(*gitLine).program = program }

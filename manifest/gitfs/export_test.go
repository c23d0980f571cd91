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

// Failed is what the end of a Git command means that said something on stderr.
func Failed(stderr string) error {
	return (&gitLine{}).failure(context.Background(), answer{stderr: stderr, code: 128})
}

// Declined is what it means that a server takes no push.
func Declined(said string) error { return &RemoteError{RemoteRefused, refusal(said)} }

// FindGit is the Git that is used.
func FindGit() (program, why string) { return findGit() }

// Replaced makes a remote use another program for Git.
func Replaced(s *Shared, program string) { s.line.(*gitLine).program = program }

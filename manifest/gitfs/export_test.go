package gitfs

import (
	"os/exec"
	"testing"
)

// WithoutGit makes a test talk to remotes as on a machine without Git.
func WithoutGit(t testing.TB) {
	lookUp = func(string) (string, error) { return "", exec.ErrNotFound }
	t.Cleanup(func() { lookUp = exec.LookPath })
}

// FindGit is the Git that is used.
func FindGit() (program, why string) { return findGit() }

// Replaced makes a remote use another program for Git.
func Replaced(s *Shared, program string) { s.line.(*gitLine).program = program }

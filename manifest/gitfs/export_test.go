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

//go:build unix

package gitfs

import (
	"os/exec"
	"syscall"
)

// alone gives a program a session of its own: neither a person's Ctrl-C reaches it, which would kill the push that records, nor can it
// ask on the terminal. Its end is that of everything that it started.
func alone(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGTERM) } // so that it removes its lock files
}

// reap ends what a program left behind.
func reap(cmd *exec.Cmd) {
	if cmd.Process != nil {
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
	}
}

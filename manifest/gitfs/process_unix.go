//go:build unix

package gitfs

import (
	"os/exec"
	"syscall"
)

// alone gives a program a session of its own: a person's Ctrl-C would kill the push of the record and does not reach it, and it cannot
// ask on the terminal. Its end is the end of everything it started.
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

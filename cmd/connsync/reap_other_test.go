//go:build !linux

package main

import (
	"errors"
	"syscall"
	"time"
)

func adopt() error { return nil }

// waitForGroup waits until no process of a process group is left: git programs started by a killed sync go on for a while.
func waitForGroup(id int) error {
	for !errors.Is(syscall.Kill(-id, 0), syscall.ESRCH) {
		time.Sleep(2 * time.Millisecond)
	}
	return nil
}

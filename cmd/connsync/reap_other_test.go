//go:build !linux

package main

import (
	"errors"
	"syscall"
	"time"
)

func adopt() error { return nil }

// waitForGroup waits until nobody of a process group is left: git programs that a killed sync started go on for a while.
func waitForGroup(id int) error {
	for !errors.Is(syscall.Kill(-id, 0), syscall.ESRCH) {
		time.Sleep(2 * time.Millisecond)
	}
	return nil
}

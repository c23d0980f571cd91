package main

import (
	"errors"
	"sync"
	"syscall"

	"golang.org/x/sys/unix"
)

// adopt makes this process the parent of what the processes it started leave behind.
var adopt = sync.OnceValue(func() error { return unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) })

// waitForGroup waits until no process of a process group is left: git programs started by a killed sync go on for a while.
func waitForGroup(id int) error {
	for {
		_, err := syscall.Wait4(-id, nil, 0, nil)
		switch {
		case errors.Is(err, syscall.ECHILD):
			return nil
		case err != nil && !errors.Is(err, syscall.EINTR):
			return err
		}
	}
}

//go:build !linux

package main

import (
	"fmt"
	"os"
)

const (
	noSockets  = "CONNSYNC_TEST_NO_SOCKETS"
	noChildren = "CONNSYNC_TEST_NO_CHILDREN"
)

// confine ends a process that is to be confined: only Linux can, and a test that proves nothing must not pass.
func confine() {
	if os.Getenv(noSockets)+os.Getenv(noChildren) != "" {
		fmt.Fprintln(os.Stderr, "processes are confined on Linux only")
		os.Exit(99)
	}
}

package main

import (
	"fmt"
	"os"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// bytesRead waits for the end of a process, and is what it read, from files and from the network, before the kernel forgets it.
func bytesRead(pid int) int64 {
	for unix.Waitid(unix.P_PID, pid, nil, unix.WEXITED|unix.WNOWAIT, nil) == unix.EINTR {
	}
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/io", pid))
	if err != nil {
		return 0
	}
	var n int64
	_, rest, _ := strings.Cut(string(text), "rchar: ")
	_, _ = fmt.Sscan(rest, &n)
	return n
}

func peak(s *os.ProcessState) int64 {
	if r, ok := s.SysUsage().(*syscall.Rusage); ok {
		return r.Maxrss << 10
	}
	return 0
}

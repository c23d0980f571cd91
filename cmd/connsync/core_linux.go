package main

import "syscall"

// noCoreDumps keeps decrypted values out of core files.
func noCoreDumps() {
	_ = syscall.Setrlimit(syscall.RLIMIT_CORE, &syscall.Rlimit{})
}

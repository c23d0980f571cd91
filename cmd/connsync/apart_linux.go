package main

import "syscall"

// keepApart keeps what the process holds out of core files, and out of the reach of every process of the same user: without it, what
// connsync starts could read the environment of connsync's start in /proc, whatever was taken out of it since, and its memory.
// Root can still read both. What is started is not affected: the kernel undoes this for a new program.
func keepApart() {
	_ = syscall.Setrlimit(syscall.RLIMIT_CORE, &syscall.Rlimit{}) // does not bind a program that core files are piped to; the next line does
	_, _, _ = syscall.Syscall(syscall.SYS_PRCTL, syscall.PR_SET_DUMPABLE, 0, 0)
}

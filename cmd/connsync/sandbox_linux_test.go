package main

import (
	"fmt"
	"os"
	"runtime"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// What a process of the test binary may be denied by the kernel, for good and with all its children, before it runs as connsync:
//
//	CONNSYNC_TEST_NO_SOCKETS=1    a socket of any family
//	CONNSYNC_TEST_NO_CHILDREN=1   a process other than itself
//
// The kernel kills a process when it tries, so a process that ends by itself has opened none: the proof does not rest on the program's word.
const (
	noSockets  = "CONNSYNC_TEST_NO_SOCKETS"
	noChildren = "CONNSYNC_TEST_NO_CHILDREN"
)

// confine does what the two variables ask for. Where the kernel cannot, the process ends: nothing would be proven.
func confine() {
	var rules []unix.SockFilter
	if os.Getenv(noSockets) != "" {
		for _, nr := range []uint32{unix.SYS_SOCKET, unix.SYS_SOCKETPAIR, unix.SYS_IO_URING_SETUP} {
			rules = append(rules, forbid(nr)...)
		}
	}
	if os.Getenv(noChildren) != "" {
		for _, nr := range append(forks(), unix.SYS_EXECVE, unix.SYS_EXECVEAT) {
			rules = append(rules, forbid(nr)...)
		}
		rules = append(rules, threadsOnly()...)
	}
	if len(rules) == 0 {
		return
	}
	if err := install(rules); err != nil {
		fmt.Fprintf(os.Stderr, "the kernel does not confine this process: %v\n", err)
		os.Exit(99)
	}
}

// Where the kernel puts what a filter reads of a system call.
const (
	offsetNumber   = 0
	offsetArch     = 4
	offsetFirstArg = 16 // its lower half, on a little-endian machine
	x32            = 0x40000000
)

var architectures = map[string]uint32{"amd64": unix.AUDIT_ARCH_X86_64, "arm64": unix.AUDIT_ARCH_AARCH64}

func load(offset uint32) unix.SockFilter {
	return unix.SockFilter{Code: unix.BPF_LD | unix.BPF_W | unix.BPF_ABS, K: offset}
}

func jump(test uint16, k uint32, yes, no uint8) unix.SockFilter {
	return unix.SockFilter{Code: unix.BPF_JMP | unix.BPF_K | test, K: k, Jt: yes, Jf: no}
}

func verdictOf(k uint32) unix.SockFilter {
	return unix.SockFilter{Code: unix.BPF_RET | unix.BPF_K, K: k}
}

var killed = verdictOf(unix.SECCOMP_RET_KILL_PROCESS)

func forbid(number uint32) []unix.SockFilter {
	return []unix.SockFilter{jump(unix.BPF_JEQ, number, 0, 1), killed}
}

// forks are the system calls that only make processes; not every architecture has them.
func forks() []uint32 {
	if runtime.GOARCH == "amd64" {
		return []uint32{57, 58} // fork, vfork
	}
	return nil
}

// threadsOnly lets clone make threads. What clone3 makes cannot be seen, so it is said not to exist, and clone is used instead.
func threadsOnly() []unix.SockFilter {
	return []unix.SockFilter{
		jump(unix.BPF_JEQ, unix.SYS_CLONE3, 0, 1),
		verdictOf(unix.SECCOMP_RET_ERRNO | uint32(unix.ENOSYS)),
		jump(unix.BPF_JEQ, unix.SYS_CLONE, 0, 4),
		load(offsetFirstArg),
		jump(unix.BPF_JSET, unix.CLONE_THREAD, 1, 0),
		killed,
		load(offsetNumber),
	}
}

// install puts the rules in force for every thread.
func install(rules []unix.SockFilter) error {
	_ = syscall.Setrlimit(syscall.RLIMIT_CORE, &syscall.Rlimit{})
	left, err := installWith(rules, unix.SECCOMP_FILTER_FLAG_TSYNC)
	if err == nil && left != 0 {
		return fmt.Errorf("thread %d is not confined", left)
	}
	return err
}

// installWith puts rules in force, and gives what the kernel returns.
func installWith(rules []unix.SockFilter, flags uintptr) (int, error) {
	arch, ok := architectures[runtime.GOARCH]
	if !ok {
		return 0, fmt.Errorf("no filter for %s", runtime.GOARCH)
	}
	program := append([]unix.SockFilter{
		load(offsetArch), jump(unix.BPF_JEQ, arch, 1, 0), killed,
		load(offsetNumber), jump(unix.BPF_JGE, x32, 0, 1), killed,
	}, rules...)
	program = append(program, verdictOf(unix.SECCOMP_RET_ALLOW))
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return 0, err
	}
	filter := unix.SockFprog{Len: uint16(len(program)), Filter: &program[0]}
	got, _, errno := unix.Syscall(unix.SYS_SECCOMP, unix.SECCOMP_SET_MODE_FILTER, flags, uintptr(unsafe.Pointer(&filter)))
	if errno != 0 {
		return 0, errno
	}
	return int(got), nil
}

package main

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"strconv"
	"sync"
	"testing"
	"unsafe"

	"golang.org/x/sys/unix"
)

// reportConnects names the file descriptor of a socket over which the kernel's reports of connect and sendto are handed to the test:
// of this process and of everything it starts.
const reportConnects = "CONNSYNC_TEST_REPORT_CONNECTS"

// The kernel's structures for a supervisor of system calls, as seccomp_unotify(2) has them.
type notification struct {
	id         uint64
	pid, flags uint32
	nr         int32
	arch       uint32
	ip         uint64
	args       [6]uint64
}

type reply struct {
	id    uint64
	value int64
	errno int32
	flags uint32
}

const (
	receiveNotification = 0xC0502100 // _IOWR('!', 0, struct seccomp_notif)
	sendReply           = 0xC0182101 // _IOWR('!', 1, struct seccomp_notif_resp)
	goOn                = 1          // SECCOMP_USER_NOTIF_FLAG_CONTINUE
)

// beWatched has the kernel report every connect of this process to the test that started it. Where the kernel cannot, it says so by
// handing over nothing.
func beWatched() {
	number, err := strconv.Atoi(os.Getenv(reportConnects))
	if err != nil {
		return
	}
	_ = os.Unsetenv(reportConnects)
	rules := append(append(append(watch(unix.SYS_CONNECT), watch(unix.SYS_SENDTO)...), readable()...), jump(unix.BPF_JEQ, unix.SYS_IO_URING_SETUP, 0, 1), verdictOf(unix.SECCOMP_RET_ERRNO|uint32(unix.ENOSYS)))
	const tsyncESRCH = 1 << 4
	listener, err := installWith(rules, unix.SECCOMP_FILTER_FLAG_NEW_LISTENER|unix.SECCOMP_FILTER_FLAG_TSYNC|tsyncESRCH)
	if err == nil {
		err = unix.Sendmsg(number, []byte{1}, unix.UnixRights(listener), nil, 0)
		_ = unix.Close(listener)
	}
	if err != nil {
		_, _ = unix.Write(number, []byte{0})
	}
	_ = unix.Close(number)
}

// readable keeps the memory of a process readable for the test that watches it, under any user: where a call points to is there.
func readable() []unix.SockFilter {
	return []unix.SockFilter{
		jump(unix.BPF_JEQ, unix.SYS_PRCTL, 0, 4),
		load(offsetFirstArg),
		jump(unix.BPF_JEQ, unix.PR_SET_DUMPABLE, 0, 1),
		verdictOf(unix.SECCOMP_RET_ERRNO),
		load(offsetNumber),
	}
}

func watch(number uint32) []unix.SockFilter {
	return []unix.SockFilter{jump(unix.BPF_JEQ, number, 0, 1), verdictOf(unix.SECCOMP_RET_USER_NOTIF)}
}

// connectsOf runs a process and gives every address to which it, or a process it started, connected or sent; false where
// the kernel does not tell.
func connectsOf(t *testing.T, cmd *exec.Cmd) (addresses []string, told bool) {
	t.Helper()
	pair, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(pair[0])
	theirs := os.NewFile(uintptr(pair[1]), "reports")
	cmd.ExtraFiles = []*os.File{theirs}
	cmd.Env = append(cmd.Env, reportConnects+"=3")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	_ = theirs.Close()
	listener, ok := handedOver(pair[0])
	if ok {
		var done sync.WaitGroup
		done.Go(func() { addresses = listen(listener) })
		defer func() { done.Wait(); _ = unix.Close(listener) }()
	}
	err = cmd.Wait()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return addresses, ok
}

// handedOver is the listener that a process hands over.
func handedOver(from int) (int, bool) {
	text, rights := make([]byte, 1), make([]byte, unix.CmsgSpace(4))
	n, m, _, _, err := unix.Recvmsg(from, text, rights, unix.MSG_CMSG_CLOEXEC)
	if err != nil || n != 1 || text[0] != 1 {
		return 0, false
	}
	messages, err := unix.ParseSocketControlMessage(rights[:m])
	if err != nil || len(messages) != 1 {
		return 0, false
	}
	fds, err := unix.ParseUnixRights(&messages[0])
	return fds[0], err == nil && len(fds) == 1
}

// listen notes addresses, and lets every call go on, until no process is left to make one.
func listen(listener int) []string {
	var out []string
	for {
		ready := []unix.PollFd{{Fd: int32(listener), Events: unix.POLLIN}}
		if _, err := unix.Poll(ready, -1); err != nil && err != unix.EINTR {
			return append(out, err.Error())
		}
		if ready[0].Revents&unix.POLLIN == 0 {
			if ready[0].Revents != 0 {
				return out
			}
			continue
		}
		var n notification
		if _, _, errno := unix.Syscall(unix.SYS_IOCTL, uintptr(listener), receiveNotification, uintptr(unsafe.Pointer(&n))); errno != 0 {
			continue
		}
		if text := n.address(); text != "" {
			out = append(out, text)
		}
		r := reply{id: n.id, flags: goOn}
		_, _, _ = unix.Syscall(unix.SYS_IOCTL, uintptr(listener), sendReply, uintptr(unsafe.Pointer(&r)))
	}
}

// address is where a call goes to, as 127.0.0.1:80 or unix:/path; "" for a sendto over what is connected already.
func (n notification) address() string {
	at, size := n.args[1], n.args[2]
	if n.nr == unix.SYS_SENDTO {
		at, size = n.args[4], n.args[5]
	}
	if at == 0 || size < 2 {
		return ""
	}
	memory, err := os.Open(fmt.Sprintf("/proc/%d/mem", n.pid))
	if err != nil {
		return "unknown: " + err.Error()
	}
	defer memory.Close()
	b := make([]byte, min(size, 128))
	if _, err := memory.ReadAt(b, int64(at)); err != nil && err != io.EOF {
		return "unknown: " + err.Error()
	}
	switch family := binary.NativeEndian.Uint16(b); {
	case family == unix.AF_INET && len(b) >= 8:
		a, _ := netip.AddrFromSlice(b[4:8])
		return net.JoinHostPort(a.String(), fmt.Sprint(binary.BigEndian.Uint16(b[2:])))
	case family == unix.AF_INET6 && len(b) >= 24:
		a, _ := netip.AddrFromSlice(b[8:24])
		return net.JoinHostPort(a.Unmap().String(), fmt.Sprint(binary.BigEndian.Uint16(b[2:])))
	case family == unix.AF_UNIX:
		return "unix:" + string(b[2:])
	case family == unix.AF_UNSPEC, family == unix.AF_NETLINK:
		return ""
	default:
		return fmt.Sprintf("family %d", family)
	}
}

package main

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"

	"golang.org/x/sys/unix"

	"connsync/cmd/connsync/testdata/quick/start"
)

// pool runs the command lines of scripts in processes started already: a start costs more than most of what scripts have connsync
// do. testdata/quick takes connsync's place on their PATH and sends each of its runs here. One process has one run at a time.
type pool struct {
	exe    string
	listen *net.UnixListener
	mu     sync.Mutex
	idle   map[kind][]*worker // wait for a run
}

// kind is what a process was started with: what the kernel forbids it, and the variables that only a start reads.
type kind struct {
	forbidden byte
	read      string // assignments, one a line
}

// worker is a process for making runs, and the way to it.
type worker struct {
	*net.UnixConn
	process *exec.Cmd
}

// poolOf is the pool of this test binary.
var poolOf = sync.OnceValues(func() (*pool, error) {
	exe, err := exec.LookPath("connsync")
	return &pool{exe: exe, idle: map[kind][]*worker{}}, err
})

// quick is a folder with testdata/quick as connsync, below the one with the test binary as connsync, and what it sends is run.
var quick = sync.OnceValues(func() (folder string, err error) {
	p, err := poolOf()
	if err != nil {
		return "", err
	}
	program, err := builtBeside("quick")
	if err != nil {
		return "", err
	}
	folder = filepath.Dir(program)
	if p.listen, err = net.ListenUnix("unix", &net.UnixAddr{Name: filepath.Join(folder, "pool"), Net: "unix"}); err != nil {
		return "", err
	}
	go p.accept()
	return folder, nil
})

func (p *pool) accept() {
	for {
		conn, err := p.listen.AcceptUnix()
		if err != nil {
			return
		}
		go func() {
			var forbidden [1]byte
			if _, err := io.ReadFull(conn, forbidden[:]); err == nil {
				p.hand(conn, kind{forbidden: forbidden[0]})
			}
			_ = conn.Close()
		}()
	}
}

// hand gives a run to a process, and waits until it is free again. Where the process dies, it says of what.
func (p *pool) hand(conn *net.UnixConn, of kind) {
	w, err := p.take(of)
	if err != nil {
		return
	}
	if err = sendFile(w.UnixConn, conn); err == nil {
		_, err = io.ReadFull(w, make([]byte, 1))
	}
	if err != nil {
		_ = w.Close()
		_ = w.process.Wait()
		status := w.process.ProcessState.Sys().(syscall.WaitStatus)
		_, _ = conn.Write([]byte{1, byte(max(status.Signal(), 0))})
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.idle[of] = append(p.idle[of], w)
}

func (p *pool) take(of kind) (*worker, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	idle := p.idle[of]
	if n := len(idle); n > 0 {
		p.idle[of] = idle[:n-1]
		return idle[n-1], nil
	}
	return p.start(of)
}

// start starts a process without a terminal. It lives as long as this one.
func (p *pool) start(of kind) (*worker, error) {
	conn, theirs, err := socketpair()
	if err != nil {
		return nil, err
	}
	defer theirs.Close()
	cmd := exec.Command(p.exe)
	cmd.Args = []string{"pooled"}
	cmd.Env = append(os.Environ(), strings.Fields(of.read)...)
	for i, name := range start.Forbidding {
		if of.forbidden&(1<<i) != 0 {
			cmd.Env = append(cmd.Env, name+"=1")
		}
	}
	cmd.ExtraFiles = []*os.File{theirs}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	return &worker{conn, cmd}, cmd.Start()
}

// socketpair gives this side of a connection, and the other one for a process.
func socketpair() (ours *net.UnixConn, theirs *os.File, err error) {
	pair, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, nil, err
	}
	theirs = os.NewFile(uintptr(pair[1]), "theirs")
	f := os.NewFile(uintptr(pair[0]), "ours")
	defer f.Close()
	conn, err := net.FileConn(f)
	if err != nil {
		return nil, nil, errors.Join(err, theirs.Close())
	}
	return conn.(*net.UnixConn), theirs, nil
}

func sendFile(to, file *net.UnixConn) error {
	f, err := file.File()
	if err != nil {
		return err
	}
	defer f.Close()
	_, _, err = to.WriteMsgUnix([]byte{0}, unix.UnixRights(int(f.Fd())), nil)
	return err
}

// pooled is a process started by the pool: it makes one run after the other.
func pooled() {
	three := os.NewFile(3, "control")
	control, err := net.FileConn(three)
	if err != nil {
		panic(err)
	}
	_ = three.Close()
	confine()
	for {
		_, files, err := receive(control.(*net.UnixConn), 1)
		if err != nil {
			return
		}
		conn, err := net.FileConn(files[0])
		if err != nil {
			panic(err)
		}
		_ = files[0].Close()
		code := oneRun(conn.(*net.UnixConn))
		_, _ = control.Write([]byte{0})
		_, _ = conn.Write([]byte{0, byte(code)})
		_ = conn.Close()
	}
}

// oneRun makes the process what the command line was started as, and runs it.
func oneRun(conn *net.UnixConn) int {
	head, streams, err := receive(conn, 4)
	if err != nil {
		return 126
	}
	data := make([]byte, binary.LittleEndian.Uint32(head))
	var r struct {
		Args, Env []string
		Dir       string
		Umask     int
	}
	if _, err = io.ReadFull(conn, data); err == nil {
		err = json.Unmarshal(data, &r)
	}
	if err != nil {
		return 126
	}
	for fd, f := range streams {
		err = errors.Join(err, unix.Dup3(int(f.Fd()), fd, 0), f.Close())
	}
	defer silence()
	os.Clearenv()
	for _, v := range r.Env {
		err = errors.Join(err, setenv(v))
	}
	unix.Umask(r.Umask)
	if err = errors.Join(err, os.Chdir(r.Dir)); err != nil {
		return 126
	}
	os.Args = r.Args
	var over atomic.Bool
	defer over.Store(true)
	go obey(conn, &over)
	return run(observed(system()))
}

func setenv(assignment string) error {
	name, value, _ := strings.Cut(assignment, "=")
	return os.Setenv(name, value)
}

// obey does to this process what was done to the one it stands for, until the run is over: the signals, and death where it is gone.
func obey(conn *net.UnixConn, over *atomic.Bool) {
	var b [1]byte
	for {
		n, err := conn.Read(b[:])
		switch {
		case over.Load() || errors.Is(err, net.ErrClosed):
			return
		case n == 1:
			_ = unix.Kill(os.Getpid(), unix.Signal(b[0]))
		default:
			os.Exit(126)
		}
	}
}

// silence takes the streams of a run away, and leaves nothing to read.
func silence() {
	nothing, err := os.OpenFile(os.DevNull, os.O_RDWR, 0)
	if err != nil {
		panic(err)
	}
	defer nothing.Close()
	for fd := range 3 {
		if err := unix.Dup3(int(nothing.Fd()), fd, 0); err != nil {
			panic(err)
		}
	}
}

// receive reads n bytes, and the files sent with them.
func receive(conn *net.UnixConn, n int) ([]byte, []*os.File, error) {
	data, rights := make([]byte, n), make([]byte, 64)
	got, many, _, _, err := conn.ReadMsgUnix(data, rights)
	if err != nil {
		return nil, nil, err
	}
	if got != n {
		return nil, nil, io.ErrUnexpectedEOF
	}
	messages, err := unix.ParseSocketControlMessage(rights[:many])
	if err != nil || len(messages) != 1 {
		return nil, nil, errors.New("no files came")
	}
	numbers, err := unix.ParseUnixRights(&messages[0])
	var files []*os.File
	for _, fd := range numbers {
		unix.CloseOnExec(fd)
		files = append(files, os.NewFile(uintptr(fd), "given"))
	}
	return data, files, err
}

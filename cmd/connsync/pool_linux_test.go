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
)

// pool runs the command lines of scripts in processes started already: a start costs more than most of what scripts have connsync
// do. testdata/quick takes connsync's place on their PATH and sends each of its runs here. One process has one run at a time.
type pool struct {
	exe    string
	listen *net.UnixListener
	mu     sync.Mutex
	idle   map[byte][]*worker // wait for a run, by what is forbidden to them
}

// worker is a process for making runs, and the way to it.
type worker struct {
	*net.UnixConn
	process *exec.Cmd
}

// quick is a folder with testdata/quick as connsync, below the one with the test binary as connsync, and what it sends is run.
var quick = sync.OnceValues(func() (folder string, err error) {
	exe, err := exec.LookPath("connsync")
	if err != nil {
		return "", err
	}
	program, err := builtBeside("quick")
	if err != nil {
		return "", err
	}
	folder = filepath.Dir(program)
	listen, err := net.ListenUnix("unix", &net.UnixAddr{Name: filepath.Join(folder, "pool"), Net: "unix"})
	if err != nil {
		return "", err
	}
	p := &pool{exe: exe, listen: listen, idle: map[byte][]*worker{}}
	go p.accept()
	return folder, nil
})

func (p *pool) accept() {
	for {
		conn, err := p.listen.AcceptUnix()
		if err != nil {
			return
		}
		go p.hand(conn)
	}
}

// hand gives a run to a process, and waits until it is free again. Where the process dies, it says of what.
func (p *pool) hand(conn *net.UnixConn) {
	defer conn.Close()
	var forbidden [1]byte
	_, err := io.ReadFull(conn, forbidden[:])
	var w *worker
	if err == nil {
		w, err = p.take(forbidden[0])
	}
	if err != nil {
		return
	}
	err = sendFile(w.UnixConn, conn)
	if err == nil {
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
	p.idle[forbidden[0]] = append(p.idle[forbidden[0]], w)
}

func (p *pool) take(forbidden byte) (*worker, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	idle := p.idle[forbidden]
	if n := len(idle); n > 0 {
		p.idle[forbidden] = idle[:n-1]
		return idle[n-1], nil
	}
	return p.start(forbidden)
}

// start starts a process without a terminal. It lives as long as this one.
func (p *pool) start(forbidden byte) (*worker, error) {
	pair, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, err
	}
	ours, theirs := os.NewFile(uintptr(pair[0]), "pool"), os.NewFile(uintptr(pair[1]), "worker")
	defer ours.Close()
	defer theirs.Close()
	cmd := exec.Command(p.exe)
	cmd.Args = []string{"pooled"}
	for i, name := range []string{noSockets, noChildren} {
		if forbidden&(1<<i) != 0 {
			cmd.Env = append(cmd.Environ(), name+"=1")
		}
	}
	cmd.ExtraFiles = []*os.File{theirs}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	conn, err := net.FileConn(ours)
	if err != nil {
		return nil, err
	}
	return &worker{conn.(*net.UnixConn), cmd}, nil
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

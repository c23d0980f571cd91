package main

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"connsync/cmd/connsync/testdata/quick/start"
)

// inPool runs a command line in a process with earlier runs, as testdata/quick would have it run, and starts nothing for it. own tells that it
// needs a process of its own: then nothing was run. Both outputs may be one.
func inPool(dir string, env []string, stdout, stderr *bytes.Buffer, args ...string) (code int, own bool, err error) {
	of, own := kindOf(env)
	if own {
		return 0, true, nil
	}
	p, err := poolOf()
	if err != nil {
		return 0, false, err
	}
	conn, theirs, err := socketpair()
	if err != nil {
		return 0, false, err
	}
	defer conn.Close()
	run, err := net.FileConn(theirs)
	_ = theirs.Close()
	if err != nil {
		return 0, false, err
	}
	go func() {
		p.hand(run.(*net.UnixConn), of)
		_ = run.Close()
	}()
	read, err := asks(conn, map[string]any{"Args": append([]string{"connsync"}, args...), "Env": env, "Dir": dir, "Umask": umask()}, stdout, stderr)
	if err != nil {
		return 0, false, err
	}
	var how [2]byte
	_ = conn.SetReadDeadline(time.Now().Add(2 * time.Minute))
	if _, err = io.ReadFull(conn, how[:]); err != nil {
		return 0, false, fmt.Errorf("no process ran it: %w", err)
	}
	read.Wait()
	if how[0] != 0 {
		return 0, false, fmt.Errorf("signal: %v", unix.Signal(how[1]))
	}
	return int(how[1]), false, nil
}

// kindOf is what makes a run of this environment what it would be in a process of its own, if something does.
func kindOf(env []string) (of kind, own bool) {
	var read []string
	for _, v := range env {
		name, value, _ := strings.Cut(v, "=")
		own = own || start.Observed(name) || start.Reads(name) && strings.ContainsAny(value, " \n\t")
		if start.Reads(name) {
			read = append(read, v)
		}
	}
	slices.Sort(read)
	of.read = strings.Join(read, "\n")
	of.forbidden = start.Forbidden(func(name string) string {
		return strings.Join(slices.DeleteFunc(slices.Clone(env), func(v string) bool { return !strings.HasPrefix(v, name+"=") || v == name+"=" }), "")
	})
	return of, own
}

// asks sends a run and its streams: an empty one to read, and pipes to write to. What comes out of these has been read when read is done.
func asks(conn *net.UnixConn, run any, stdout, stderr *bytes.Buffer) (read *sync.WaitGroup, err error) {
	in, err := os.Open(os.DevNull)
	if err != nil {
		return nil, err
	}
	defer in.Close()
	read = &sync.WaitGroup{}
	out, err := drained(read, stdout)
	if err != nil {
		return nil, err
	}
	defer out.Close()
	errs := out
	if stderr != stdout {
		if errs, err = drained(read, stderr); err != nil {
			return nil, err
		}
		defer errs.Close()
	}
	data, err := json.Marshal(run)
	if err != nil {
		return nil, err
	}
	head := binary.LittleEndian.AppendUint32(nil, uint32(len(data)))
	_, _, err = conn.WriteMsgUnix(head, unix.UnixRights(int(in.Fd()), int(out.Fd()), int(errs.Fd())), nil)
	if err == nil {
		_, err = conn.Write(data)
	}
	return read, err
}

// drained is a pipe to write to; what is written comes to a buffer.
func drained(read *sync.WaitGroup, to *bytes.Buffer) (*os.File, error) {
	from, pipe, err := os.Pipe()
	if err == nil {
		read.Go(func() {
			_, _ = to.ReadFrom(from)
			_ = from.Close()
		})
	}
	return pipe, err
}

// umask is this process's own, as the kernel says it: a call that gives it sets it, too.
var umask = sync.OnceValue(func() int {
	status, _ := os.ReadFile("/proc/self/status")
	_, mask, _ := strings.Cut(string(status), "\nUmask:\t")
	mask, _, _ = strings.Cut(mask, "\n")
	n, err := strconv.ParseInt(mask, 8, 32)
	if err != nil {
		panic(err)
	}
	return int(n)
})

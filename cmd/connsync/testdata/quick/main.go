//go:build linux

// Command quick is connsync as the scripts of the tests start it. A start of the real one costs more than most of what scripts have it do,
// so this hands its command line, environment, folder and streams to an already started process of the tests (pool_linux_test.go),
// and ends as that ends. What only a fresh process can do goes to a fresh process: a terminal, and what Go reads once at a start.
package main

import (
	"encoding/json"
	"io"
	"net"
	"os"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"

	"connsync/cmd/connsync/testdata/quick/start"
)

// request is one run, as the pool reads it. Its streams come with it.
type request struct {
	Args, Env []string
	Dir       string
	Umask     int
}

func main() {
	bin := filepath.Dir(itself())
	if needsOwnProcess() {
		_ = syscall.Exec(filepath.Join(filepath.Dir(bin), "connsync"), os.Args, os.Environ())
		os.Exit(126)
	}
	conn, err := net.DialUnix("unix", nil, &net.UnixAddr{Name: filepath.Join(bin, "pool"), Net: "unix"})
	if err != nil {
		os.Exit(126)
	}
	signals := make(chan os.Signal, 4)
	signal.Notify(signals, syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP)
	send(conn)
	go func() {
		for s := range signals {
			_, _ = conn.Write([]byte{byte(s.(syscall.Signal))})
		}
	}()
	end(conn)
}

// end ends as the run ends: with its exit code, or of the signal its process died of.
func end(conn *net.UnixConn) {
	var how [2]byte
	if _, err := io.ReadFull(conn, how[:]); err != nil {
		os.Exit(126)
	}
	if how[0] == 0 {
		os.Exit(int(how[1]))
	}
	_ = syscall.Exec("/bin/sh", []string{"sh", "-c", "kill -" + strconv.Itoa(int(how[1])) + " $$"}, nil) // Go has handlers of its own, a new program has none
	os.Exit(126)
}

func itself() string {
	exe, err := os.Executable()
	if err != nil {
		os.Exit(126)
	}
	return exe
}

// needsOwnProcess tells where the command line must have a process of its own.
func needsOwnProcess() bool {
	if filepath.Base(os.Args[0]) != "connsync" {
		return true
	}
	for _, f := range []*os.File{os.Stdin, os.Stdout, os.Stderr} {
		if info, err := f.Stat(); err != nil || info.Mode()&os.ModeCharDevice != 0 && info.Sys().(*syscall.Stat_t).Rdev != null {
			return true
		}
	}
	for _, v := range os.Environ() {
		name, _, _ := strings.Cut(v, "=")
		if start.Observed(name) || start.Reads(name) && name != "GOTRACEBACK" { // testscript sets that one everywhere
			return true
		}
	}
	return false
}

// null is the number of /dev/null.
const null = 1<<8 | 3

func send(conn *net.UnixConn) {
	dir, err := os.Getwd()
	umask := syscall.Umask(0)
	syscall.Umask(umask)
	data, jsonErr := json.Marshal(request{os.Args, os.Environ(), dir, umask})
	if err == nil {
		_, err = conn.Write([]byte{start.Forbidden(os.Getenv)})
	}
	if err != nil || jsonErr != nil {
		os.Exit(126)
	}
	head := []byte{byte(len(data)), byte(len(data) >> 8), byte(len(data) >> 16), byte(len(data) >> 24)}
	if _, _, err = conn.WriteMsgUnix(head, syscall.UnixRights(0, 1, 2), nil); err == nil {
		_, err = conn.Write(data)
	}
	if err != nil {
		os.Exit(126)
	}
}

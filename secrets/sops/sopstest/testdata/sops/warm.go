//go:build linux

// Command sops is sops's own files, built by sopstest into this folder. With SOPSTEST_WARM it is a process that runs one command line after
// the other, each by sops's own main.
package main

import (
	"encoding/json"
	"os"
	"strings"
	"syscall"
)

// request is one command line, with where its output goes.
type request struct {
	Args, Env           []string
	Dir, Stdout, Stderr string
}

// init is before main, which it calls, and does not come back. A sops that fails ends the process with its exit code.
func init() {
	if os.Getenv("SOPSTEST_WARM") == "" {
		return
	}
	syscall.CloseOnExec(3)
	syscall.CloseOnExec(4)
	requests, answers := json.NewDecoder(os.NewFile(3, "requests")), os.NewFile(4, "answers")
	for {
		var r request
		if requests.Decode(&r) != nil {
			os.Exit(0)
		}
		become(r)
		main()
		if _, err := answers.Write([]byte{0}); err != nil {
			os.Exit(0)
		}
	}
}

// become makes this process what would have been started.
func become(r request) {
	os.Clearenv()
	for _, v := range r.Env {
		name, value, _ := strings.Cut(v, "=")
		must(os.Setenv(name, value))
	}
	must(os.Chdir(r.Dir))
	os.Args = append([]string{"sops"}, r.Args...)
	for fd, name := range map[int]string{1: r.Stdout, 2: r.Stderr} {
		f, err := os.OpenFile(name, os.O_WRONLY|os.O_APPEND, 0)
		must(err)
		must(syscall.Dup3(int(f.Fd()), fd, 0))
		must(f.Close())
	}
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}

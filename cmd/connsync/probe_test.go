package main

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// probe does one thing a confined process must not do: what its first argument names.
func probe() {
	confine()
	beWatched()
	var err error
	switch os.Args[1] {
	case "tcp", "udp", "unix":
		address := map[string]string{"tcp": "127.0.0.1:1", "udp": "[::1]:1", "unix": "/nowhere"}[os.Args[1]]
		_, err = net.Dial(os.Args[1], address)
	case "resolve":
		_, err = net.LookupHost("host.invalid")
	case "listen":
		_, err = net.Listen("tcp", "127.0.0.1:0")
	case "child", "grandchild":
		exe, _ := os.Executable()
		child := exec.Command(exe)
		child.Args = []string{"probe", map[string]string{"child": "nothing", "grandchild": "tcp"}[os.Args[1]]}
		err = child.Run()
	case "nothing":
		done := make(chan bool)
		go func() { done <- true }()
		<-done
	}
	fmt.Println("went on:", err)
}

// quickProcess is a run of connsync as scripts have it, with an environment of its own: in a process with earlier runs.
func quickProcess(t *testing.T, env []string, args ...string) *exec.Cmd {
	t.Helper()
	bin, err := quick()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(filepath.Join(bin, "connsync"), args...)
	cmd.Args[0], cmd.Env = "connsync", env
	return cmd
}

// process is a run of the test binary as one of its commands, with an environment of its own.
func process(t *testing.T, name string, env []string, args ...string) *exec.Cmd {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(exe)
	cmd.Args = append([]string{name}, args...)
	cmd.Env = env
	return cmd
}

// The kernel kills a process when it tries what is forbidden, in whatever way, so a process still alive has not tried.
func TestAConfinedProcessThatTriesIsKilled(t *testing.T) {
	for _, c := range []struct {
		confined, act string
		dies          bool
	}{
		{noSockets, "tcp", true}, {noSockets, "udp", true}, {noSockets, "unix", true}, {noSockets, "resolve", true}, {noSockets, "listen", true},
		{noChildren, "child", true},
		{noSockets, "nothing", false}, {noChildren, "nothing", false}, {noSockets, "child", false}, {noChildren, "tcp", false},
		{"UNCONFINED", "tcp", false}, {"UNCONFINED", "child", false},
	} {
		out, err := process(t, "probe", []string{c.confined + "=1"}, c.act).CombinedOutput()
		wentOn := err == nil && strings.Contains(string(out), "went on")
		diedOfIt := err != nil && err.Error() == "signal: bad system call"
		if c.dies && !diedOfIt || !c.dies && !wentOn {
			t.Errorf("%s %s: %v %s", c.confined, c.act, err, out)
		}
	}
}

// Where a process connects to is told by the kernel, and not by the process: also of what it starts, and whatever becomes of it.
func TestTheKernelTellsWhereAProcessConnectsTo(t *testing.T) {
	for act, want := range map[string]string{"tcp": "127.0.0.1:1", "udp": "::1", "unix": "/nowhere", "nothing": "", "grandchild": "127.0.0.1:1"} {
		addresses, told := connectsOf(t, process(t, "probe", nil, act))
		if !told {
			t.Logf("this kernel does not tell")
			return
		}
		if got := strings.Join(addresses, " "); (want == "") != (got == "") || !strings.Contains(got, want) {
			t.Errorf("%s: %q", act, got)
		}
	}
}

package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// pressed is a line as it is typed at a shell (⇥ is Tab), and the words the program is then started with.
type pressed struct{ typed, words string }

var presses = []pressed{
	{"connsync dif⇥--unm⇥", "<diff><--unmanaged>"},
	{"connsync diff --format=mark⇥", "<diff><--format=markdown>"},
	{"connsync diff -t st⇥--only ⇥", "<diff><-t><stage><--only><fw>"},
	{"connsync set prod/ed⇥config.a⇥", "<set><prod/edr_prod.config.auth.user>"},
	{"connsync rename prod/x1⇥", "<rename><prod/x1 $(touch pwned) `touch pwned` &>"},
	{"connsync rename 'prod/x1⇥", "<rename><prod/x1 $(touch pwned) `touch pwned` &>"},
	{"connsync rename \"prod/x2⇥", "<rename><prod/x2'; touch pwned #>"},
	{"connsync diff --only x3⇥", "<diff><--only><x3\"!x \\*>"},
	{"connsync sync --report=repo⇥", "<sync><--report=report of june.json>"},
	{"connsync diff --target '$(touch pwned)' --format mark⇥", "<diff><--target><$(touch pwned)><--format><markdown>"},
}

// shellsUnderTest are shells that a person types at, without their own configuration. Each loads the completion, defines connsync as a function
// to show its words, and says when it is ready.
var shellsUnderTest = []struct {
	name    string
	program []string
	load    string
}{
	{"bash", []string{"bash", "--norc", "--noprofile", "-i"}, `source <(connsync completion bash); connsync() { printf '<%s>' "$@"; }; echo re''ady`},
	{"zsh", []string{"zsh", "-f", "-i"}, `autoload -Uz compinit && compinit -u -D; source <(connsync completion zsh); connsync() { printf '<%s>' "$@" }; echo re''ady`},
	{"fish", []string{"fish", "--no-config", "-i"}, `command connsync completion fish | source; function connsync; printf '<%s>' $argv; end; echo re''ady`},
}

// What stands on the line after Tab is what the program is started with, in real shells; and no name does anything in one.
func TestCompletionInRealShells(t *testing.T) {
	for _, s := range shellsUnderTest {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			if _, err := exec.LookPath(s.name); err != nil {
				if s.name == "bash" {
					t.Fatal(err)
				}
				t.Logf("T-SHELLS: %s is not installed here: its script was not run", s.name)
				return
			}
			dir := toComplete(t)
			person := shellIn(t, dir, s.program)
			for _, line := range append([]pressed{{s.load, "ready"}}, presses...) {
				fmt.Fprint(person, strings.ReplaceAll(line.typed, "⇥", "\t")+"\r")
				if shown := upTo(person, line.words); !strings.Contains(shown, line.words) {
					t.Fatalf("%s gives %q, want %s", line.typed, shown, line.words)
				}
			}
			if left, _ := filepath.Glob(filepath.Join(dir, "pwned*")); len(left) > 0 {
				t.Errorf("a name was run: %v", left)
			}
		})
	}
}

// shellIn starts a shell at a terminal of its own.
func shellIn(t *testing.T, dir string, program []string) (person *os.File) {
	t.Helper()
	person, away := terminal(t)
	cmd := exec.Command(program[0], program[1:]...)
	cmd.Dir, cmd.Stdin, cmd.Stdout, cmd.Stderr = dir, away, away, away
	cmd.Env = append(os.Environ(), "TERM=xterm", "HOME="+t.TempDir(), "HISTFILE=", "GOGC=400", "COLUMNS=200")
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	return person
}

// upTo reads what is shown up to a text, and half a minute at most.
func upTo(person *os.File, text string) string {
	shown, end := "", time.Now().Add(30*time.Second)
	for buffer := make([]byte, 4096); !strings.Contains(shown, text) && time.Now().Before(end); {
		poll := []unix.PollFd{{Fd: int32(person.Fd()), Events: unix.POLLIN}}
		if n, err := unix.Poll(poll, 1000); n == 0 || err != nil {
			continue
		}
		n, err := person.Read(buffer)
		if err != nil {
			break
		}
		shown += string(buffer[:n])
	}
	return shown
}

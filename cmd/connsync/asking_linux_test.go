package main

import (
	"bytes"
	"cmp"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"connsync/apply/secmaster/emulator"
)

// secretive is a shared repository. It asks before it lets anyone in.
type secretive struct {
	root, bare, clone string // to be copied
	host              string // serves all copies
}

func newSecretive(t *testing.T) *secretive {
	root := quickDir(t)
	s := &secretive{root: root, bare: filepath.Join(root, "server.git"), clone: filepath.Join(root, "clone")}
	seedRepository(t, s.bare, 2)
	s.host = hosted(t, s.bare, "canary-token")
	runGit(t, root, "clone", "-q", "--template=", s.bare, s.clone)
	return s
}

// copies are a server's repository and a clone of it with an address as its origin: BARE in it is the folder, and HTTP where the folder is served.
func (s *secretive) copies(t *testing.T, address, config string) (clone, bare string) {
	t.Helper()
	dir, err := os.MkdirTemp(s.root, "")
	if err != nil {
		t.Fatal(err)
	}
	clone, bare = filepath.Join(dir, "clone"), filepath.Join(dir, "server.git")
	address = strings.NewReplacer("BARE", bare, "HTTP", strings.TrimPrefix(s.host, "http://")+"/"+filepath.Base(dir)+"/server.git").Replace(address)
	text := "[core]\n\trepositoryformatversion = 0\n[remote \"origin\"]\n\turl = " + address + "\n" + config
	if os.CopyFS(bare, os.DirFS(s.bare)) != nil || os.CopyFS(clone, os.DirFS(s.clone)) != nil || os.WriteFile(filepath.Join(clone, ".git", "config"), []byte(text), 0o644) != nil {
		t.Fatal("the copies cannot be made")
	}
	return clone, bare
}

const (
	asksPassphrase = `for try in 1 2 3; do
	[ "$("$SSH_ASKPASS" "Enter passphrase for key '/home/emma/.ssh/id': ")" = canary-phrase ] && break
	[ $try = 3 ] && { echo "Permission denied (publickey)." >&2; exit 255; }
done`
	asksHost = `if [ ! -e "$here/known" ]; then
	answer=$("$SSH_ASKPASS" "The authenticity of host 'git.example (\033[2J192.0.2.1)' can't be established.
::error::ED25519 key fingerprint is SHA256:$(printf '\033]0;owned\007\r')abc.
Are you sure you want to continue connecting (yes/no/[fingerprint])? ") && [ "$answer" = yes ] || { echo "Host key verification failed." >&2; exit 255; }
	: >"$here/known"
fi`
	asksToTouch = `SSH_ASKPASS_PROMPT=none "$SSH_ASKPASS" "Confirm user presence for key ED25519-SK SHA256:abc" & asks=$!
while [ ! -e "$here/touched" ] && [ -e "$here" ]; do sleep 0.1; done; kill $asks`
)

// visit is a person at a terminal, who says something wherever a text is shown, in this order.
type visit struct {
	says  [][2]string
	touch func()
	shown string
	code  int
	errs  error
}

// What a person says who presses Ctrl-C, presses Ctrl-D, and touches a key; and the last text of a terminal.
const interrupted, gone, touches, theEnd = "\x03", "\x04", "(touches)", "(the end)"

// attend shows the person everything, and has them answer.
func (v *visit) attend(person *os.File, interrupt func()) {
	at, buffer := 0, make([]byte, 4096)
	for {
		n, err := person.Read(buffer)
		v.shown += string(buffer[:n])
		if shown, over := strings.CutSuffix(v.shown, theEnd); over || err != nil {
			v.shown = shown
			return
		}
		for len(v.says) > 0 && strings.Contains(v.shown[at:], v.says[0][0]) {
			at = len(v.shown)
			answer := v.says[0][1]
			v.says = v.says[1:]
			if act := map[string]func(){interrupted: interrupt, touches: v.touch}[answer]; act != nil {
				act()
				break
			}
			if _, err := person.WriteString(answer); err != nil {
				v.errs = err
				return
			}
			break
		}
	}
}

// atATerminal runs a command line here, at a terminal.
func (v *visit) atATerminal(t *testing.T, env map[string]string, args ...string) {
	t.Helper()
	person, program := terminal(t)
	before, err := unix.IoctlGetTermios(int(program.Fd()), unix.TCGETS)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	done := make(chan bool)
	go func() {
		defer close(done)
		v.attend(person, cancel)
	}()
	var out bytes.Buffer
	v.code = Main(ctx, args, world{stdin: program, stdout: &out, stderr: program, env: func(k string) string { return env[k] }})
	after, err := unix.IoctlGetTermios(int(program.Fd()), unix.TCGETS)
	if err != nil || after.Lflag != before.Lflag {
		t.Errorf("the terminal is left with %x, was %x (%v)", after.Lflag, before.Lflag, err)
	}
	_, err = program.WriteString(theEnd)
	<-done
	_, lastErr := person.WriteString("\n") // for who still reads
	if err != nil || lastErr != nil {
		t.Fatal(err, lastErr)
	}
	v.shown += out.String()
	if v.errs != nil || len(v.says) > 0 {
		t.Errorf("it was not asked: %q %v\n%s", v.says, v.errs, v.shown)
	}
}

// On a terminal Git asks as it does for a push, once in a sync whatever it takes: what is typed unseen is not shown, and nothing of a
// stranger's text speaks to the terminal.
func TestGitAsksAPersonAtATerminal(t *testing.T) {
	t.Parallel()
	s := newSecretive(t)
	const http, scp, yes = "http://HTTP", "git@git.example:BARE", "to continue:"
	user, password := [2]string{"Username for 'http://127.0.0.1", "emma\n"}, [2]string{"Password for 'http://emma@127.0.0.1", "canary-token\n"}
	for name, c := range map[string]struct {
		address, ssh string
		command      string // or diff
		token        string // of connsync's own
		says         [][2]string
		code         int
		want         []string
		times        int // of "git asks:"
	}{
		"a user and a password": {
			address: http, command: "sync", says: [][2]string{user, password, {yes, "yes\n"}},
			want: []string{"2 created", "emma\r\n", "which asked for them here"}, times: 2,
		},
		"a password": {address: "http://emma@HTTP", says: [][2]string{password}, want: []string{"2 to create"}, times: 1},
		"a password, after a token that is wrong": {address: "http://emma@HTTP", token: "canary-wrong", says: [][2]string{password}, want: []string{"2 to create"}, times: 1},
		"a wrong password": {
			address: http, command: "sync", says: [][2]string{user, {"Password for", "canary-wrong\n"}},
			code: exitFailed, want: []string{"the server does not take the credentials\r\n"}, times: 2,
		},
		"no answer": {
			address: http, command: "sync", says: [][2]string{{"Username for", gone}},
			code: exitFailed, want: []string{"it asks for credentials, and the question was not answered"}, times: 1,
		},
		"an interruption at a user's name": {
			address: http, command: "sync", says: [][2]string{{"Username for", interrupted}},
			code: exitInterrupted, want: []string{"error: prod: interrupted"}, times: 1,
		},
		"an interruption at a password": {address: http, says: [][2]string{user, {"Password for", interrupted}}, code: exitInterrupted, times: 2},
		"a passphrase": {
			address: scp, ssh: asksPassphrase, command: "sync", says: [][2]string{{"Enter passphrase for key '/home/emma/.ssh/id': ", "canary-phrase\n"}, {yes, "yes\n"}},
			want: []string{"2 created"}, times: 1,
		},
		"a wrong passphrase": {
			address: scp, ssh: asksPassphrase, command: "sync", says: [][2]string{{"Enter passphrase", "canary-wrong\n"}, {"Enter passphrase", "canary-phrase\n"}, {yes, "no\n"}},
			code: exitRefused, want: []string{"not confirmed; nothing was sent"}, times: 2,
		},
		"only wrong ones": {
			address: scp, ssh: asksPassphrase, command: "sync", says: [][2]string{{"Enter passphrase", "canary-1\n"}, {"Enter passphrase", "canary-2\n"}, {"Enter passphrase", "canary-3\n"}},
			code: exitFailed, want: []string{"the server takes none of the keys\r\n"}, times: 3,
		},
		"an interruption at a passphrase": {
			address: scp, ssh: asksPassphrase, command: "sync", says: [][2]string{{"Enter passphrase", interrupted}},
			code: exitInterrupted, times: 1,
		},
		"an unknown host": {
			address: scp, ssh: asksHost, says: [][2]string{{"(yes/no/[fingerprint])? ", "yes\n"}},
			want: []string{"2 to create", `  \x3a:error::ED25519 key fingerprint is SHA256:\x1b]0;owned\x07\x0dabc.`, "(yes/no/[fingerprint])? yes\r\n"}, times: 1,
		},
		"a host that is not trusted": {
			address: scp, ssh: asksHost, command: "sync", says: [][2]string{{"(yes/no/[fingerprint])? ", "no\n"}},
			code: exitFailed, want: []string{"the host's key is not known"}, times: 1,
		},
		"a host and a passphrase": {
			address: scp, ssh: asksHost + "\n" + asksPassphrase,
			says: [][2]string{{"(yes/no/[fingerprint])? ", "yes\n"}, {"Enter passphrase", "canary-phrase\n"}},
			want: []string{"2 to create"}, times: 2,
		},
		"a key to be touched": {
			address: scp, ssh: asksToTouch, says: [][2]string{{"git says:\r\n  Confirm user presence for key ED25519-SK SHA256:abc", touches}},
			want: []string{"2 to create"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			server, env, url := emulated(t)
			env["CONNSYNC_GIT_TOKEN"] = c.token
			stand, config := "", ""
			if c.ssh != "" {
				stand, config = sshThat(t, c.ssh)
			}
			clone, bare := s.copies(t, c.address, config)
			v := &visit{says: c.says, touch: func() { _ = os.WriteFile(filepath.Join(filepath.Dir(stand), "touched"), nil, 0o644) }}
			v.atATerminal(t, env, cmp.Or(c.command, "diff"), "-v", "--color=never", "-C", clone, "--endpoint", url)
			if v.code != c.code || strings.Contains(v.shown, "canary") || strings.Contains(strings.ReplaceAll(v.shown, "\r\x1b[K", ""), "\x1b") || strings.Contains(v.shown, "\n::") {
				t.Errorf("exit %d:\n%q", v.code, v.shown)
			}
			for _, want := range c.want {
				if !strings.Contains(v.shown, want) {
					t.Errorf("%q is not in:\n%s", want, v.shown)
				}
			}
			if n := strings.Count(v.shown, "git asks:"); n != c.times {
				t.Errorf("it asked %d times, not %d:\n%s", n, c.times, v.shown)
			}
			if !slices.Contains(c.want, "2 created") && (server.Count(emulator.RouteCreate) > 0 || strings.Contains(runGit(t, bare, "for-each-ref"), "connsync-state")) {
				t.Errorf("something was written: %d creates", server.Count(emulator.RouteCreate))
			}
		})
	}
}

// Where no one is at a terminal, in CI, and where Git was told so, nothing asks and nothing waits; and a program of the user's answers in our place.
func TestGitAsksNobodyElse(t *testing.T) {
	s := newSecretive(t)
	answers := filepath.Join(t.TempDir(), "answers")
	if err := os.WriteFile(answers, []byte("#!/bin/sh\ncase \"$1\" in Username*) echo emma ;; Password*) echo canary-token ;; *) echo canary-phrase ;; esac\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	_, ssh := sshThat(t, asksPassphrase)
	for name, c := range map[string]struct {
		away   bool // stdin is no terminal
		env    map[string]string
		config string
		ssh    bool
		lets   bool
	}{
		"a pipe":                        {away: true},
		"a pipe, and ssh":               {away: true, ssh: true},
		"CI":                            {env: map[string]string{"CI": "true"}},
		"CI, and ssh":                   {env: map[string]string{"CI": "1"}, ssh: true},
		"GIT_TERMINAL_PROMPT":           {env: map[string]string{"GIT_TERMINAL_PROMPT": "0"}},
		"a job's token":                 {env: map[string]string{"GITHUB_TOKEN": "canary-token", "GITHUB_SERVER_URL": "HOST"}, lets: true},
		"GIT_ASKPASS":                   {env: map[string]string{"GIT_ASKPASS": answers}, lets: true},
		"core.askPass":                  {config: "[core]\n\taskPass = " + answers + "\n", lets: true},
		"SSH_ASKPASS, and http":         {env: map[string]string{"SSH_ASKPASS": answers}, lets: true},
		"SSH_ASKPASS, and a display":    {env: map[string]string{"SSH_ASKPASS": answers, "DISPLAY": ":0"}, ssh: true, lets: true},
		"SSH_ASKPASS, and its use":      {env: map[string]string{"SSH_ASKPASS": answers, "SSH_ASKPASS_REQUIRE": "force"}, ssh: true, lets: true},
		"GIT_ASKPASS, without a person": {away: true, env: map[string]string{"GIT_ASKPASS": answers}, lets: true},
	} {
		t.Run(name, func(t *testing.T) {
			_, env, url := emulated(t)
			for k, v := range c.env {
				t.Setenv(k, v)
				env[k] = strings.Replace(v, "HOST", s.host, 1)
			}
			address, config := "http://HTTP", c.config
			if c.ssh {
				address, config = "git@git.example:BARE", ssh
			}
			clone, _ := s.copies(t, address, config)
			args := []string{"diff", "--exit-code", "--color=never", "-C", clone, "--endpoint", url}
			v := &visit{}
			if c.away {
				var out, errs string
				v.code, out, errs = inProcess(env, args...)
				v.shown = out + errs
			} else {
				v.atATerminal(t, env, args...)
			}
			says, code := "the remote refuses the credentials, or asks for some", exitFailed
			if c.lets {
				says, code = "2 to create", exitPending
			}
			if v.code != code || !strings.Contains(v.shown, says) || strings.Contains(v.shown, "git asks") || strings.Contains(v.shown, "canary") {
				t.Errorf("exit %d:\n%s", v.code, v.shown)
			}
		})
	}
}

// A push that asks goes on without an answer after an interruption: nothing is sent that was not announced, and what was sent is kept here.
func TestAnInterruptionAtAQuestionOfAPush(t *testing.T) {
	t.Parallel()
	s := newSecretive(t)
	for name, c := range map[string]struct {
		nth  string // push that asks
		made int
		says string
	}{
		"the announcement": {"1", 0, "the question was not answered"},
		"the record":       {"2", 2, "what was done is kept in this clone only"},
	} {
		t.Run(name, func(t *testing.T) {
			server, env, url := emulated(t)
			_, config := sshThat(t, `case "$2" in *receive-pack*)
	echo push >>"$here/pushes"
	[ "$(wc -l <"$here/pushes")" -ge `+c.nth+` ] && { "$SSH_ASKPASS" "Enter passphrase for key '/id': " || { echo "Permission denied (publickey)." >&2; exit 255; }; } ;;
esac`)
			clone, bare := s.copies(t, "git@git.example:BARE", config)
			v := &visit{says: [][2]string{{"Enter passphrase", interrupted}}}
			began := time.Now()
			v.atATerminal(t, env, "sync", "-y", "--color=never", "-C", clone, "--endpoint", url)
			if v.code != exitInterrupted || server.Count(emulator.RouteCreate) != c.made || strings.Count(v.shown, "git asks:") != 1 || time.Since(began) > endsIn+onBusyMachines {
				t.Errorf("exit %d, %d creates:\n%s", v.code, server.Count(emulator.RouteCreate), v.shown)
			}
			here, there := runGit(t, clone, "for-each-ref", "refs/heads/connsync-state"), runGit(t, bare, "for-each-ref", "refs/heads/connsync-state")
			if (there != "") != (c.made > 0) || (here != "") != (c.made > 0) || c.made > 0 && here == there {
				t.Errorf("here %q, there %q:\n%s", here, there, v.shown)
			}
			if !strings.Contains(v.shown, c.says) {
				t.Errorf("%q is not in:\n%s", c.says, v.shown)
			}
		})
	}
}

// Ctrl-C on a terminal of one's own, while nothing is shown of what is typed: the process ends, nothing was sent, and the terminal is as it was.
func TestCtrlCAtAQuestion(t *testing.T) {
	s := newSecretive(t)
	server, env, url := emulated(t)
	clone, _ := s.copies(t, "http://emma@HTTP", "")
	person, program := terminal(t)
	before, err := unix.IoctlGetTermios(int(program.Fd()), unix.TCGETS)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("connsync", "sync", "-C", clone, "--endpoint", url)
	for k, v := range env {
		cmd.Env = append(cmd.Environ(), k+"="+v)
	}
	cmd.Stdin, cmd.Stderr = program, program
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	readUntil(t, person, "Password for 'http://emma@")
	if _, err := person.WriteString("canary\x03"); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait()
	after, err := unix.IoctlGetTermios(int(program.Fd()), unix.TCGETS)
	if cmd.ProcessState.ExitCode() != exitInterrupted || server.Count("") > 0 || err != nil || after.Lflag != before.Lflag {
		t.Errorf("exit %d, %d requests, the terminal is left with %x, was %x (%v)", cmd.ProcessState.ExitCode(), server.Count(""), after.Lflag, before.Lflag, err)
	}
}

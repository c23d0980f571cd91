package main

import (
	"bufio"
	"bytes"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"connsync/apply/secmaster/emulator"
)

// started is how often programs with a certain beginning of their name were started.
func (w *leakWorld) started(program string) int {
	n := 0
	w.files(func(name string, text []byte) {
		if strings.HasPrefix(name, "children/") {
			first, _, _ := strings.Cut(string(text), "\n")
			if strings.HasPrefix(filepath.Base(first), program) {
				n++
			}
		}
	})
	return n
}

// onHost makes the remote one reached over HTTP: it takes only this password.
func (w *leakWorld) onHost(password string) {
	if err := os.Remove(w.path("remote.git/hooks/pre-receive")); err != nil { // there it is the host's own, and the host is told the password
		w.t.Fatal(err)
	}
	host := hosted(w.t, w.path("remote.git"), password)
	w.git("config", "remote.origin.url", host+"/remote.git")
}

var keyBlock = regexp.MustCompile(`(?m)^sops:\n( +)`)

// forPGP says of an encrypted file that a PGP key opens it too.
func forPGP(sealed string) string {
	return keyBlock.ReplaceAllString(sealed, "sops:\n${1}pgp:\n${1}${1}- created_at: \"2026-01-01T00:00:00Z\"\n${1}${1}  enc: none\n${1}${1}  fp: "+strings.Repeat("AB", 20)+"\n${1}")
}

// Programs started by connsync are given none of its credentials, and what they are told and tell stays between them.
func TestNothingLeaksToOtherPrograms(t *testing.T) {
	t.Parallel()
	base := template(t)
	var c leakCount
	for _, a := range []struct {
		name    string
		change  func(w *leakWorld)
		program string // the started one
		code    int
	}{
		{"a local remote and its hooks", func(*leakWorld) {}, "pre-receive", exitDone},
		{"git itself", func(*leakWorld) {}, "git", exitDone},
		{"a token for a host", func(w *leakWorld) { w.onHost(gitToken.text) }, "", exitDone},
		{"a wrong token for a host", func(w *leakWorld) { w.onHost("another") }, "", exitFailed},
		{"a credential helper", func(w *leakWorld) {
			w.onHost(gitHelper.text)
			w.env["CONNSYNC_GIT_TOKEN"] = ""
			w.git("config", "credential.helper", w.path("home/helper"))
		}, "helper", exitDone},
		{"a credential helper that knows another password", func(w *leakWorld) {
			w.onHost("another")
			w.env["CONNSYNC_GIT_TOKEN"] = ""
			w.git("config", "credential.helper", w.path("home/helper"))
		}, "helper", exitFailed},
		{"gpg", func(w *leakWorld) {
			w.alone()
			w.write("work/connections/edr.yaml", forPGP(w.read("work/connections/edr.yaml")))
			w.replace("work/connsync.yaml", "allow: [age]", "allow: [age, pgp]")
			w.commit("for PGP")
			w.env["SOPS_AGE_KEY"] = otherIdentity
		}, "gpg", exitFailed},
		{"a command that prints the key", func(w *leakWorld) {
			w.alone()
			w.script("home/keycmd", "cat \"$0.out\"")
			w.write("home/keycmd.out", testIdentity)
			w.env["SOPS_AGE_KEY"], w.env["SOPS_AGE_KEY_CMD"] = "", w.path("home/keycmd")
		}, "keycmd", exitDone},
	} {
		t.Run(a.name, func(t *testing.T) {
			w := newWorld(t, base, nil)
			a.change(w)
			w.remember()
			code, out := w.connsync("sync", "-v", "--report", "report.json", "--report", "report.html")
			c.look(w, out)
			if code != a.code {
				t.Errorf("exit %d\n%s", code, out)
			}
			if a.program != "" && w.started(a.program) == 0 {
				t.Errorf("%s was not started", a.program)
			}
		})
	}
	t.Logf("T-LEAK: %d runs with other programs, %d hits", c.runs.Load(), c.hits.Load())
}

// otherIdentity is an age key that opens nothing.
const otherIdentity = "AGE-SECRET-KEY-1QYQSZQGPQYQSZQGPQYQSZQGPQYQSZQGPQYQSZQGPQYQSZQGPQYQS7DPMNP"

// The emulator says nothing of what it is sent, well or badly.
func TestTheEmulatorAndTheDemoLeakNothing(t *testing.T) {
	t.Parallel()
	base := template(t)
	var c leakCount
	w := newWorld(t, base, nil)
	w.alone()
	served := w.command("emulator", "--addr", "127.0.0.1:0", "--data", w.path("server/emulated.json"), "--switch", "duplicates=refuse")
	stdout, err := served.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	var said, errs bytes.Buffer // each is written by a goroutine of its own
	served.Stderr = &errs
	if err := served.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = served.Process.Kill() }()
	lines := bufio.NewReader(io.TeeReader(stdout, &said))
	first, err := lines.ReadString('\n')
	address := regexp.MustCompile(`http://([0-9.:]+)`).FindStringSubmatch(first)
	if err != nil || address == nil {
		t.Fatalf("%v %s", err, first)
	}
	w.env["CONNSYNC_ENDPOINT"], w.env["HUAWEICLOUD_SDK_AK"], w.env["HUAWEICLOUD_SDK_SK"] = address[0], emulator.DefaultAccessKey, emulator.DefaultSecretKey
	w.git("update-ref", "-d", "refs/heads/connsync-state/prod")
	w.remember()
	if code, out := w.connsync("sync", "-v", "--report", "report.json", "--report", "report.html"); code != exitDone {
		t.Errorf("exit %d\n%s", code, out)
	} else {
		c.look(w, out)
	}
	if r, err := http.Post(address[0]+"/"+secretByHand.name, secretByHand.text, strings.NewReader(secretByHand.text)); err == nil {
		_ = r.Body.Close()
	}
	if conn, err := net.Dial("tcp", address[1]); err == nil {
		_, _ = io.WriteString(conn, secretByHand.text+" / HTTP/9\r\n"+secretByHand.text+"\r\n\r\n")
		_ = conn.Close()
	}
	_ = served.Process.Signal(os.Interrupt)
	_, _ = io.Copy(io.Discard, lines)
	_ = served.Wait()
	c.look(w, said.String()+errs.String())

	w = newWorld(t, base, nil)
	w.remember()
	code, out := w.connsync("demo")
	if code != exitDone || !strings.Contains(out, "3 created") {
		t.Errorf("exit %d\n%s", code, out)
	}
	c.look(w, out)
	t.Logf("T-LEAK: %d runs, %d hits", c.runs.Load(), c.hits.Load())
}

package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// leaky leaks a secret in every encoding, through the channel named by its argument.
func leaky() {
	var all []string
	for _, e := range encodings() {
		all = append(all, e.by(secretPassword.text))
	}
	text := strings.Join(all, "\n") + "\n"
	file := map[string]string{
		"a file where it works": "left", "a file at home": filepath.Join(os.Getenv("HOME"), "left"), "a temporary file": filepath.Join(os.TempDir(), "left"), "the report": "report.json",
	}
	var err error
	switch channel := os.Args[1]; channel {
	case "stdout":
		_, err = os.Stdout.WriteString(text)
	case "stderr":
		_, err = os.Stderr.WriteString(text)
	case "a Git object", "a packed Git object":
		git := exec.Command("git", "hash-object", "-w", "--stdin")
		git.Stdin = strings.NewReader(text)
		var id []byte
		if id, err = git.Output(); err == nil && channel == "a packed Git object" {
			git = exec.Command("git", "pack-objects", "-q", ".git/objects/pack/pack")
			git.Stdin = strings.NewReader(string(id))
			err = git.Run()
		}
	case "the name of a file":
		for _, e := range encodings() {
			if name := e.by(secretPassword.text); len(name) < 250 && !strings.ContainsAny(name, "/\x00") {
				err = os.WriteFile(name, nil, 0o600)
			}
		}
	case "the environment of a program":
		git := exec.Command("git", "version")
		for i, s := range all {
			if !strings.Contains(s, "\x00") {
				git.Env = append(git.Env, fmt.Sprintf("LEFT_%d=%s", i, s))
			}
		}
		git.Env = append(git.Env, "PATH="+os.Getenv("PATH"))
		err = git.Run()
	case "the arguments of a program":
		git := exec.Command("git", "version")
		for _, s := range all {
			if !strings.Contains(s, "\x00") {
				git.Args = append(git.Args, s)
			}
		}
		_ = git.Run()
	default:
		err = os.WriteFile(file[channel], []byte(text), 0o600)
	}
	if err != nil {
		panic(err)
	}
}

// What leaks on purpose is caught, in every encoding and through every channel: otherwise no other leak test says anything.
func TestWhatLeaksIsCaught(t *testing.T) {
	base := template(t)
	caught, all := 0, 0
	for channel, place := range map[string]string{
		"stdout": "output", "stderr": "output", "a file where it works": "work/left", "a file at home": "home/left", "a temporary file": "tmp/left", "the report": "work/report.json",
		"a Git object": "work/.git/objects/", "a packed Git object": "a pack of work", "the environment of a program": "children/", "the arguments of a program": "children/", "the name of a file": "work/",
	} {
		w := newWorld(t, base, nil)
		w.remember()
		code, out := w.runAs("leaky", channel)
		if code != 0 {
			t.Fatalf("%s: %s", channel, out)
		}
		found := map[string]bool{}
		for _, h := range w.leaks(out) {
			if h.canary == secretPassword.name && strings.HasPrefix(h.where, place) {
				found[h.encoding] = true
			}
		}
		for _, e := range encodings() {
			text := e.by(secretPassword.text)
			if strings.HasPrefix(channel, "the ") && strings.Contains(text, "\x00") || channel == "the name of a file" && (len(text) >= 250 || strings.Contains(text, "/")) {
				continue // no system lets it through
			}
			all++
			if found[e.name] {
				caught++
				continue
			}
			t.Errorf("%s through %s is not caught", e.name, channel)
		}
	}
	t.Logf("T-LEAK: control: %d of %d encodings and channels caught", caught, all)
}

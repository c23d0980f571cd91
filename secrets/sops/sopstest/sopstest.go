// Package sopstest gives tests the sops command itself, of the version in connsync's build: what people
// do to a file with it is what connsync has to understand. Only tests import it.
package sopstest

import (
	"bytes"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
)

// build has the go command make sops (go.mod names it as a tool) and keep it in the build cache: the first time it
// takes what a build of connsync takes, and then a fraction of a second. The folder and the environment are those that the tests were
// started with, since a test may have gone elsewhere, and set another HOME, and with it another cache.
var build = sync.OnceValues(func() (string, error) {
	cmd := exec.Command("go", "tool", "-n", "sops")
	cmd.Dir, cmd.Env = folder, started
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil {
		return errs.String(), err
	}
	return strings.TrimSpace(out.String()), nil
})

var (
	folder, _ = os.Getwd()
	started   = os.Environ()
)

// Command is the path of the sops command.
func Command(t testing.TB) string {
	t.Helper()
	path, err := build()
	if err != nil {
		t.Fatalf("sops cannot be built: %v\n%s", err, path)
	}
	return path
}

// Run runs sops in a folder and returns its standard output; the test fails where sops does. Of the environment it sees
// PATH, a HOME of its own, and env (SOPS_AGE_KEY=…, EDITOR=…).
func Run(t testing.TB, dir string, env []string, args ...string) string {
	t.Helper()
	out, errs, err := run(t, dir, env, args)
	if err != nil {
		t.Fatalf("sops %s: %v\n%s%s", strings.Join(args, " "), err, out, errs)
	}
	return out
}

// Fails is Run where sops is to fail. It returns what sops says.
func Fails(t testing.TB, dir string, env []string, args ...string) string {
	t.Helper()
	out, errs, err := run(t, dir, env, args)
	if err == nil {
		t.Fatalf("sops %s: no error\n%s%s", strings.Join(args, " "), out, errs)
	}
	return out + errs
}

func run(t testing.TB, dir string, env, args []string) (stdout, stderr string, err error) {
	t.Helper()
	cmd := exec.Command(Command(t), args...)
	cmd.Dir = dir
	cmd.Env = append([]string{"PATH=" + os.Getenv("PATH"), "HOME=" + t.TempDir()}, env...)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	err = cmd.Run()
	return out.String(), errs.String(), err
}

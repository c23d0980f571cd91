// Package sopstest gives tests the sops command itself, of the version in connsync's build: what people
// do to a file with it is what connsync has to understand. Only tests import it.
package sopstest

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/getsops/sops/v3/cmd/sops/formats"
)

// build has the go command make sops, of its own files and of testdata/sops, and keep it in the build cache: the first time it takes what a
// build of connsync takes, and then a second.
var build = sync.OnceValues(func() (string, error) {
	overlay, err := os.CreateTemp("", "sops-overlay-*.json")
	if err != nil {
		return "", err
	}
	defer os.Remove(overlay.Name())
	_, here, _, _ := runtime.Caller(0)
	beside := filepath.Join(filepath.Dir(here), "testdata", "sops")
	if err := errors.Join(json.NewEncoder(overlay).Encode(map[string]any{"Replace": ownFiles(beside)}), overlay.Close()); err != nil {
		return "", err
	}
	var program string
	for range 2 { // one that had to be built is gone then, and the second one is that of the cache
		program, err = goSays("run", "-exec", "echo", "-overlay", overlay.Name(), beside)
		if err != nil {
			return program, err
		}
		if _, err = os.Stat(program); err == nil {
			break
		}
	}
	return program, err
})

// ownFiles are the files of the sops command, as if they stood in a folder.
func ownFiles(dir string) map[string]string {
	file, _ := runtime.FuncForPC(reflect.ValueOf(formats.FormatForPath).Pointer()).FileLine(0)
	found, _ := filepath.Glob(filepath.Join(filepath.Dir(file), "..", "*.go"))
	replace := map[string]string{}
	for _, name := range found {
		if !strings.HasSuffix(name, "_test.go") {
			replace[filepath.Join(dir, filepath.Base(name))] = name
		}
	}
	return replace
}

// goSays is what the go command says. The folder and the environment are those that the tests were started with, since a test may have
// gone elsewhere, and set another HOME, and with it another cache.
func goSays(args ...string) (string, error) {
	cmd := exec.Command("go", args...)
	cmd.Dir, cmd.Env = folder, started
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil {
		return errs.String(), err
	}
	return strings.TrimSpace(out.String()), nil
}

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

// Opens tells whether sops decrypts a file.
func Opens(t testing.TB, dir string, env []string, file string) bool {
	t.Helper()
	_, _, err := run(t, dir, env, []string{"decrypt", file})
	return err == nil
}

// environment is all that sops sees of it.
func environment(home string, more []string) []string {
	return append([]string{"PATH=" + os.Getenv("PATH"), "HOME=" + home}, more...)
}

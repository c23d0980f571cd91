package main

import (
	"bytes"
	"context"
	"fmt"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"

	"connsync/apply/secmaster/emulator"
)

// inProcess runs a command line here, with an environment of its own.
func inProcess(env map[string]string, args ...string) (code int, stdout, stderr string) {
	var out, errs bytes.Buffer
	w := world{stdin: strings.NewReader(""), stdout: &out, stderr: &errs, env: func(k string) string { return env[k] }}
	code = Main(context.Background(), args, w)
	return code, out.String(), errs.String()
}

func emulated(t testing.TB) (*emulator.Server, map[string]string, string) {
	t.Helper()
	s, err := emulator.New(emulator.Options{})
	if err != nil {
		t.Fatal(err)
	}
	h := httptest.NewServer(s)
	t.Cleanup(h.Close)
	return s, map[string]string{"HUAWEICLOUD_SDK_AK": emulator.DefaultAccessKey, "HUAWEICLOUD_SDK_SK": emulator.DefaultSecretKey}, h.URL
}

// lay writes the files of an archive into a folder of their own, without what is expected of them.
func lay(t testing.TB, a *txtar.Archive) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.MkdirAll(filepath.Join(dir, "connections"), 0o755); err != nil {
		t.Fatal(err)
	}
	for _, f := range a.Files {
		if f.Name == "want" {
			continue
		}
		name := filepath.Join(dir, filepath.FromSlash(f.Name))
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, f.Data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

var placed = regexp.MustCompile(`(?m)^(connsync\.yaml|connections/[a-z]+\.yaml):[0-9]+:[0-9]+: \S`)

// Whatever the command: exit code 1, the mistake at its place, nothing on stdout, and not one request.
func TestABadManifestStopsEveryCommandBeforeAnyRequest(t *testing.T) {
	names, err := filepath.Glob("../../testdata/bad/*.txtar")
	if err != nil || len(names) < 60 {
		t.Fatalf("%d bad manifests, %v", len(names), err)
	}
	server, env, url := emulated(t)
	for _, name := range names {
		a, err := txtar.ParseFile(name)
		if err != nil {
			t.Fatal(err)
		}
		dir := lay(t, a)
		for _, command := range []string{"validate", "diff", "sync"} {
			t.Run(strings.TrimSuffix(filepath.Base(name), ".txtar")+"/"+command, func(t *testing.T) {
				code, stdout, stderr := inProcess(env, command, "-C", dir, "--endpoint", url)
				unbegun := filepath.Base(name) == "no-manifests.txtar" && strings.Contains(stderr, "there are no manifests yet in connections")
				if code != exitFailed || stdout != "" || !placed.MatchString(stderr) && !unbegun {
					t.Errorf("exit %d\n%s%s", code, stdout, stderr)
				}
				if strings.Contains(stderr, "canary") {
					t.Errorf("a secret: %s", stderr)
				}
			})
		}
	}
	if n := server.Count(""); n != 0 {
		t.Errorf("%d requests: %v", n, fmt.Sprint(server.Requests()))
	}
}

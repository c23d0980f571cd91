package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// On a terminal init asks for what no flag says, and takes an empty line for no more.
func TestABeginnerIsAsked(t *testing.T) {
	server, env, address := emulated(t)
	if err := server.Set("workspaces=3"); err != nil {
		t.Fatal(err)
	}
	env["SOPS_AGE_KEY"] = testIdentity
	dir := t.TempDir()
	person, program := terminal(t)
	var out bytes.Buffer
	code := make(chan int)
	go func() {
		w := world{stdin: program, stdout: &out, stderr: program, env: func(k string) string { return env[k] }}
		code <- Main(context.Background(), []string{"init", "-C", dir, "--endpoint", address}, w)
	}()
	for _, said := range [][2]string{
		{"Region of the workspace", "cn-north-4\n"}, {"Which workspace, by its number", "3\n"},
		{"Another key that can open the secrets", "85D77543B3D624B63CEA9E6DBC17301B491B3F21\n"}, {"Another key that can open the secrets", "\n"},
	} {
		readUntil(t, person, said[0])
		if _, err := person.WriteString(said[1]); err != nil {
			t.Fatal(err)
		}
	}
	if got := <-code; got != exitDone {
		t.Fatalf("exit code %d: %s", got, out.String())
	}
	for file, want := range map[string]string{"connsync.yaml": "allow: [age, pgp]", ".sops.yaml": testRecipient} {
		if text, err := os.ReadFile(filepath.Join(dir, file)); err != nil || !strings.Contains(string(text), want) {
			t.Errorf("%s: %v\n%s", file, err, text)
		}
	}
}

// What is in the way is left alone, and said.
func TestInitWritesThroughNothing(t *testing.T) {
	const place = "--workspace=11111111-2222-4333-8444-555555555555"
	for what, prepare := range map[string]func(dir string) error{
		"init .gitattributes": func(dir string) error { return os.Symlink("elsewhere", filepath.Join(dir, ".gitattributes")) },
		"init .vscode/settings.json": func(dir string) error {
			return os.WriteFile(filepath.Join(dir, ".vscode"), nil, 0o644)
		},
		"init connections/prod/first.yaml": func(dir string) error { return os.WriteFile(filepath.Join(dir, "connections"), nil, 0o644) },
		"--new-key":                        func(dir string) error { return os.WriteFile(filepath.Join(dir, "..", "in-the-way"), nil, 0o644) },
		"connsync.yaml:1":                  func(dir string) error { return os.WriteFile(filepath.Join(dir, "connsync.yaml"), []byte("x"), 0o644) },
	} {
		dir := filepath.Join(t.TempDir(), "repository")
		if err := os.Mkdir(dir, 0o755); err != nil {
			t.Fatal(err)
		}
		if err := prepare(dir); err != nil {
			t.Fatal(err)
		}
		args := []string{"init", "-C", dir, "--region=cn-north-4", place, "--new-key", filepath.Join(dir, "..", "key")}
		if what == "--new-key" {
			args[len(args)-1] = filepath.Join(dir, "..", "in-the-way", "key")
		}
		code, out, errs := inProcess(nil, args...)
		if code != exitFailed || !strings.Contains(errs, what) || strings.Contains(out+errs, "AGE-SECRET") {
			t.Errorf("%s: exit code %d\n%s%s", what, code, out, errs)
		}
	}
	if code, _, errs := inProcess(nil, "init", "-C", filepath.Join(t.TempDir(), "none")); code != exitFailed || !strings.Contains(errs, "-C") {
		t.Errorf("no folder: exit code %d, %s", code, errs)
	}
}

package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"unicode"
)

// command is a line a CI system would take for a command.
var command = regexp.MustCompile(`(?m)^\s*(::|##\[)`)

// TestNamesOfFilesCannotSpeak validates and compares projects with hostile names of files and folders: whatever is said of them, no control
// character gets out, no line is a command of a CI system, and nothing outside is read.
func TestNamesOfFilesCannotSpeak(t *testing.T) {
	outside := filepath.Join(t.TempDir(), "secret.yaml")
	if err := os.WriteFile(outside, []byte("canary-outside: canary-outside\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	const bad, good = "nothing: here\n", "connections:\n  prod:\n    a:\n      component: X\n      version: \"1\"\n      config: {}\n"
	for _, c := range []struct {
		name, file, text, link string
		code                   int
	}{
		{"ESC", "connections/\x1b[31mred.yaml", good, "", exitFailed},
		{"a line break and a command", "connections/x\n::error::owned.yaml", good, "", exitFailed},
		{"a folder with a line break and a command", "connections/x\n##[error]owned/x.yaml", good, "", exitFailed},
		{"a change of direction", "connections/\u202exyz.yaml", good, "", exitFailed},
		{"not UTF-8", "connections/\xff\x9b31m.yaml", good, "", exitFailed},
		{"a command under a folder, with a mistake", "connections/::error::owned.yaml", bad, "", exitFailed},
		{"a command at the root, with a mistake", "::error::owned.yaml", bad, "", exitFailed},
		{"an old command at the root, with a mistake", "##[error]owned.yaml", bad, "", exitFailed},
		{"a command behind a space", "connections/ ::error::owned.yaml", bad, "", exitFailed},
		{"a command at the root, as a link", "::error::owned.yaml", "", outside, exitFailed},
		{"a folder at the root that is a command", "::stop-commands::x/owned.yaml", bad, "", exitFailed},
		{"a link to a file outside", "connections/x.yaml", "", outside, exitFailed},
		{"a link to a folder outside", "connections/sub", "", filepath.Dir(outside), exitFailed},
		{"a command, without a mistake", "connections/::error::owned.yaml", good, "", exitDone},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			files := map[string]string{"connsync.yaml": "manifests: [connections]\ntargets: {prod: {region: cn-north-4, workspace_id: w-1}}\n", "connections/a.yaml": strings.Replace(good, "    a:", "    first:", 1)}
			if !strings.HasPrefix(c.file, "connections/") {
				root, _, _ := strings.Cut(c.file, "/")
				files["connsync.yaml"] = strings.Replace(files["connsync.yaml"], "[connections]", `["`+root+`"]`, 1)
			}
			for name, text := range files {
				writeInto(t, dir, name, text)
			}
			runGit(t, dir, "init", "-q", "-b", "main")
			runGit(t, dir, "add", "-A")
			runGit(t, dir, "commit", "-q", "-m", "base")
			if c.link == "" {
				writeInto(t, dir, c.file, c.text)
			} else if err := os.Symlink(c.link, filepath.Join(dir, c.file)); err != nil {
				t.Fatal(err)
			}
			for _, args := range [][]string{{"validate"}, {"validate", "--format", "json"}, {"validate", "-v"}, {"diff", "--base", "HEAD"}} {
				code, stdout, stderr := inProcess(nil, append(args, "-C", dir)...)
				out := stdout + stderr
				if code != c.code {
					t.Errorf("%v: exit %d, want %d\n%s", args, code, c.code, out)
				}
				if strings.ContainsFunc(out, func(r rune) bool { return r != '\n' && !unicode.IsPrint(r) }) || command.MatchString(out) || strings.Contains(out, "canary") {
					t.Errorf("%v: %q", args, out)
				}
			}
		})
	}
}

func writeInto(t *testing.T, dir, name, text string) {
	t.Helper()
	full := filepath.Join(dir, name)
	if err := os.MkdirAll(filepath.Dir(full), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(full, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

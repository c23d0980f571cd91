package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"
)

// Each command of the first day says which one comes next, and only while it does.
func TestABeginnerIsToldWhatComesNext(t *testing.T) {
	_, env, address := emulated(t)
	dir := t.TempDir()
	t.Setenv("HOME", t.TempDir())
	env["SOPS_AGE_KEY"] = testIdentity
	run := func(args ...string) string {
		t.Helper()
		code, out, errs := inProcess(env, append(args, "-C", dir, "--endpoint", address)...)
		if code != exitDone {
			t.Fatalf("%v: exit code %d\n%s%s", args, code, out, errs)
		}
		return strings.ReplaceAll(out+errs, " -C "+dir+" --endpoint "+address, "")
	}
	holds := func(said string, wanted []string, not ...string) {
		t.Helper()
		for _, w := range wanted {
			if !strings.Contains(said, w) {
				t.Errorf("%q is not in\n%s", w, said)
			}
		}
		for _, n := range not {
			if strings.Contains(said, n) {
				t.Errorf("%q is in\n%s", n, said)
			}
		}
	}
	holds(run("init", "--region", "cn-north-4"), []string{"no CI workflow was written", "connsync init --ci github", "github, gitlab, bitbucket, azure or jenkins", "  connsync import --dry-run"})
	holds(run("import"), []string{"Nothing to import.\n  3 connections built in, or of an emergency policy: --built-in takes them\n\nNext:\n  connsync plugins\n"}, "in known state already")
	manifest := filepath.Join(dir, "connections/prod/first.yaml")
	if err := os.WriteFile(manifest, []byte("connections:\n  prod:\n    edr:\n      component: EdrVendor\n      version: \"2.0\"\n      config:\n        endpoint: https://edr.example\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	holds(run("set", "prod/edr.endpoint", "https://edr-2.example"), nil, "Next:")
	holds(run("set", "prod/edr.password", "--generate", "24", "--dry-run"), nil, "Next:")
	holds(run("set", "prod/edr.password", "--generate", "24"), []string{"\nNext:\n  connsync seal connections/prod/first.yaml\n"})
	holds(run("seal", "--yes"), []string{"sealed 1 connection"})
	holds(run("set", "prod/edr.password", "--generate", "24"), nil, "Next:")
	holds(run("init", "--ci", "github"), []string{"Wrote 1 file.\n\nNext:\n", "  connsync validate\n"}, "no CI workflow", "connsync import")
}

// A page of help fits a terminal of 80 columns.
func TestTheTopicsOfHelpFitATerminal(t *testing.T) {
	t.Parallel()
	for name, page := range topics {
		for line := range strings.Lines(page) {
			if n := utf8.RuneCountInString(strings.TrimSuffix(line, "\n")); n > 80 {
				t.Errorf("help %s: %d columns: %s", name, n, line)
			}
		}
	}
}

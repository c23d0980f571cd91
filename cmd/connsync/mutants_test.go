package main

import (
	"encoding/json"
	"errors"
	"flag"
	"go/parser"
	"go/token"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

var runMutants = flag.Bool("mutants", false, "run the tests against every deliberate fault, which takes minutes")

// mutant is a deliberate fault: a change of one place in the product, and the tests to notice it.
type mutant struct {
	fault    string // what the product does then
	file     string
	old, new string // old stands in the file exactly once
	tests    string // a package, and a -run pattern where not all of its tests are needed
}

// TestMutants puts one fault after the other into the product; the tests are too weak if none notices a fault. In its
// short form it only checks whether every fault can still be put in.
func TestMutants(t *testing.T) {
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	caught := 0
	for _, m := range mutants {
		t.Run(strings.ReplaceAll(m.fault, " ", "_"), func(t *testing.T) {
			text := m.applied(t, root)
			if !*runMutants {
				return
			}
			if out, failed := m.test(t, root, "", true); failed {
				t.Fatalf("without the fault its tests fail already:\n%s", out)
			}
			out, failed := m.test(t, root, m.overlay(t, root, text), false)
			switch {
			case strings.Contains(out, "[build failed]") || strings.Contains(out, "[setup failed]"):
				t.Fatalf("the fault does not compile:\n%s", out)
			case !failed:
				t.Fatalf("nobody noticed: %s", m.fault)
			}
			caught++
		})
	}
	if *runMutants {
		t.Logf("T-MUT: %d of %d caught", caught, len(mutants))
	}
}

// applied is the file with the fault in it.
func (m mutant) applied(t *testing.T, root string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, m.file))
	if err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(string(text), m.old); n != 1 || m.old == m.new {
		t.Fatalf("%s has this %d times, and once is needed; if the code moved, move the fault with it:\n%s", m.file, n, m.old)
	}
	changed := strings.Replace(string(text), m.old, m.new, 1)
	if _, err := parser.ParseFile(token.NewFileSet(), m.file, changed, parser.SkipObjectResolution); err != nil {
		t.Fatalf("the fault is no Go: %v", err)
	}
	return changed
}

// overlay has the go command read the file with the fault instead of the real one.
func (m mutant) overlay(t *testing.T, root, text string) string {
	t.Helper()
	dir := t.TempDir()
	faulty, overlay := filepath.Join(dir, filepath.Base(m.file)), filepath.Join(dir, "overlay.json")
	replace, err := json.Marshal(map[string]any{"Replace": map[string]string{filepath.Join(root, m.file): faulty}})
	if err := errors.Join(err, os.WriteFile(faulty, []byte(text), 0o644), os.WriteFile(overlay, replace, 0o644)); err != nil {
		t.Fatal(err)
	}
	return overlay
}

// test runs the tests, and tells whether they fail.
func (m mutant) test(t *testing.T, root, overlay string, cached bool) (string, bool) {
	t.Helper()
	args := []string{"test", "-vet=off", "-timeout=3m"}
	if overlay != "" {
		args = append(args, "-overlay", overlay)
	}
	if !cached {
		args = append(args, "-failfast", "-count=1")
	}
	name, pattern, _ := strings.Cut(m.tests, " ")
	cmd := exec.Command("go", append(args, "-run", pattern, name)...)
	cmd.Dir = root
	out, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return string(out), err != nil
}

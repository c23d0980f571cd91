package manifest_test

import (
	"errors"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
	"unicode"

	"github.com/rogpeppe/go-internal/txtar"

	"connsync/manifest"
)

var update = flag.Bool("update", false, "write what the bad manifests give into testdata/bad")

// load reads a project and its manifests, and gives the mistakes.
func load(t testing.TB, files fstest.MapFS) (manifest.Set, manifest.Mistakes) {
	t.Helper()
	p, err := manifest.LoadProject(files, manifest.ProjectFile)
	var s manifest.Set
	if err == nil {
		s, err = manifest.Load(files, p)
	}
	var ms manifest.Mistakes
	if err != nil && !errors.As(err, &ms) {
		t.Fatal(err)
	}
	return s, ms
}

// told is everything a mistake says.
func told(ms manifest.Mistakes) string {
	var b strings.Builder
	for _, m := range ms {
		b.WriteString(m.Error() + "\n")
		if m.Source != "" {
			b.WriteString("  | " + m.Source + "\n")
		}
		for _, h := range m.Hints {
			b.WriteString("  hint: " + h + "\n")
		}
	}
	return b.String()
}

// Each file of testdata/bad is a project with something wrong in it, and what is said of it.
func TestBadManifests(t *testing.T) {
	names, err := filepath.Glob("../testdata/bad/*.txtar")
	if err != nil || len(names) < 60 {
		t.Fatalf("%d bad manifests, %v", len(names), err)
	}
	for _, name := range names {
		t.Run(strings.TrimSuffix(filepath.Base(name), ".txtar"), func(t *testing.T) {
			archive, err := txtar.ParseFile(name)
			if err != nil {
				t.Fatal(err)
			}
			files, want := fstest.MapFS{"connections": {Mode: os.ModeDir}}, ""
			for _, f := range archive.Files {
				if f.Name == "want" {
					want = string(f.Data)
					continue
				}
				files[f.Name] = &fstest.MapFile{Data: f.Data}
			}
			_, ms := load(t, files)
			if *update {
				rewrite(t, name, archive, told(ms))
				return
			}
			if got := told(ms); got != want || len(ms) == 0 {
				t.Errorf("got\n%s\nwant\n%s", got, want)
			}
			for _, m := range ms {
				wellSaid(t, m)
			}
		})
	}
}

func rewrite(t *testing.T, name string, a *txtar.Archive, want string) {
	t.Helper()
	kept := a.Files[:0]
	for _, f := range a.Files {
		if f.Name != "want" {
			kept = append(kept, f)
		}
	}
	a.Files = append(kept, txtar.File{Name: "want", Data: []byte(want)})
	if err := os.WriteFile(name, txtar.Format(a), 0o644); err != nil {
		t.Fatal(err)
	}
}

// wellSaid checks a mistake's form: a place, lower case, no period, nothing of a secret.
func wellSaid(t *testing.T, m manifest.Mistake) {
	t.Helper()
	if m.Pos.File == "" || m.Pos.Line < 0 || m.Pos.Line == 0 && m.Pos.Column != 0 {
		t.Errorf("place %+v", m.Pos)
	}
	if r := []rune(m.Message); len(r) == 0 || unicode.IsUpper(r[0]) && !unicode.IsUpper(r[1]) || strings.HasSuffix(m.Message, ".") {
		t.Errorf("message %q", m.Message)
	}
	all := m.Message + m.Source + strings.Join(m.Hints, "")
	if strings.Contains(all, "canary") || strings.ContainsFunc(all, func(r rune) bool { return !unicode.IsPrint(r) && r != '\t' }) {
		t.Errorf("it quotes what it must not: %q", all)
	}
}

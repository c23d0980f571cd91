package sops_test

import (
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"connsync/manifest"
)

// suiteCases are the texts of the YAML test suite, by their files.
func suiteCases(t *testing.T) map[string][]byte {
	t.Helper()
	out, err := exec.Command("go", "list", "-f", "{{.Dir}}", "github.com/goccy/go-yaml/testdata/yaml-test-suite").Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	cases := map[string][]byte{}
	err = filepath.WalkDir(strings.TrimSpace(string(out)), func(file string, e fs.DirEntry, err error) error {
		if err == nil && e.Name() == "in.yaml" {
			cases[file], err = os.ReadFile(file)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return cases
}

// TestWhatConnsyncReadsSopsReadsAlike makes a config of every case of the YAML test suite fit for one, encrypts it with SOPS, and
// compares what would be sent before and after. (Package manifest reads the same cases by themselves.)
func TestWhatConnsyncReadsSopsReadsAlike(t *testing.T) {
	recipient := key(t)
	all, alike := 0, 0
	for file, text := range suiteCases(t) {
		all++
		for _, config := range []string{
			"        encrypted:\n" + indented(text, "          "),
			"        clear:\n" + indented(text, "          "),
			indented(text, "        "),
		} {
			want, err := settings(t, config, nil)
			if err != nil {
				continue
			}
			alike++
			data := encryptedHere(t, config, recipient)
			opened, err := open(data)
			if err != nil {
				t.Errorf("%s: %v", file, err)
				continue
			}
			have, err := settings(t, data[strings.Index(data, "config:\n")+len("config:\n"):], opened.Secrets)
			if err != nil {
				t.Errorf("%s: %v", file, err)
				continue
			}
			for at, v := range want {
				if manifest.ValueDigest(v) != manifest.ValueDigest(have[at]) {
					t.Errorf("%s: %s is sent as %#v, want %#v", file, at, have[at], v)
				}
			}
			if len(have) != len(want) {
				t.Errorf("%s: %d settings, want %d", file, len(have), len(want))
			}
		}
	}
	if all < 402 || alike < 60 {
		t.Errorf("%d cases, and %d configs were accepted: these are fewer than there were", all, alike)
	}
	t.Logf("T-YAML: %d cases make %d configs, which sops reads alike", all, alike)
}

// indented is a text as a part of a file, without the mark of its begin.
func indented(text []byte, by string) string {
	lines := strings.Split(strings.TrimSuffix(strings.TrimPrefix(string(text), "---\n"), "\n"), "\n")
	for i, l := range lines {
		if l != "" {
			lines[i] = by + l
		}
	}
	return strings.Join(lines, "\n") + "\n"
}

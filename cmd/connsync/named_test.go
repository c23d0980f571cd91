package main

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var (
	namedTest    = regexp.MustCompile(`\b(Test|Fuzz)[A-Z][A-Za-z]+`)
	declaredTest = regexp.MustCompile(`(?m)^func ((Test|Fuzz)[A-Z][A-Za-z]+)\(`)
)

// What the changelog and the pages about tests name is there: a test that went away with what it held would be missed.
func TestEveryTestThatIsNamedExists(t *testing.T) {
	declared := map[string]bool{}
	if err := filepath.WalkDir("../..", func(path string, e fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, "_test.go") {
			return err
		}
		text, err := os.ReadFile(path)
		for _, m := range declaredTest.FindAllStringSubmatch(string(text), -1) {
			declared[m[1]] = true
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
	pages, err := filepath.Glob("../../docs/*.md")
	if err != nil {
		t.Fatal(err)
	}
	names := 0
	for _, page := range append(pages, "../../CHANGELOG.md", "../../SECURITY.md") {
		text, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range namedTest.FindAllString(string(text), -1) {
			names++
			if !declared[name] {
				t.Errorf("%s: no test is named %s", page, name)
			}
		}
	}
	if names < 50 {
		t.Errorf("%d names", names)
	}
}

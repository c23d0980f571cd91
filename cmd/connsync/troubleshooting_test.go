package main

import (
	goscan "go/scanner"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

var (
	errorRow  = regexp.MustCompile("(?m)^\\| `([^`]+)` \\| .+ \\| .+ \\|$")
	errorHead = regexp.MustCompile(`(?m)^\| Error \| Cause \| What helps \|$`)
)

// Each error of docs/troubleshooting.md is printed by connsync: it is found by its text or not at all.
func TestEveryErrorOfTheTroubleshootingPageIsPrinted(t *testing.T) {
	page, err := os.ReadFile("../../docs/troubleshooting.md")
	if err != nil {
		t.Fatal(err)
	}
	said := wordsOfTheProgram(t)
	rows := errorRow.FindAllStringSubmatch(string(page), -1)
	seen := map[string]bool{}
	for _, row := range rows {
		if part := unsaid(row[1], said); part != "" {
			t.Errorf("%s: nothing prints %q", row[1], part)
		}
		if seen[row[1]] {
			t.Errorf("%s stands twice", row[1])
		}
		seen[row[1]] = true
	}
	if tables := len(errorHead.FindAllString(string(page), -1)); len(rows) != strings.Count(string(page), "\n|")-2*tables {
		t.Errorf("%d rows of errors in %d tables: some row has another form", len(rows), tables)
	}
	if len(rows) < 40 {
		t.Errorf("%d errors", len(rows))
	}
	for _, wrong := range []string{"no credentials for Secmaster", "connection … names a third of its plugin", "no", "…"} {
		if unsaid(wrong, said) == "" {
			t.Errorf("%q passes for an error of connsync", wrong)
		}
	}
}

// unsaid is a part of an error in no literal of the program; "" where all are there. An error too short to find
// anything by is unsaid as a whole.
func unsaid(text, said string) string {
	if len(text) < 8 {
		return text
	}
	for part := range strings.SplitSeq(text, "…") {
		if part = strings.TrimSpace(part); !strings.Contains(said, part) {
			return part
		}
	}
	return ""
}

// wordsOfTheProgram are all its literals of text, a line each; what a format fills in is nothing.
func wordsOfTheProgram(t *testing.T) string {
	var said strings.Builder
	if err := filepath.WalkDir("../..", func(path string, e fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return err
		}
		source, err := os.ReadFile(path)
		var s goscan.Scanner
		s.Init(token.NewFileSet().AddFile(path, -1, len(source)), source, nil, 0)
		for _, kind, text := s.Scan(); kind != token.EOF; _, kind, text = s.Scan() {
			if words, err := strconv.Unquote(text); kind == token.STRING && err == nil {
				said.WriteString(words + "\n")
			}
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
	return said.String()
}

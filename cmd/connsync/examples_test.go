package main

import (
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/alecthomas/kong"
	"gopkg.in/yaml.v3"
)

var commandLine = regexp.MustCompile("(?m)(?:^|[ `$(])connsync ((?:init|validate|diff|sync|set|rename|reseal|import|plugins|schema|targets|state|emulator|demo|version)\\b[^`\n|&)#>]*)")

// Every command line in the examples and in the documents is one that connsync understands.
func TestTheCommandLinesOfAllDocumentsAreUnderstood(t *testing.T) {
	files, err := filepath.Glob("../../examples/*.yaml")
	if err != nil || len(files) < 3 {
		t.Fatalf("%v %v", files, err)
	}
	docs, err := filepath.Glob("../../docs/*.md")
	if err != nil {
		t.Fatal(err)
	}
	seen := 0
	for _, name := range append(append(files, docs...), "../../README.md", "../../CHANGELOG.md") {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range commandLine.FindAllStringSubmatch(string(text), -1) {
			args := strings.Fields(placeholders.Replace(strings.TrimRight(m[1], ` \`)))
			seen++
			if err := understood(args); err != nil {
				t.Errorf("%s: connsync %s: %v", filepath.Base(name), strings.Join(args, " "), err)
			}
		}
	}
	if seen < 30 {
		t.Errorf("only %d command lines were found", seen)
	}
}

var placeholders = strings.NewReplacer("'", "", `"`, "", "ROUTE:KIND[:after][:TIMES]", "x", "create connection:reset:after", "x", "N|N%", "10", "connsync sync   (safe to repeat)", "sync")

func understood(args []string) error {
	var c cli
	p, err := kong.New(&c, append(grammar(world{stdout: io.Discard, stderr: io.Discard}), kong.Exit(func(int) {}))...)
	if err != nil {
		return err
	}
	if len(args) == 1 && slices.Contains([]string{"state", "set", "rename", "reseal"}, args[0]) { // the command as a whole is talked about
		return nil
	}
	_, err = p.Parse(args)
	return err
}

func TestTheExamplesAreYAML(t *testing.T) {
	files, err := filepath.Glob("../../examples/*.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range files {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		var v map[string]any
		if err := yaml.Unmarshal(text, &v); err != nil || len(v) == 0 {
			t.Errorf("%s: %v", name, err)
		}
		if strings.Contains(string(text), "connsync") && strings.Contains(string(text), "pull_request_target") {
			t.Errorf("%s gives secrets to pull requests", name)
		}
	}
}

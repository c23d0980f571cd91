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

// commandLine finds command lines in a text. The commands are those of the grammar: so no new one is passed over.
func commandLine(t *testing.T) *regexp.Regexp {
	t.Helper()
	var names []string
	for _, n := range commandsOf(t) {
		if n.Parent != nil && n.Parent.Parent == nil {
			names = append(names, regexp.QuoteMeta(n.Name))
		}
	}
	return regexp.MustCompile("(?m)(?:^|[ `$(])connsync ((?:" + strings.Join(names, "|") + ")\\b[^`\n|&)#><]*)")
}

// connsync understands every command line in the examples and in the documents.
func TestTheCommandLinesOfAllDocumentsAreUnderstood(t *testing.T) {
	files, err := filepath.Glob("../../examples/*.yaml")
	if err != nil || len(files) < 3 {
		t.Fatalf("%v %v", files, err)
	}
	docs, err := filepath.Glob("../../docs/*.md")
	if err != nil {
		t.Fatal(err)
	}
	seen, commands, tried := 0, map[string]bool{}, map[string]bool{}
	lines := commandLine(t)
	for _, name := range append(append(files, docs...), "../../README.md", "../../CHANGELOG.md") {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range lines.FindAllStringSubmatch(string(text), -1) {
			args := strings.Fields(placeholders.Replace(strings.TrimRight(m[1], ` \`)))
			seen++
			commands[args[0]] = true
			if line := strings.Join(args, " "); tried[line] {
				continue
			} else {
				tried[line] = true
			}
			if err := understood(args); err != nil {
				t.Errorf("%s: connsync %s: %v", filepath.Base(name), strings.Join(args, " "), err)
			}
		}
	}
	if seen < 300 || len(commands) < 20 {
		t.Errorf("only %d command lines of %d commands were found", seen, len(commands))
	}
}

var placeholders = strings.NewReplacer("$@", "", "$SHARD", "1/2", "'", "", `"`, "", "ROUTE:KIND[:after][:TIMES]", "x", "create connection:reset:after", "x", "N|N%", "10", "completion SHELL", "completion bash", "connsync sync   (safe to repeat)", "sync")

func understood(args []string) error {
	c := grammarFor(nil)
	p, err := kong.New(c, append(grammar(world{stdout: io.Discard, stderr: io.Discard}), kong.Exit(func(int) {}))...)
	if err != nil {
		return err
	}
	if isCommand(p.Model.Node, args) { // it as a whole is talked about
		return nil
	}
	_, err = p.Parse(args)
	return err
}

// isCommand tells whether words are the name of a command, and nothing else.
func isCommand(n *kong.Node, words []string) bool {
	if len(words) == 0 {
		return true
	}
	i := slices.IndexFunc(n.Children, func(c *kong.Node) bool { return c.Name == words[0] })
	return i >= 0 && isCommand(n.Children[i], words[1:])
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

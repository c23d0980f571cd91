package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// spoken is a command with two of its command lines: one does its work, and the other fails.
type spoken struct {
	command   string
	does      []string
	doesCode  int
	fails     []string // after the command; nil for a command with nothing to fail by
	failsCode int
}

// endless are commands without an end of their own: they serve until they are interrupted, and have nothing to give then.
var endless = []string{"emulator serve"}

// spokenIn are all finite commands. Their order lets each find what it needs in a stage's clone.
func spokenIn(s *story, run string) []spoken {
	nowhere := []string{"-C", s.root + "/nowhere"}
	file := filepath.Join(s.work, "connections/updated.yaml")
	sides := filepath.Join(s.root, "block")
	again := filepath.Join(s.root, "new")
	report := filepath.Join(s.root, "report.json")
	return []spoken{
		{"state list", nil, exitDone, nowhere, exitFailed},
		{"state unlock", []string{"--run", run}, exitDone, []string{"--run", "none"}, exitRefused},
		{"validate", nil, exitDone, nowhere, exitFailed},
		{"diff", nil, exitDone, nowhere, exitFailed},
		{"sync", []string{"--prune", "--max-deletes", "1", "--settle", "1ms", "--report", report}, exitDone, []string{"--parallelism", "0"}, exitUsage},
		{"report merge", []string{report}, exitDone, []string{"no.json"}, exitFailed},
		{"secrets", nil, exitDone, []string{"--readable-by", "age1nobody"}, exitUsage},
		{"seal", []string{"--yes"}, exitDone, []string{"no.yaml"}, exitRefused},
		{"reseal", []string{file, "--dry-run"}, exitDone, []string{"no.yaml"}, exitRefused},
		{"set", []string{"prod/updated_1.config.userName", "other"}, exitDone, []string{"prod/none.config.userName", "x"}, exitRefused},
		{"rename", []string{"prod/updated_1", "renamed"}, exitDone, []string{"prod/none", "other"}, exitRefused},
		{"merge-driver", []string{sides + "0", sides + "1", sides + "2", "connections/same.yaml"}, exitDone, []string{"no", "no", "no", "no.yaml"}, exitFailed},
		{"import", []string{"--yes"}, exitDone, nowhere, exitFailed},
		{"plugins", []string{"--save"}, exitDone, []string{"NoSuchPlugin"}, exitRefused},
		{"doctor", nil, exitDone, []string{"--timeout", "1ms"}, exitUsage},
		{"schema", nil, exitDone, []string{"--config", "no.yaml"}, exitFailed},
		{"targets", nil, exitDone, []string{"--target", "none"}, exitUsage},
		{"state log", nil, exitDone, nowhere, exitFailed},
		{"state show", []string{"same"}, exitDone, []string{"none"}, exitRefused},
		{"state rebuild", nil, exitDone, nowhere, exitFailed},
		{"state forget", []string{"same"}, exitDone, []string{"none"}, exitRefused},
		{"init", []string{"-C", again, "--region", "cn-north-4", "--workspace", "11111111-2222-4333-8444-555555555555", "--project", "0123456789abcdef0123456789abcdef", "--recipient", testRecipient, "--ci", "none"}, exitDone, []string{"--ref", "main"}, exitUsage},
		{"demo", nil, exitDone, []string{"--no-such-flag"}, exitUsage},
		{"emulator edit", []string{"same", "--description", "by hand"}, exitDone, []string{"none", "--delete"}, exitRefused},
		{"iam", []string{"--for", "prune"}, exitDone, []string{"--for", "all"}, exitUsage},
		{"version", nil, exitDone, []string{"x"}, exitUsage},
		{"help", []string{"words"}, exitDone, []string{"synk"}, exitUsage},
		{"completion", []string{"fish"}, exitDone, []string{"csh"}, exitUsage},
	}
}

// Every finite command of the grammar gives exactly one value with --format json, as its schema says, and so it does where it fails: the exit
// code is the same, and nothing waits for a person.
func TestEveryCommandGivesOneValue(t *testing.T) {
	st := setStage(t)
	s, err := st.begin(false)
	if err != nil {
		t.Fatal(err)
	}
	defer s.end()
	t.Setenv("HOME", s.root)
	if err := os.Mkdir(filepath.Join(s.root, "new"), 0o755); err != nil {
		t.Fatal(err)
	}
	rules := "creation_rules:\n  - path_regex: ^connections/\n    encrypted_regex: ^(password|seal)$\n    mac_only_encrypted: true\n    age: " + testRecipient + "\n"
	if err := os.WriteFile(filepath.Join(s.work, ".sops.yaml"), []byte(rules), 0o644); err != nil {
		t.Fatal(err)
	}
	for i := range 3 {
		side := "connections:\n  prod:\n    a:\n      component: A\n      version: '1'\n"
		if err := os.WriteFile(filepath.Join(s.root, "block"+fmt.Sprint(i)), []byte(side), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	runGit(t, s.work, "add", "-A")
	runGit(t, s.work, "commit", "-q", "-m", "rules")
	known := map[string]bool{}
	for _, c := range spokenIn(s, "") {
		known[c.command] = true
	}
	for _, n := range grammarOf(t).Leaves(true) {
		name := strings.TrimPrefix(n.FullPath(), "connsync ")
		if !known[name] && !slices.Contains(endless, name) {
			t.Errorf("%s: a new command? Give it --format json, a schema in docs/commands.schema.json, and a line here", name)
		}
	}
	if died, err := s.killAt(slices.Index(st.calm[false], "before sending POST") + 1); err != nil || !died {
		t.Fatalf("killed: %v, %v", died, err)
	}
	dead, err := s.known()
	if err != nil || dead.Run == nil {
		t.Fatalf("%v %v", dead.Run, err)
	}
	for _, c := range spokenIn(s, dead.Run.ID) {
		value := s.oneValue(t, c.command, c.doesCode, c.does)
		if err := asPublished(c.command, value); err != nil {
			t.Errorf("%s: %v\n%s", c.command, err, value)
		}
		value = s.oneValue(t, c.command, c.failsCode, c.fails)
		if err := asPublished("error", value); err != nil && c.command != "sync" && c.command != "diff" {
			t.Errorf("%s %v: %v\n%s", c.command, c.fails, err, value)
		}
	}
}

// oneValue runs a command line, and gives the one value in its output.
func (s *story) oneValue(t *testing.T, command string, code int, args []string) []byte {
	t.Helper()
	line := append(strings.Fields(command), "--format=json")
	if asked := strings.Join(args, " "); !strings.Contains(asked, "-C ") && !s.alone(t, command) {
		line = append(line, "-C", s.work)
	}
	if slices.Contains([]string{"diff", "sync", "import", "plugins", "doctor", "emulator edit"}, command) {
		line = append(line, "--endpoint", s.http.URL)
	}
	var out, errs bytes.Buffer
	w := world{stdin: strings.NewReader(""), stdout: &out, stderr: &errs, env: func(k string) string { return s.env[k] }}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	got := Main(ctx, append(line, args...), w)
	if got != code || ctx.Err() != nil {
		t.Errorf("%s %v: exit %d, want %d\n%s%s", command, args, got, code, out.String(), errs.String())
	}
	d := json.NewDecoder(bytes.NewReader(out.Bytes()))
	var value, more any
	if err := d.Decode(&value); err != nil {
		t.Errorf("%s %v: %v: %q\n%s", command, args, err, out.String(), errs.String())
	}
	if err := d.Decode(&more); err != io.EOF {
		t.Errorf("%s %v: more than one value: %q", command, args, out.String())
	}
	return out.Bytes()
}

// alone tells whether a command asks nothing of a repository.
func (s *story) alone(t *testing.T, command string) bool {
	t.Helper()
	for _, n := range commandsOf(t) {
		if n.FullPath() == "connsync "+command {
			return n.Tag.Has("alone")
		}
	}
	return false
}

// asPublished compares a value with its schema.
func asPublished(name string, value []byte) error {
	return conforms("commands.schema.json#/$defs/"+strings.ReplaceAll(name, " ", "%20"), value)
}

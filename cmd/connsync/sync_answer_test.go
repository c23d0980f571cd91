package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

// A sync that is asked for one value answers with what its report says; without, nothing of that is on stdout.
func TestASyncAnswersWithItsReport(t *testing.T) {
	t.Parallel()
	_, env, url := emulated(t)
	b, _ := longBranch(t, 2)
	file := filepath.Join(t.TempDir(), "report.json")
	code, stdout, stderr := inProcess(env, "sync", "--yes", "--format", "json", "--report", file, "-C", b.dir, "--endpoint", url)
	text, err := os.ReadFile(file)
	if code != exitDone || err != nil {
		t.Fatalf("exit code %d, %v\n%s", code, err, stderr)
	}
	var said, reported map[string]any
	if err := json.Unmarshal([]byte(stdout), &said); err != nil {
		t.Fatalf("%v: %s", err, stdout)
	}
	if err := json.Unmarshal(text, &reported); err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(said, reported) || strings.Count(stdout, `"outcome": "created"`) != 2 {
		t.Errorf("it answers\n%s\nand reports\n%s", stdout, text)
	}
	if _, stdout, _ = inProcess(env, "sync", "-C", b.dir, "--endpoint", url); strings.Contains(stdout, `"outcome"`) {
		t.Errorf("nobody asked for a value: %s", stdout)
	}
}

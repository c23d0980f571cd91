package main

import (
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"
)

// The policy of docs/json.md accepts a branch no one has to look at, and refuses each kind of what a person should see.
func TestThePolicyOfTheDocuments(t *testing.T) {
	page, err := os.ReadFile("../../docs/json.md")
	if err != nil {
		t.Fatal(err)
	}
	documented := regexp.MustCompile(`(?s)jq --exit-status '(.*?)'\n`).FindSubmatch(page)
	if documented == nil {
		t.Fatal("no policy")
	}
	accepts := func(document string) bool {
		cmd := exec.Command("jq", "--exit-status", string(documented[1]))
		cmd.Stdin = strings.NewReader(document)
		out, err := cmd.CombinedOutput()
		if text := strings.TrimSpace(string(out)); text != "true" && text != "false" {
			t.Errorf("%s: %s", document, text)
		}
		return err == nil
	}
	everything, err := os.ReadFile("render/testdata/everything/branch.json")
	if err != nil {
		t.Fatal(err)
	}
	if accepts(string(everything)) {
		t.Error("a branch with one of everything is accepted")
	}
	for name, c := range map[string]struct {
		change, file, more string
		accepted           bool
	}{
		"a new connection":    {change: `{"action":"create","name":"a"}`, accepted: true},
		"a recipient removed": {change: `{"action":"update","name":"a"}`, file: `{"path":"a","facts":[{"kind":"recipient-removed"}],"high_risk":false}`, accepted: true},
		"a destination":       {change: `{"action":"update","name":"a","high_risk":["config.endpoint"]}`},
		"a removed one":       {change: `{"action":"remove","name":"a"}`},
		"a recipient added":   {change: `{"action":"update","name":"a"}`, file: `{"path":"a","facts":[{"kind":"recipient-added"}],"high_risk":false}`},
		"a risky file":        {change: `{"action":"update","name":"a"}`, file: `{"path":"a","high_risk":true}`},
		"a rule":              {change: `{"action":"update","name":"a"}`, more: `,"rule_changes":["x"]`},
		"a refused branch":    {change: `{"action":"update","name":"a"}`, more: `,"refused":true`},
	} {
		document := `{"schema":1,"plans":[{"changes":[` + c.change + `],"files":[` + c.file + `]}]` + c.more + `}`
		if accepts(document) != c.accepted {
			t.Errorf("%s: accepted %t", name, !c.accepted)
		}
	}
}

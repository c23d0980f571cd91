package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
	"github.com/rogpeppe/go-internal/txtar"

	"connsync/apply/secmaster/emulator"
)

// judge is the process for comparing documents with schemas: testdata/conforms. It ends with the tests.
var judge = sync.OnceValues(func() (func(schema string, document []byte) error, error) {
	exe, err := builtBeside("conforms")
	if err != nil {
		return nil, err
	}
	cmd := exec.Command(exe)
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	questions, answers, turn := json.NewEncoder(in), json.NewDecoder(out), sync.Mutex{}
	return func(schema string, document []byte) error {
		turn.Lock()
		defer turn.Unlock()
		var said string
		err := questions.Encode(map[string]any{"Schema": schema, "Document": document})
		if err == nil {
			err = answers.Decode(&said)
		}
		if err == nil && said != "" {
			err = errors.New(said)
		}
		return err
	}, nil
})

// conforms tells whether a document is as a published schema says: a file below docs, with # and what is meant in it.
func conforms(schema string, document []byte) error {
	compare, err := judge()
	if err != nil {
		return err
	}
	return compare(filepath.Join(startedIn, "../../docs", schema), document)
}

// jsonConforms checks what a command of a script wrote as JSON.
func jsonConforms(ts *testscript.TestScript, args []string, out string) {
	i := slices.Index(args, "--format")
	if i < 0 || i+1 == len(args) || args[i+1] != "json" || out == "" || slices.Contains(args, "--out") {
		return
	}
	if args[0] == "diff" || args[0] == "validate" || args[0] == "secrets" {
		ts.Check(conforms(args[0]+".schema.json", []byte(out)))
	}
}

func TestEveryResultOfValidateConformsToItsSchema(t *testing.T) {
	for _, manifest := range []string{
		"connections:\n  prod:\n    edr:\n      component: X\n      version: \"1\"\n      config: {}\n",
		"connections:\n  prod:\n    edr:\n      component: X\n      versoin: \"1\"\n      config: {password: x}\n",
		"]",
	} {
		_, stdout, stderr := inProcess(nil, "validate", "-C", lay(t, manifestsOf(manifest)), "--format", "json")
		if err := conforms("validate.schema.json", []byte(stdout)); err != nil || stderr != "" {
			t.Errorf("%v: %s%s", err, stdout, stderr)
		}
		for _, change := range [][2]string{{`"valid": true`, `"valid": false`}, {`"valid": false`, `"valid": true`}, {`"mistakes"`, `"errors"`}, {`"schema": 1`, `"schema": "1"`}} {
			document := strings.Replace(stdout, change[0], change[1], 1)
			if document != stdout && conforms("validate.schema.json", []byte(document)) == nil {
				t.Errorf("%s conforms", document)
			}
		}
	}
}

func TestValidateMarksMistakesOnGitHub(t *testing.T) {
	dir := lay(t, manifestsOf("connections:\n  prod:\n    edr:\n      component: X\n      versoin: \"1\"\n      config: {}\n"))
	code, stdout, stderr := inProcess(nil, "validate", "-C", dir, "--format", "github")
	if code != exitFailed || !regexp.MustCompile(`^::error file=connections/a\.yaml,line=[1-9][0-9]*,.*title=connsync%3A mistake::`).MatchString(stdout) || stderr != "" {
		t.Errorf("exit %d: %s%s", code, stdout, stderr)
	}
	dir = lay(t, manifestsOf("connections:\n  prod:\n    edr:\n      component: X\n      version: \"1\"\n      config: {}\n"))
	if code, stdout, stderr := inProcess(nil, "validate", "-C", dir, "--format", "github"); code != exitDone || strings.Contains(stdout, "::") || !strings.HasPrefix(stdout, "valid:") {
		t.Errorf("exit %d: %s%s", code, stdout, stderr)
	}
}

// manifestsOf is a project for the emulated workspace with one file of manifests.
func manifestsOf(manifests string) *txtar.Archive {
	project := fmt.Sprintf(demoProject, emulator.DefaultRegion, emulator.DefaultProject, emulator.DefaultWorkspace)
	return &txtar.Archive{Files: []txtar.File{{Name: "connsync.yaml", Data: []byte(project)}, {Name: "connections/a.yaml", Data: []byte(manifests)}}}
}

//go:build !linux

package sopstest

import (
	"bytes"
	"os/exec"
	"testing"
)

// run runs sops as Run says.
func run(t testing.TB, dir string, env, args []string) (stdout, stderr string, err error) {
	t.Helper()
	cmd := exec.Command(Command(t), args...)
	cmd.Dir, cmd.Env = dir, environment(t.TempDir(), env)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	err = cmd.Run()
	return out.String(), errs.String(), err
}

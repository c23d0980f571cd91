package main

import (
	"bytes"
	"context"
	"strings"
	"testing"
	"time"
)

// At a terminal seal asks, after it showed what it would sign. Only "yes" to continue: anything else leaves the file byte for byte as it was.
func TestAPersonIsAskedBeforeASeal(t *testing.T) {
	t.Setenv("SOPS_AGE_KEY", testIdentity)
	b := newBranch(t, true)
	before := b.read(branchFile)
	for _, c := range []struct {
		typed string
		code  int
	}{{"no\n", exitRefused}, {"y\n", exitRefused}, {"\n", exitRefused}, {"yes\n", exitDone}} {
		person, program := terminal(t)
		shown := make(chan string, 1)
		go func() {
			text, buffer := "", make([]byte, 1024)
			for !strings.Contains(text, "to continue:") {
				n, err := person.Read(buffer)
				if text += string(buffer[:n]); err != nil {
					break
				}
			}
			_, _ = person.WriteString(c.typed)
			shown <- text
		}()
		var out bytes.Buffer
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		code := Main(ctx, []string{"seal", "-C", b.dir}, world{stdin: program, stdout: &out, stderr: program, env: func(k string) string { return map[string]string{"SOPS_AGE_KEY": testIdentity}[k] }})
		cancel()
		if code != c.code {
			t.Errorf("%q: exit code %d:\n%s", c.typed, code, out.String())
		}
		if asked := <-shown; !strings.Contains(asked, "Sign 2 connections?") {
			t.Errorf("%q: asked %q", c.typed, asked)
		}
		for _, line := range []string{"config.password  (encrypted)", "plugin", "place", "config.endpoint"} {
			if !strings.Contains(out.String(), line) {
				t.Errorf("%q: it does not show %q before it asks:\n%s", c.typed, line, out.String())
			}
		}
		if sealed := strings.Contains(b.read(branchFile), "seal: ENC["); sealed != (c.code == exitDone) || !sealed && b.read(branchFile) != before {
			t.Errorf("%q: sealed: %t", c.typed, sealed)
		}
	}
}

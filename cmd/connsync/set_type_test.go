package main

import (
	"bytes"
	"context"
	"strings"
	"testing"
)

// An encrypted value keeps its type, as one in the clear does. An unfit text is refused, with the flag for making a text of it, and the file stays as it is.
func TestAnEncryptedValueKeepsItsType(t *testing.T) {
	b := newBranch(t, true)
	set := func(typed string, args ...string) (int, string) {
		var out bytes.Buffer
		w := world{stdin: strings.NewReader(typed), stdout: &out, stderr: &out, env: func(k string) string { return map[string]string{"SOPS_AGE_KEY": testIdentity}[k] }}
		return Main(context.Background(), append([]string{"set", "-C", b.dir, "prod/edr.token"}, args...), w), out.String()
	}
	t.Setenv("SOPS_AGE_KEY", testIdentity)
	for _, c := range []struct {
		was, typed string
		args       []string
		code       int
		kind       string
	}{
		{"1234", "5678", nil, exitDone, "int"},
		{"1234", "canary-text", nil, exitRefused, "float"},
		{"1234", "0123", nil, exitRefused, "float"},
		{"1234", "0123", []string{"--type", "text"}, exitDone, "str"},
		{"1234", "", []string{"--generate", "16"}, exitRefused, "float"},
		{"1.5", "2.25", nil, exitDone, "float"},
		{"true", "false", nil, exitDone, "bool"},
		{"true", "canary-yes", nil, exitRefused, "bool"},
		{`"1234"`, "5678", nil, exitDone, "str"},
		{`"1234"`, "5678", []string{"--type", "number"}, exitDone, "int"},
	} {
		b.sops("set", branchFile, historyConfig+`["token"]`, c.was)
		before := b.read(branchFile)
		code, out := set(c.typed, c.args...)
		if code != c.code || !strings.Contains(b.line("token"), "type:"+c.kind+"]") || strings.Contains(out, "canary") {
			t.Errorf("%s, then %q %v: exit code %d, %s\n%s", c.was, c.typed, c.args, code, b.line("token"), out)
		}
		if refused := code == exitRefused; refused && (!strings.Contains(out, "--type text") || b.read(branchFile) != before) {
			t.Errorf("%s, then %q: no way out, or the file was changed:\n%s", c.was, c.typed, out)
		}
	}
}

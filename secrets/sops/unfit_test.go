package sops_test

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"

	"connsync/secrets/sops"
	"connsync/secrets/sops/sopstest"
)

// What no JSON text can carry as it is does not come out of a file. The setting is named, and its value is not told.
func TestASecretThatIsNotTextIsRefused(t *testing.T) {
	const binary, control, number = "it is binary, not text (UTF-8)", "it has a control character", "it is not a number that JSON has"
	for value, why := range map[string]string{
		"!!binary /+8B":              binary, // ff ef 01
		"!!binary 7aCA":              binary, // half of a surrogate pair, in UTF-8
		"!!binary wK8=":              binary, // an overlong slash
		"!!binary 9JCAgA==":          binary, // beyond Unicode
		"!!binary Y2FuYXJ5/w==":      binary, // text, and one byte more
		`"canary\0"`:                 control,
		`"canary\x1b[31m"`:           control,
		`"canary\x07"`:               control,
		`"canary\x7f"`:               control,
		".inf":                       number,
		"-.inf":                      number,
		".nan":                       number,
		`"canary"`:                   "",
		`"canary\tcanary\r\ncanary"`: "",
		`"canary \ufffd \U0001F600"`: "",
		`"canary\u0085\u2028"`:       "",
		"!!binary Y2FuYXJ5":          "", // the bytes of a text
		"!!str 12":                   "",
		"1048576":                    "",
		"1.048576e+06":               "",
	} {
		t.Run(value, func(t *testing.T) {
			recipient := key(t)
			dir := t.TempDir()
			write(t, dir, "a.yaml", fmt.Sprintf("a:\n  deep:\n    - password: %s\n", value))
			sopstest.Run(t, dir, []string{"SOPS_AGE_KEY=" + os.Getenv("SOPS_AGE_KEY")}, "encrypt", "--age", recipient, "--in-place", "a.yaml")
			opened, err := open(text(t, dir, "a.yaml"))
			var e *sops.Error
			switch {
			case why == "" && (err != nil || len(opened.Secrets) != 1):
				t.Errorf("%v", err)
			case why != "" && (!errors.As(err, &e) || e.Kind != sops.KindUnfit || e.Leaf != "a.deep[0].password" || e.Detail != why):
				t.Errorf("%v", err)
			case why != "" && (strings.Contains(err.Error(), "canary") || len(opened.Secrets) != 0):
				t.Errorf("told: %v", err)
			}
		})
	}
}

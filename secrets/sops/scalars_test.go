package sops_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
	"testing/fstest"

	"connsync/manifest"
	"connsync/secrets"
	"connsync/secrets/sops"
	"connsync/secrets/sops/sopstest"
)

// scalars are values as people write them. SOPS rewrites some when it encrypts a file, the values in the clear among them.
var scalars = []string{
	"0123", "1.10", "2024-01-01", "123456789012345678901", "1_000", "-0", "null", "18446744073709551615", "9223372036854775808", // known to be rewritten, or refused
	"0", "-1", "9223372036854775807", "-9223372036854775808", "+1", "00", "08", "0o17", "0x1F", "0b101", "1e3", "1E3", "1e+06", "1.5e-07", "1e400",
	"1.0", "1.50", "1.5", "0.1", "-0.5", ".5", "1.", "0.1234567890123456789", "3.141592653589793", "100000000000000000000.5", ".inf", "-.Inf", ".nan", "1,5",
	"2024-01-01T00:00:00Z", "2024-1-1", "12:30:45", "190:20:30",
	"true", "True", "FALSE", "yes", "No", "on", "off", "y", "~", "Null", "", "=", "<<",
	`"0123"`, `"1.10"`, `"2024-01-01"`, `"null"`, `"true"`, `"yes"`, `""`, `" "`, `"a\nb"`, `"a\n"`, `"\n"`, `"\ta"`, `"a\tb"`, `"trailing "`, `"#"`, `"\\"`, `"\""`,
	`'it''s'`, `"\u00e9"`, `"e\u0301"`, `"\U0001F600"`, `"\ufffd"`, `"\ufffe"`, `"\u00a0"`, "a", "a b", "a#b", "a: b", "@a", "-a", "?a", "*a", "&a", "!a", "%a", "{a}", "[a]",
	"|\n          a\n          b", "|-\n          a\n\n          b", "|+\n          a\n\n", ">\n          a\n          b\n\n          c", "|\n            a\n           b", ">-\n          a\n            b",
	`"a\r\nb"`, `"a\0b"`, `"a\eb"`, `"\u0085"`, `"\u2028"`, `"\u202e"`, `"ENC["`, `"ENC[AES256_GCM,data:YQ==,iv:YQ==,tag:YWJjZGVmZ2hpamtsbW5vcA==,type:str]"`,
}

// TestAScalarIsRefusedOrComesBackAsItWasWritten has SOPS encrypt a file of every scalar that a manifest may have: what would be sent is the
// same before and after, whether the value was encrypted or stayed in the clear beside encrypted ones. (Of a decimal, that is its
// value: 1e+06 and 1000000.)
func TestAScalarIsRefusedOrComesBackAsItWasWritten(t *testing.T) {
	recipient := key(t)
	var config strings.Builder
	refusals, n := 0, 0
	for _, s := range scalars {
		if _, err := settings(t, fmt.Sprintf("        value: %s\n", s), nil); err != nil {
			refusals++
			continue
		}
		fmt.Fprintf(&config, "        encrypted%d: %s\n        clear%d: %s\n", n, s, n, s)
		n++
	}
	for _, refused := range scalars[:9] {
		if _, err := settings(t, fmt.Sprintf("        value: %s\n", refused), nil); err == nil {
			t.Errorf("%s is accepted, and SOPS rewrites it", refused)
		}
	}
	want, err := settings(t, config.String(), nil)
	if err != nil {
		t.Fatal(err)
	}
	for maker, data := range map[string]string{"connsync": encryptedHere(t, config.String(), recipient), "sops": encryptedThere(t, config.String(), recipient)} {
		opened, err := open(data)
		if err != nil || len(opened.Secrets) < n/2 {
			t.Fatalf("%s: %d secrets, %v", maker, len(opened.Secrets), err)
		}
		have, err := settings(t, data[strings.Index(data, "config:\n")+len("config:\n"):], opened.Secrets)
		if err != nil {
			t.Fatalf("%s: %v", maker, err)
		}
		for at, v := range want {
			if manifest.ValueDigest(v) != manifest.ValueDigest(have[at]) || v == nil {
				t.Errorf("%s: %s is sent as %#v, want %#v", maker, at, have[at], v)
			}
		}
		if len(have) != len(want) || len(want) != 2*n {
			t.Errorf("%s: %d settings, want %d, of %d scalars", maker, len(have), len(want), n)
		}
	}
	if n < 40 || refusals < 40 {
		t.Errorf("%d accepted and %d refused: these are fewer than there were", n, refusals)
	}
	t.Logf("T-SOPS: %d scalars, %d refused, %d sent as written", len(scalars), refusals, n)
}

const scalarsHead = "connections:\n  prod:\n    a:\n      component: X\n      version: \"1\"\n      config:\n"

// settings is what a config would be sent as, by setting.
func settings(t *testing.T, config string, opened map[secrets.Path]secrets.Value) (map[secrets.Path]any, error) {
	t.Helper()
	files := fstest.MapFS{
		manifest.ProjectFile: {Data: []byte("targets: {prod: {region: cn-north-4, workspace_id: w-1}}\n")},
		name:                 {Data: []byte(scalarsHead + config)},
	}
	p, err := manifest.LoadProject(files, manifest.ProjectFile)
	if err != nil {
		t.Fatal(err)
	}
	set, err := manifest.Load(files, p)
	if err != nil {
		return nil, err
	}
	sent, err := manifest.JSON(set.Connections[0].Config, func(r secrets.Ref) (any, error) {
		v, ok := opened[r.Path]
		if !ok {
			return nil, errors.New("not there")
		}
		return v.Expose(), nil
	})
	if err != nil {
		return nil, err
	}
	var decoded map[string]any
	d := json.NewDecoder(strings.NewReader(sent))
	d.UseNumber()
	if err := d.Decode(&decoded); err != nil {
		t.Fatal(err)
	}
	out := map[secrets.Path]any{}
	for _, s := range manifest.Settings("config", decoded) {
		out[s.Path] = s.Value
	}
	return out, nil
}

func encryptedHere(t *testing.T, config, recipient string) string {
	t.Helper()
	out, err := sops.Encrypt([]byte(scalarsHead+config), recipient, sops.EncryptOptions{EncryptedRegex: "^encrypted"})
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}

func encryptedThere(t *testing.T, config, recipient string) string {
	t.Helper()
	dir := t.TempDir()
	write(t, dir, "a.yaml", scalarsHead+config)
	sopstest.Run(t, dir, nil, "--indent", "2", "encrypt", "--age", recipient, "--encrypted-regex", "^encrypted", "--in-place", "a.yaml")
	// What the command sets again, it writes again, values in the clear included.
	sopstest.Run(t, dir, []string{"SOPS_AGE_KEY=" + os.Getenv("SOPS_AGE_KEY")}, "--indent", "2", "set", "a.yaml", `["connections"]["prod"]["a"]["config"]["encrypted0"]`, `"0"`)
	sopstest.Run(t, dir, []string{"SOPS_AGE_KEY=" + os.Getenv("SOPS_AGE_KEY")}, "--indent", "2", "set", "a.yaml", `["connections"]["prod"]["a"]["config"]["encrypted0"]`, `0`)
	_, err := sops.New(sops.Options{Allow: []string{"age"}}).Open(context.Background(), name, []byte(text(t, dir, "a.yaml")))
	if err != nil {
		t.Fatal(err)
	}
	return text(t, dir, "a.yaml")
}

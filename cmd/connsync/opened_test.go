package main

import (
	"context"
	"maps"
	"slices"
	"strings"
	"testing"

	"connsync/manifest"
	"connsync/secrets/sops"
)

// What a sync opened it does not keep, unless another target needs the same file: that is decrypted once for both.
func TestASyncKeepsNoFileOpen(t *testing.T) {
	in := func(file string) manifest.Connection {
		return manifest.Connection{Name: "c", File: manifest.File{Path: file}}
	}
	target := func(name string, files ...string) wanted {
		w := wanted{Target: manifest.Target{Name: name}}
		for _, f := range files {
			w.want = append(w.want, in(f))
		}
		return w
	}
	shared := sharedFiles([]wanted{target("prod", "a", "both", "both"), target("test", "b", "b", "both"), target("dev", "both", "c")})
	if got := strings.Join(slices.Sorted(maps.Keys(shared)), " "); got != "both" {
		t.Errorf("shared by several targets: %q", got)
	}

	recipient, identity, err := sops.NewAgeKey()
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("SOPS_AGE_KEY", identity.Expose().(string))
	text, err := sops.Encrypt([]byte("password: canary\n"), recipient, sops.EncryptOptions{EncryptedRegex: "password"})
	if err != nil {
		t.Fatal(err)
	}
	o := sops.New(sops.Options{Allow: []string{"age"}})
	open := openWith(o, shared)
	for _, file := range []string{"a", "b", "both"} {
		for range 2 {
			values, at, err := open(context.Background(), file, text)
			if err != nil || values["password"].Expose() != "canary" || at == "" {
				t.Fatalf("%s: %v", file, err)
			}
		}
	}
	if o.Files() != 1 {
		t.Errorf("%d files are kept", o.Files())
	}
	ended, cancel := context.WithCancel(context.Background())
	cancel()
	if _, _, err := open(ended, "a", text); err != context.Canceled {
		t.Errorf("after the end: %v", err)
	}
}

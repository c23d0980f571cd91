package sops_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"connsync/secrets/sops"
	"connsync/secrets/sops/sopstest"
)

// commandFile is a folder with a file encrypted by the sops command with some flags of its own, and the environment to run sops in.
func commandFile(t *testing.T, flags ...string) (dir string, env []string) {
	t.Helper()
	recipient := key(t)
	dir = t.TempDir()
	write(t, dir, "a.yaml", plain)
	env = []string{"SOPS_AGE_KEY=" + os.Getenv("SOPS_AGE_KEY")}
	sopstest.Run(t, dir, env, append(flags, "encrypt", "--age", recipient, "--encrypted-regex", "password|secret", "--in-place", "a.yaml")...)
	if partial := strings.Contains(text(t, dir, "a.yaml"), "mac_only_encrypted: true"); partial != (len(flags) > 0) {
		t.Fatalf("a partial MAC: %v, with flags %v", partial, flags)
	}
	return dir, env
}

func write(t *testing.T, dir, name, text string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o700); err != nil {
		t.Fatal(err)
	}
}

func text(t *testing.T, dir, name string) string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(dir, name))
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// ciphertexts are the encrypted values of a file, each under its line up to the colon and its place among them.
func ciphertexts(file string) map[string]string {
	out, seen := map[string]string{}, map[string]int{}
	for line := range strings.SplitSeq(file, "\n") {
		key, value, ok := strings.Cut(line, "ENC[")
		if ok && !strings.Contains(key, "mac:") && !strings.Contains(value, "type:comment") {
			seen[key]++
			out[key+strings.Repeat("+", seen[key])] = value
		}
	}
	return out
}

// What the sops command does to a file, and which ciphertexts move: the keyless plan rests on this.
func TestWhatTheSopsCommandDoes(t *testing.T) {
	for _, c := range []struct {
		name  string
		does  func(t *testing.T, dir string, env []string)
		moved string // "none", "one" or "all" ciphertexts
		want  string // the password of prod/edr
	}{
		{"set of another value", func(t *testing.T, dir string, env []string) {
			sopstest.Run(t, dir, env, "set", "a.yaml", `["connections"]["prod"]["edr"]["config"]["password"]`, `"canary-new"`)
		}, "one", "canary-new"},
		{"set of the same value", func(t *testing.T, dir string, env []string) {
			sopstest.Run(t, dir, env, "set", "a.yaml", `["connections"]["prod"]["edr"]["config"]["password"]`, `"canary-password"`)
		}, "none", canary},
		{"edit", func(t *testing.T, dir string, env []string) {
			write(t, dir, "editor", "#!/bin/sh\nsed -i 's/canary-password/canary-new/' \"$1\"\n")
			sopstest.Run(t, dir, append(env, "EDITOR="+filepath.Join(dir, "editor")), "edit", "a.yaml")
		}, "one", "canary-new"},
		{"updatekeys", func(t *testing.T, dir string, env []string) {
			another, _, err := sops.NewAgeKey()
			if err != nil {
				t.Fatal(err)
			}
			_, mine, _ := strings.Cut(text(t, dir, "a.yaml"), "recipient: ")
			mine, _, _ = strings.Cut(mine, "\n")
			write(t, dir, ".sops.yaml", "creation_rules:\n  - age: "+mine+","+another+"\n")
			sopstest.Run(t, dir, env, "updatekeys", "--yes", "a.yaml")
			if !strings.Contains(text(t, dir, "a.yaml"), another) {
				t.Error("the new recipient is not there")
			}
		}, "none", canary},
		{"rotate", func(t *testing.T, dir string, env []string) {
			sopstest.Run(t, dir, env, "rotate", "--in-place", "a.yaml")
		}, "all", canary},
		{"decrypt, then encrypt", func(t *testing.T, dir string, env []string) {
			_, mine, _ := strings.Cut(text(t, dir, "a.yaml"), "recipient: ")
			mine, _, _ = strings.Cut(mine, "\n")
			sopstest.Run(t, dir, env, "decrypt", "--in-place", "a.yaml")
			sopstest.Run(t, dir, env, "encrypt", "--age", mine, "--encrypted-regex", "password|secret", "--in-place", "a.yaml")
		}, "all", canary},
	} {
		for mode, flags := range map[string][]string{"full MAC": nil, "partial MAC": {"--mac-only-encrypted"}} {
			t.Run(c.name+", "+mode, func(t *testing.T) {
				dir, env := commandFile(t, flags...)
				before := ciphertexts(text(t, dir, "a.yaml"))
				c.does(t, dir, env)
				after := ciphertexts(text(t, dir, "a.yaml"))
				moved := 0
				for at, was := range before {
					if is, ok := after[at]; !ok {
						t.Errorf("%s is gone", at)
					} else if is != was {
						moved++
					}
				}
				if want := map[string]int{"none": 0, "one": 1, "all": len(before)}[c.moved]; moved != want || len(before) != 9 {
					t.Errorf("%d of %d ciphertexts moved, want %d", moved, len(before), want)
				}
				got, err := sops.New(sops.Options{Allow: []string{"age"}}).Open(context.Background(), name, []byte(text(t, dir, "a.yaml")))
				if err != nil || len(got.Secrets) != 9 || got.Secrets[at("prod", "edr", "config", "password")].Expose() != c.want {
					t.Errorf("%d secrets, %v", len(got.Secrets), err)
				}
			})
		}
	}
}

// What connsync encrypts, as its demo does, the command opens; and what it sets, too.
func TestTheSopsCommandReadsWhatConnsyncWrites(t *testing.T) {
	recipient := key(t)
	env := []string{"SOPS_AGE_KEY=" + os.Getenv("SOPS_AGE_KEY")}
	for _, partial := range []bool{false, true} {
		dir := t.TempDir()
		data := sealed(t, recipient, partial)
		set, err := sops.Set(context.Background(), sops.New(sops.Options{Allow: []string{"age"}}), name, []byte(data),
			[]any{"connections", "prod", "other", "config", "password"}, "canary-set")
		if err != nil {
			t.Fatal(err)
		}
		write(t, dir, "a.yaml", string(set))
		got, want := sopstest.Run(t, dir, env, "--indent", "2", "decrypt", "a.yaml"), strings.Replace(plain, "canary-other", "canary-set", 1)
		if got != want {
			t.Errorf("decrypted:\n%s\nwant:\n%s", got, want)
		}
		write(t, dir, "a.yaml", strings.Replace(string(set), "    other:", "    stolen:", 1))
		sopstest.Fails(t, dir, env, "decrypt", "a.yaml")
	}
}

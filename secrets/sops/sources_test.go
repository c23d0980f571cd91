package sops

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestEachKeyIsToldWhyItDoesNotOpen tries every way to have a key that does not open a file. What is said of a place is ours, and of what it
// holds only public keys.
func TestEachKeyIsToldWhyItDoesNotOpen(t *testing.T) {
	recipient, v, err := NewAgeKey()
	if err != nil {
		t.Fatal(err)
	}
	right := v.Expose().(string)
	strange, v, err := NewAgeKey()
	if err != nil {
		t.Fatal(err)
	}
	wrong := v.Expose().(string)
	sealed, err := Encrypt([]byte("connections: {prod: {a: {config: {password: canary-first}}}}\n"), recipient, EncryptOptions{EncryptedRegex: "^password$"})
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	file := func(name, text string) string {
		t.Helper()
		full := filepath.Join(dir, name)
		if err := os.WriteFile(full, []byte(text), 0o700); err != nil {
			t.Fatal(err)
		}
		return full
	}
	const key, keyFile, command, ssh = "SOPS_AGE_KEY", "SOPS_AGE_KEY_FILE", "SOPS_AGE_KEY_CMD", "SOPS_AGE_SSH_PRIVATE_KEY_FILE"
	for _, c := range []struct{ name, variable, value, want string }{
		{"nothing", "", "", key + ": not set"},
		{"nothing in a file", "", "", keyFile + ": not set"},
		{"nothing of a command", "", "", command + ": not set"},
		{"empty", key, "", key + ": set, and empty"},
		{"blank", key, " \n", key + ": set, and empty"},
		{"another's", key, wrong, key + ": 1 identity, which is none of the recipients: it is that of " + strange},
		{"several", key, wrong + "\n" + wrong + " " + wrong, key + ": 3 identities, none of them of a recipient: they are those of " + strange + ", " + strange + ", " + strange},
		{"more", key, strings.Repeat(wrong+"\n", 5), " and 2 more"},
		{"in quotes", key, `"` + right + `"`, key + ": in quotes: take them off"},
		{"in single quotes", key, "'" + right + "'", key + ": in quotes: take them off"},
		{"cut short", key, right[:len(right)-3], key + ": an identity that is damaged or cut short"},
		{"in small letters", key, strings.ToLower(right), key + ": an identity in small letters"},
		{"a public key", key, recipient, key + ": a public key, which opens nothing"},
		{"a public SSH key", key, "ssh-ed25519 AAAA", key + ": a public SSH key, which opens nothing"},
		{"an SSH key", key, "-----BEGIN OPENSSH PRIVATE KEY-----\ncanary\n", key + ": an SSH key: " + ssh},
		{"a file's name", key, file("named.txt", right), key + ": the name of a file, not an identity: " + keyFile + " takes it"},
		{"rubbish", key, "canary-rubbish", key + ": not an identity"},
		{"one right, one rubbish", key, right + "\ncanary-rubbish", key + ": not an identity (item 2; so nothing of it is used)"},
		{"no such file", keyFile, filepath.Join(dir, "none"), keyFile + ": no such file"},
		{"a home that no shell put in", keyFile, "~/keys.txt", keyFile + ": no such file"},
		{"a directory", keyFile, dir, keyFile + ": a directory, not a file"},
		{"an empty name", keyFile, "", keyFile + ": set, and empty"},
		{"an empty file", keyFile, file("empty", ""), keyFile + ": no identity in it"},
		{"comments only", keyFile, file("comments", "# created: today\n# public key: "+recipient+"\n"), keyFile + ": no identity in it"},
		{"another's file", keyFile, file("other", "# a comment\n"+wrong+"\n"), keyFile + ": 1 identity, which is none of the recipients: it is that of " + strange},
		{"spaces in a file", keyFile, file("spaces", "  "+right+"\n"), keyFile + ": an identity with spaces around it"},
		{"the public half", keyFile, file("public", recipient+"\n"), keyFile + ": a public key, which opens nothing"},
		{"a passphrase", keyFile, file("passphrase", "-----BEGIN AGE ENCRYPTED FILE-----\ncanary\n-----END AGE ENCRYPTED FILE-----\n"), keyFile + ": protected by a passphrase, and none could be asked for"},
		{"a command that fails", command, file("fails", "#!/bin/sh\necho canary-command >&2\nexit 7\n"), command + ": the command ended with exit code 7"},
		{"a command that is not there", command, filepath.Join(dir, "no-command"), command + ": the command was not found"},
		{"a command that no path has", command, "connsync-no-such-command", command + ": the command was not found"},
		{"a command that says something else", command, file("says", "#!/bin/sh\necho canary-command\n"), command + ": what the command gave is not an identity"},
		{"a command that gives another's", command, file("gives", "#!/bin/sh\necho "+wrong+"\n"), command + ": the command gave no identity that opens the file"},
		{"an SSH key for a file without one", ssh, file("id", "canary"), ssh + ": an SSH key, and no recipient of the file is one"},
	} {
		t.Run(c.name, func(t *testing.T) {
			for _, v := range []string{key, keyFile, command, ssh} {
				t.Setenv(v, "")
				_ = os.Unsetenv(v)
			}
			t.Setenv("HOME", t.TempDir())
			t.Setenv("XDG_CONFIG_HOME", "")
			if c.variable != "" {
				t.Setenv(c.variable, c.value)
			}
			said := saidOf(t, sealed)
			if !strings.Contains(said, c.want) {
				t.Errorf("%q is not said:\n%s", c.want, said)
			}
			if strings.Contains(said, "canary") || strings.Contains(said, "AGE-SECRET-KEY-1") || strings.Contains(said, right[20:40]) {
				t.Errorf("a key, or what a place holds, is said:\n%s", said)
			}
		})
	}
}

// saidOf is what is said of an unopened file.
func saidOf(t *testing.T, data []byte) string {
	t.Helper()
	_, err := New(Options{Allow: []string{"age", "pgp", "hckms"}}).Open(context.Background(), "a.yaml", data)
	var e *Error
	if !errors.As(err, &e) || e.Kind != KindNoKey || !strings.Contains(err.Error(), "none of your keys can decrypt it") {
		t.Fatalf("%v", err)
	}
	lines := []string{err.Error()}
	for _, s := range e.Tried {
		lines = append(lines, s.String())
	}
	return strings.Join(lines, "\n")
}

// The key of a recipient with an altered wrapped data key is not called another's key.
func TestAWrappedKeyThatWasChangedIsSaid(t *testing.T) {
	recipient, _ := editKey(t)
	sealed, err := Encrypt([]byte("connections: {prod: {a: {config: {password: canary}}}}\n"), recipient, EncryptOptions{EncryptedRegex: "^password$"})
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(string(sealed), "\n")
	for i, l := range lines {
		if strings.Contains(l, "BEGIN AGE") {
			at := len(lines[i+3]) - len(strings.TrimLeft(lines[i+3], " "))
			other := map[bool]string{true: "B", false: "A"}[lines[i+3][at] == 'A']
			lines[i+3] = lines[i+3][:at] + other + lines[i+3][at+1:]
		}
	}
	if said := saidOf(t, []byte(strings.Join(lines, "\n"))); !strings.Contains(said, "the identity of "+recipient+", which is a recipient; but what is wrapped for it in the file does not open") {
		t.Error(said)
	}
}

// Of groups it is said how many are needed, and how many of them your keys open.
func TestTheThresholdOfGroupsIsSaid(t *testing.T) {
	s := newEditScene(t, "encrypted_regex: ^(password|token)$")
	recipient := strings.TrimSpace(strings.TrimPrefix(strings.TrimSpace(s.line("recipient: ")), "recipient: "))
	text := "creation_rules:\n  - encrypted_regex: ^(password|token)$\n    shamir_threshold: 2\n    key_groups:\n      - age: [" + recipient + "]\n"
	for range 2 {
		other, _, err := NewAgeKey()
		if err != nil {
			t.Fatal(err)
		}
		text += "      - age: [" + other + "]\n"
	}
	if err := os.WriteFile(filepath.Join(s.dir, RulesFile), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := s.reseal(nobody); err != nil {
		t.Fatal(err)
	}
	if said := saidOf(t, []byte(s.read())); !strings.Contains(said, "2 of its 3 groups of keys are needed, and yours open 1") {
		t.Error(said)
	}
	t.Setenv("SOPS_AGE_KEY", "")
	if said := saidOf(t, []byte(s.read())); !strings.Contains(said, "2 of its 3 groups of keys are needed, and yours open 0") {
		t.Error(said)
	}
}

// Programs and services have words of their own, and their texts are not shown.
func TestOtherKeysHaveTheirOwnWords(t *testing.T) {
	for _, c := range []struct{ kind, text, want string }{
		{"pgp", `exec: "gpg": executable file not found in $PATH`, "gpg is not installed"},
		{"pgp", "gpg: decryption failed: No secret key canary", "gpg has no secret key for it"},
		{"pgp", "gpg: public key decryption failed: Bad passphrase", "the passphrase is wrong"},
		{"pgp", "gpg: public key decryption failed: Inappropriate ioctl for device", "gpg could not ask for the passphrase"},
		{"pgp", "canary", "gpg did not decrypt it"},
		{"hckms", "dial tcp: lookup kms.example: no such host", "the key service cannot be reached"},
		{"kms", "AccessDeniedException: canary", "the credentials may not decrypt with it"},
		{"hckms", "failed to get credentials: no AK/SK", "no credentials for the key service"},
		{"gcp_kms", "rpc error: NotFound: canary", "the key service has no such key"},
		{"azure_kv", "canary", "the key service did not decrypt it"},
	} {
		if have := whyNot(c.kind, c.text); !strings.HasPrefix(have, c.want) || strings.Contains(have, "canary") {
			t.Errorf("%s %q: %q, want %q", c.kind, c.text, have, c.want)
		}
	}
}

package sops

import (
	"context"
	"errors"
	"strings"
	"testing"

	"connsync/secrets"
)

// plainFile is a manifest in the clear.
const plainFile = "connections:\n  prod:\n    a:\n      description: d\n      config:\n        endpoint: e\n        password: canary-1\n"

func encryptedFor(t *testing.T, o EncryptOptions) (file string, opener *Opener) {
	t.Helper()
	recipient, identity, err := NewAgeKey()
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("SOPS_AGE_KEY", identity.Expose().(string))
	sealed, err := Encrypt([]byte(plainFile), recipient, o)
	if err != nil {
		t.Fatal(err)
	}
	return string(sealed), New(Options{Allow: []string{"age"}})
}

// What cannot be opened for changes is refused in our words, and a value is never among them.
func TestAFileThatCannotBeOpenedForChanges(t *testing.T) {
	file, opener := encryptedFor(t, EncryptOptions{EncryptedRegex: "^password$"})
	gone, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := opener.Edit(gone, "a.yaml", []byte(file)); !errors.Is(err, context.Canceled) {
		t.Errorf("after an interruption: %v", err)
	}
	block := file[strings.Index(file, "sops:"):]
	for name, x := range map[string]struct{ text, want string }{
		"an alias":                       {"a: &x canary-2\nb: *x\n", "not one YAML mapping"},
		"a list":                         {"- canary-2\n", "not one YAML mapping"},
		"an alias beside a block":        {"a: &x canary-2\nb: *x\n" + block, "not one YAML mapping"},
		"a block without what it needs":  {plainFile + "sops:\n    mac: canary-2\n", ""},
		"a block with a time that is no": {strings.Replace(file, "lastmodified: \"", "lastmodified: \"canary-2", 1), ""},
		"two documents":                  {plainFile + "---\n" + file, ""},
	} {
		_, err := opener.Edit(context.Background(), "a.yaml", []byte(x.text))
		if err == nil || !strings.Contains(err.Error(), x.want) || strings.Contains(err.Error(), "canary") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// An editor left without a mapping changes nothing and signs nothing.
func TestABrokenTextIsNotChanged(t *testing.T) {
	file, opener := encryptedFor(t, EncryptOptions{EncryptedRegex: "^password$"})
	path := []any{"connections", "prod", "a", "config", "endpoint"}
	for name, do := range map[string]func(*Editor) error{
		"set":    func(e *Editor) error { return e.Set(path, "x") },
		"rename": func(e *Editor) error { return e.Rename(path[:3], "b") },
		"unset":  func(e *Editor) error { return e.Unset(path) },
		"seal":   func(e *Editor) error { _, err := e.Seal(path[:3], "n 1\n"); return err },
		"sealed": func(e *Editor) error {
			if e.Sealed(path[:3]) == "" {
				return errEncrypt
			}
			return nil
		},
		"covers": func(e *Editor) error {
			if !e.Covers(path) {
				return errEncrypt
			}
			return nil
		},
		"done": func(e *Editor) error { _, err := e.Done(); return err },
	} {
		e, err := opener.Edit(context.Background(), "a.yaml", []byte(file))
		if err != nil {
			t.Fatal(err)
		}
		e.text = []byte("a: &x canary-2\nb: *x\n")
		if err := do(e); err == nil || strings.Contains(err.Error(), "canary") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// What is not there cannot be changed, and what would stand in the clear is not put there as a secret.
func TestWhatIsNotThereIsNotChanged(t *testing.T) {
	file, opener := encryptedFor(t, EncryptOptions{EncryptedRegex: "^password$"})
	at := func(keys ...any) []any { return append([]any{"connections", "prod", "a"}, keys...) }
	for name, do := range map[string]func(*Editor) error{
		"a setting below a text":     func(e *Editor) error { return e.Set(at("description", "x"), "y") },
		"another name":               func(e *Editor) error { return e.Rename([]any{"connections", "prod", "b"}, "c") },
		"a line":                     func(e *Editor) error { return e.Unset(at("protect")) },
		"a mapping":                  func(e *Editor) error { return e.Unset(at("config")) },
		"a ciphertext in the clear":  func(e *Editor) error { return e.SetSecret(at("config", "endpoint"), "ENC[canary-2]") },
		"what looks like ciphertext": func(e *Editor) error { return e.Set(at("config", "password"), "ENC[canary-2]") },
		"nothing, encrypted":         func(e *Editor) error { return e.Set(at("config", "password"), "") },
	} {
		e, err := opener.Edit(context.Background(), "a.yaml", []byte(file))
		if err != nil {
			t.Fatal(err)
		}
		if err := do(e); err == nil || strings.Contains(err.Error(), "canary") {
			t.Errorf("%s: %v", name, err)
		}
		if e.Changed() {
			t.Errorf("%s: it changed", name)
		}
	}
	if _, err := Rekeyed("a.yaml", []byte(file), []any{"connections", "prod", "b"}, "c"); err == nil {
		t.Error("a key that is not there has another name")
	}
}

// A seal is made only where a file's selector can encrypt it, and nothing else with it.
func TestASealThatCannotBeMade(t *testing.T) {
	connection := []any{"connections", "prod", "a"}
	for name, x := range map[string]struct {
		o    EncryptOptions
		text func(string) string
		want string
	}{
		"an own rule for seals already": {EncryptOptions{EncryptedRegex: "^(password|seal)"}, nil, ""},
		"another key of that name":      {EncryptOptions{EncryptedRegex: "^password$"}, func(s string) string { return strings.Replace(s, "endpoint: e", "seal: e", 1) }, "stands under a key that is named seal"},
	} {
		file, opener := encryptedFor(t, x.o)
		if x.text != nil {
			recipient, identity, _ := NewAgeKey()
			t.Setenv("SOPS_AGE_KEY", identity.Expose().(string))
			sealed, err := Encrypt([]byte(x.text(plainFile)), recipient, x.o)
			if err != nil {
				t.Fatal(err)
			}
			file = string(sealed)
		}
		e, err := opener.Edit(context.Background(), "a.yaml", []byte(file))
		if err != nil {
			t.Fatal(err)
		}
		_, err = e.Seal(connection, "n 1\n")
		if (err == nil) != (x.want == "") || err != nil && !strings.Contains(err.Error(), x.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	plain := &Editor{name: "a.yaml", text: []byte(plainFile), before: []byte(plainFile), free: map[secrets.Path]bool{}}
	if _, err := plain.Seal(connection, "n 1\n"); err == nil || !strings.Contains(err.Error(), "the file is not encrypted") {
		t.Errorf("a file in the clear: %v", err)
	}
	if plain.Sealed(connection) != "" {
		t.Error("a file in the clear has a seal")
	}
}

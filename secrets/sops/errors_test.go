package sops

import (
	"context"
	"errors"
	"strings"
	"testing"

	"filippo.io/age/plugin"
	"github.com/getsops/sops/v3/keyservice"
)

func TestWhatCannotBeEncryptedSaysNothingOfItself(t *testing.T) {
	recipient, _, err := NewAgeKey()
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct{ plain, recipient string }{
		"no YAML":                 {"a: [canary", recipient},
		"no recipient":            {"a: b\n", "canary"},
		"a plugin that is absent": {"a: b\n", plugin.EncodeRecipient("canary", []byte("x"))},
	} {
		out, err := Encrypt([]byte(c.plain), c.recipient, EncryptOptions{})
		if !errors.Is(err, errEncrypt) || out != nil || strings.Contains(err.Error(), "canary") {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, v, err := pair(nil, errors.New("canary")); !errors.Is(err, errNoRandom) || !v.IsZero() {
		t.Errorf("%v", err)
	}
}

func TestSetChangesNoFileThatDoesNotOpen(t *testing.T) {
	recipient, identity, err := NewAgeKey()
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("HOME", t.TempDir())
	t.Setenv("XDG_CONFIG_HOME", t.TempDir())
	sealed, err := Encrypt([]byte("a: canary\n"), recipient, EncryptOptions{EncryptedRegex: "^a$"})
	if err != nil {
		t.Fatal(err)
	}
	set := func(value any) ([]byte, error) {
		return Set(context.Background(), New(Options{Allow: []string{"age"}}), "a.yaml", sealed, []any{"a"}, value)
	}
	var e *Error
	if out, err := set("b"); !errors.As(err, &e) || e.Kind != KindNoKey || out != nil {
		t.Errorf("without the key: %v", err)
	}
	t.Setenv("SOPS_AGE_KEY", identity.Expose().(string))
	if out, err := set(struct{}{}); !errors.Is(err, errEncrypt) || out != nil {
		t.Errorf("a value of no type: %v", err)
	}
	if out, err := set("b"); err != nil || strings.Contains(string(out), "canary") {
		t.Errorf("%v", err)
	}
}

func TestTheKeyServiceAsksNobodyWhoIsNotAllowed(t *testing.T) {
	vault := &keyservice.Key{KeyType: &keyservice.Key_VaultKey{VaultKey: &keyservice.VaultKey{VaultAddress: "http://127.0.0.1:1"}}}
	age := &keyservice.Key{KeyType: &keyservice.Key_AgeKey{AgeKey: &keyservice.AgeKey{}}}
	k := &keys{ctx: context.Background(), allow: []string{"age"}, ages: &ageKeys{}}
	if _, err := k.Encrypt(context.Background(), &keyservice.EncryptRequest{Key: vault}); !errors.Is(err, errKeyType) {
		t.Errorf("encrypt: %v", err)
	}
	if _, err := k.Decrypt(context.Background(), &keyservice.DecryptRequest{Key: vault}); !errors.Is(err, errKeyType) {
		t.Errorf("decrypt: %v", err)
	}
	ended, cancel := context.WithCancel(context.Background())
	cancel()
	k.ctx = ended
	if _, err := k.Decrypt(ended, &keyservice.DecryptRequest{Key: age}); !errors.Is(err, context.Canceled) {
		t.Errorf("after the end: %v", err)
	}
}

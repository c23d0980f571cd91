package sops

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"connsync/secrets/seal"
)

// A seal and the settings it was made over come from one side, as one unit: no merge pairs a seal with settings that its maker did not see, and none makes a seal.
func TestAMergePairsNoSealWithSettingsOfTheOtherSide(t *testing.T) {
	recipient, _ := editKey(t)
	o := New(Options{Allow: []string{"age"}})
	w := &mergeWorld{t: t, recipient: recipient, opener: o}
	base, err := Encrypt([]byte(mergeBase), recipient, EncryptOptions{EncryptedRegex: "^(password|pin|token|seal)$", MACOnlyEncrypted: true})
	if err != nil {
		t.Fatal(err)
	}
	at := func(name string, more ...any) []any { return append([]any{"connections", "prod", name}, more...) }
	says := func(n int64, endpoint string) string {
		return seal.Seal{N: n, Lines: seal.Lines{{Name: "place", Value: "[]"}, {Name: "plugin", Value: "[]"}, {Name: "config.endpoint", Value: fmt.Sprintf("%q", endpoint)}}}.Text()
	}
	sealed := func(text []byte, name string, n int64, endpoint string) []byte {
		return w.edit(text, func(e *Editor) error {
			if err := e.Set(at(name, "config", "endpoint"), endpoint); err != nil {
				return err
			}
			_, err := e.Seal(at(name), says(n, endpoint))
			return err
		})
	}
	moved := func(text []byte, name, endpoint string) []byte {
		return w.edit(text, func(e *Editor) error { return e.Set(at(name, "config", "endpoint"), endpoint) })
	}
	signed := sealed(base, "edr", 5, "https://edr.example")
	for _, c := range []struct {
		what               string
		base, ours, theirs []byte
		conflict           bool
		n                  int64 // of the seal of edr in the result
		endpoint           string
	}{
		{"ours sealed, theirs another destination", base, sealed(base, "edr", 5, "https://a.example"), moved(base, "edr", "https://evil.example"), true, 0, ""},
		{"a destination changed, the other sealed", base, moved(base, "edr", "https://evil.example"), sealed(base, "edr", 5, "https://edr.example"), true, 0, ""},
		{"both sealed differently", signed, sealed(signed, "edr", 6, "https://a.example"), sealed(signed, "edr", 7, "https://b.example"), true, 0, ""},
		{"both sealed the same settings, other counters", base, sealed(base, "edr", 6, "https://a.example"), sealed(base, "edr", 7, "https://a.example"), true, 0, ""},
		{"ours sealed anew, theirs did not touch it", signed, sealed(signed, "edr", 6, "https://a.example"), moved(signed, "siem", "https://s.example"), false, 6, "https://a.example"},
		{"theirs sealed anew, ours did not touch it", signed, moved(signed, "siem", "https://s.example"), sealed(signed, "edr", 6, "https://a.example"), false, 6, "https://a.example"},
		{"theirs alone has another seal, of an older counter: it stays as it was made, and a sync refuses it", signed, signed, sealed(signed, "edr", 3, "https://b.example"), false, 3, "https://b.example"},
		{"each sealed another connection", signed, sealed(signed, "edr", 6, "https://a.example"), sealed(signed, "siem", 8, "https://s.example"), false, 6, "https://a.example"},
		{"a seal removed, a destination changed", signed, mergedUnsealed(w, signed), moved(signed, "edr", "https://evil.example"), true, 0, ""},
	} {
		for _, key := range []*Opener{o, New(Options{Allow: []string{"pgp"}})} {
			m, err := key.Merge(context.Background(), "a.yaml", Versions{c.base, c.ours, c.theirs})
			switch {
			case err != nil:
				t.Errorf("%s: %v", c.what, err)
			case key != o && m.Done() && !c.conflict:
				t.Errorf("%s: signed without a key", c.what)
			case key == o && c.conflict != (len(m.Conflicts) > 0):
				t.Errorf("%s: conflicts %v", c.what, m.Conflicts)
			case key == o && !c.conflict:
				e, err := o.Edit(context.Background(), "a.yaml", m.Text)
				if err != nil {
					t.Fatalf("%s: %v", c.what, err)
				}
				if have := e.Sealed(at("edr")); have != says(c.n, c.endpoint) || !strings.Contains(string(m.Text), c.endpoint) {
					t.Errorf("%s: the seal is %q", c.what, have)
				}
			}
		}
	}
}

// mergedUnsealed is a version without the seal of edr.
func mergedUnsealed(w *mergeWorld, text []byte) []byte {
	return w.edit(text, func(e *Editor) error { return e.Unset([]any{"connections", "prod", "edr", "seal"}) })
}

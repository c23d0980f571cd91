package diff_test

import (
	"testing"

	"connsync/diff"
	"connsync/manifest"
	"connsync/secrets"
)

// A secret kept its value through another data key if its ciphertext kept what stays while a value stays; then there is nothing to write.
func TestASecretThatOnlyGotAnotherDataKeyIsUnchanged(t *testing.T) {
	version := func(text, keys string, c secrets.Ciphertext) diff.Want {
		w := want("a")
		w.Config["password"] = secrets.Ref{File: file, Path: "config.password", Fingerprint: secrets.FingerprintOf(text), Ciphertext: c}
		w.File.Sops = &manifest.Sops{KeysDigest: keys}
		return w
	}
	before := version("one", "keys", secrets.Ciphertext{Kind: "str", IV: "iv", Size: 7})
	for _, c := range []struct {
		what string
		now  diff.Want
		word diff.Word
	}{
		{"rotated", version("two", "other", secrets.Ciphertext{Kind: "str", IV: "iv", Size: 7}), diff.Same},
		{"another vector", version("two", "other", secrets.Ciphertext{Kind: "str", IV: "another", Size: 7}), diff.Reencrypted},
		{"another length", version("two", "other", secrets.Ciphertext{Kind: "str", IV: "iv", Size: 8}), diff.Reencrypted},
		{"another type", version("two", "other", secrets.Ciphertext{Kind: "int", IV: "iv", Size: 7}), diff.Reencrypted},
		{"none that can be read", version("two", "other", secrets.Ciphertext{}), diff.Reencrypted},
		{"the same data key, and another text", version("two", "keys", secrets.Ciphertext{Kind: "str", IV: "iv", Size: 7}), diff.Changed},
	} {
		h := have("1", before)
		known := new(diff.Record(before, h, diff.RecordOptions{}))
		got := diff.Compute(diff.Input{Want: []diff.Want{c.now}, Have: []diff.Have{h}, Known: map[string]*diff.Known{"a": known}}).Changes[0]
		if len(got.Secrets) != 1 || got.Secrets[0].Word != c.word || got.Write != (c.word != diff.Same) {
			t.Errorf("%s: %s, write %t, %+v", c.what, got.Action, got.Write, got.Secrets)
		}
		known.Marks = nil // as recorded by an earlier version
		got = diff.Compute(diff.Input{Want: []diff.Want{c.now}, Have: []diff.Have{h}, Known: map[string]*diff.Known{"a": known}}).Changes[0]
		if got.Secrets[0].Word == diff.Same || !got.Write {
			t.Errorf("%s, without a record of it: %s, %+v", c.what, got.Action, got.Secrets)
		}
	}
}

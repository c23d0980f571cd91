package sops_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"

	"connsync/secrets"
	"connsync/secrets/sops"
)

const (
	canary = "canary-password"
	name   = "connections/a.yaml"
	plain  = `# a comment
connections:
  prod:
    edr:
      description: EDR
      config:
        endpoint: https://edr.example
        password: canary-password
        port_secret: 8443
        ratio_secret: 1.5
        on_secret: true
        list_secret:
          # another
          - canary-item
          - nested: canary-nested
        same_secret:
          - canary-same
          - canary-same2
    other:
      config:
        password: canary-other
`
)

// key makes an age key and has SOPS find it.
func key(t *testing.T) (recipient string) {
	t.Helper()
	recipient, identity, err := sops.NewAgeKey()
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("SOPS_AGE_KEY", identity.Expose().(string))
	t.Setenv("HOME", t.TempDir())
	t.Setenv("XDG_CONFIG_HOME", t.TempDir())
	return recipient
}

func sealed(t *testing.T, recipient string, partial bool) string {
	t.Helper()
	out, err := sops.Encrypt([]byte(plain), recipient, sops.EncryptOptions{EncryptedRegex: "password|secret", MACOnlyEncrypted: partial})
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}

func open(data string) (sops.Opened, error) {
	return sops.New(sops.Options{Allow: []string{"age"}}).Open(context.Background(), name, []byte(data))
}

func at(keys ...string) secrets.Path {
	p := secrets.Path("connections")
	for _, k := range keys {
		p = p.Key(k)
	}
	return p
}

func TestEveryEncryptedValueOpensWithItsType(t *testing.T) {
	data := sealed(t, key(t), true)
	if strings.Contains(data, "canary") || !strings.Contains(data, "https://edr.example") {
		t.Fatalf("encrypted: %s", data)
	}
	got, err := open(data)
	if err != nil {
		t.Fatal(err)
	}
	c := func(keys ...string) secrets.Path { return at(append([]string{"prod", "edr", "config"}, keys...)...) }
	want := map[secrets.Path]any{
		c("password"): canary, c("port_secret"): json.Number("8443"), c("ratio_secret"): json.Number("1.5"), c("on_secret"): true,
		c("list_secret").Index(0): "canary-item", c("list_secret").Index(1).Key("nested"): "canary-nested",
		c("same_secret").Index(0): "canary-same", c("same_secret").Index(1): "canary-same2",
		at("prod", "other", "config", "password"): "canary-other",
	}
	if len(got.Secrets) != len(want) {
		t.Errorf("%d secrets, want %d", len(got.Secrets), len(want))
	}
	for p, v := range want {
		if have := got.Secrets[p].Expose(); have != v {
			t.Errorf("%s: %T, want %T %v", p, have, v, v)
		}
	}
	if !strings.Contains(data, "lastmodified: \""+got.LastModified+"\"") {
		t.Errorf("last modified %s", got.LastModified)
	}
	if text := fmt.Sprintf("%+v %#v", got, got); strings.Contains(text, "canary") {
		t.Errorf("a plaintext in %s", text)
	}
}

// Each tamper names the words of a file that it replaces, and whether it must be found in either mode of the MAC.
func TestATamperedFileDoesNotOpen(t *testing.T) {
	recipient := key(t)
	cipher := regexp.MustCompile(`ENC\[AES256_GCM,[^\]]*\]`)
	swap := func(s string) string { // the first two encrypted values change places
		all := cipher.FindAllStringIndex(s, 2)
		a, b := s[all[0][0]:all[0][1]], s[all[1][0]:all[1][1]]
		return s[:all[0][0]] + b + s[all[0][1]:all[1][0]] + a + s[all[1][1]:]
	}
	for _, c := range []struct {
		name    string
		partial bool
		tamper  func(string) string
		kind    sops.Kind
	}{
		{"nothing, full MAC", false, nil, ""},
		{"nothing, partial MAC", true, nil, ""},
		{"cleartext edited, partial MAC", true, replace("edr.example", "evil.example"), ""},
		{"cleartext edited, full MAC", false, replace("edr.example", "evil.example"), sops.KindMAC},
		{"the connection renamed", true, replace("    edr:", "    stolen:"), sops.KindAltered},
		{"the target renamed", true, replace("  prod:", "  test:"), sops.KindAltered},
		{"a setting renamed", true, replace("        password:", "        password2:"), sops.KindAltered},
		{"two values swapped", true, swap, sops.KindAltered},
		{"a value in the clear", true, func(s string) string { return cipher.ReplaceAllStringFunc(s, once("canary-clear")) }, sops.KindAltered},
		{"a bit flipped", true, func(s string) string {
			i := strings.Index(s, "data:") + len("data:")
			return s[:i] + map[bool]string{true: "B", false: "A"}[s[i] == 'A'] + s[i+1:]
		}, sops.KindAltered},
		{"another spelling", true, replace("data:", "data:A"), sops.KindStructure},
		{"a value removed", true, func(s string) string { return regexp.MustCompile(`(?m)^ +port_secret:.*\n`).ReplaceAllString(s, "") }, sops.KindMAC},
		{"lastmodified edited", true, func(s string) string {
			return regexp.MustCompile(`lastmodified: "20..`).ReplaceAllString(s, `lastmodified: "1999`)
		}, sops.KindMAC},
		{"a lastmodified that is no time", true, func(s string) string {
			return regexp.MustCompile(`lastmodified: "[^"]*"`).ReplaceAllString(s, `lastmodified: "x"`)
		}, sops.KindStructure},
		{"the rule edited", true, replace("password|secret", "pass|nothing"), sops.KindMAC},
		{"no MAC", true, func(s string) string { return regexp.MustCompile(`(?m)^ +mac: .*\n`).ReplaceAllString(s, "") }, sops.KindStructure},
		{"an encrypted value outside of the rule", true, replace("description: EDR", "description: ENC[AES256_GCM,data:YQ==,iv:YQ==,tag:YWJjZGVmZ2hpamtsbW5vcA==,type:str]"), sops.KindAltered},
		{"a value of an unknown form", true, replace("type:bool]", "type:bytes]"), sops.KindStructure},
	} {
		t.Run(c.name, func(t *testing.T) {
			data := sealed(t, recipient, c.partial)
			if c.tamper != nil {
				before := data
				if data = c.tamper(data); data == before {
					t.Fatal("the tamper changed nothing")
				}
			}
			_, err := open(data)
			refused(t, err, c.kind)
		})
	}
}

func replace(old, new string) func(string) string {
	return func(s string) string { return strings.Replace(s, old, new, 1) }
}

func once(text string) func(string) string {
	done := false
	return func(s string) string {
		if done {
			return s
		}
		done = true
		return text
	}
}

var digest = regexp.MustCompile(`[0-9A-Fa-f]{64}`)

// refused checks the kind of an error and that it quotes neither a value nor a digest of all of them.
func refused(t *testing.T, err error, kind sops.Kind) {
	t.Helper()
	if kind == "" {
		if err != nil {
			t.Errorf("%v", err)
		}
		return
	}
	var e *sops.Error
	if !errors.As(err, &e) || e.Kind != kind {
		t.Fatalf("error %v, want one of kind %s", err, kind)
	}
	if text := fmt.Sprintf("%v %+v %#v", err, e, e); strings.Contains(text, "canary") || digest.MatchString(text) || !strings.HasPrefix(text, name) {
		t.Errorf("error text: %s", text)
	}
}

func TestAnAlteredValueIsNamed(t *testing.T) {
	data := strings.Replace(sealed(t, key(t), true), "    edr:", "    stolen:", 1)
	_, err := open(data)
	var e *sops.Error
	if !errors.As(err, &e) || e.Leaf != at("prod", "stolen", "config", "password") {
		t.Errorf("%v", err)
	}
}

func TestStructuresThatSOPSMustNotSee(t *testing.T) {
	recipient := key(t)
	good := sealed(t, recipient, true)
	for what, data := range map[string]string{
		"an alias in a second document, which overflows the stack": "x: 1\n---\na: &a [*a]\n",
		"a second document":         good + "---\na: 1\n",
		"an anchor":                 strings.Replace(good, "description: EDR", "description: &x EDR", 1),
		"a tag":                     strings.Replace(good, "description: EDR", "description: !!str EDR", 1),
		"a key twice":               strings.Replace(good, "      description: EDR", "      description: EDR\n      description: EDR", 1),
		"a key that is a number":    strings.Replace(good, "description: EDR", "1: EDR", 1),
		"no sops block":             plain,
		"a list":                    "- 1\n",
		"nothing":                   "",
		"no YAML":                   "a: [",
		"too deep":                  strings.Repeat("[", 100) + strings.Repeat("]", 100),
		"too large":                 "a: " + strings.Repeat("x", 5<<20),
		"a sops block that is text": "a: 1\nsops: x\n",
	} {
		t.Run(what, func(t *testing.T) {
			_, err := open(data)
			refused(t, err, sops.KindStructure)
		})
	}
}

// A file's metadata is written by the writer of the file: it must not make connsync talk to a host.
func TestAKeyTypeThatIsNotAllowedIsNeverContacted(t *testing.T) {
	recipient := key(t)
	asked := 0
	vault := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked++ }))
	t.Cleanup(vault.Close)
	t.Setenv("VAULT_TOKEN", "canary-token")
	entry := "  hc_vault:\n    - vault_address: " + vault.URL + "\n      engine_path: transit\n      key_name: k\n      created_at: \"2026-01-01T00:00:00Z\"\n      enc: vault:v1:AAAA\n"
	good := sealed(t, recipient, true)
	both := strings.Replace(good, "sops:\n", "sops:\n"+entry, 1)
	if _, err := open(both); err != nil {
		t.Errorf("the age entry opens the file all the same: %v", err)
	}
	only := regexp.MustCompile(`(?s)  age:\n.*?\n  (\w)`).ReplaceAllString(both, "  $1")
	_, err := open(only)
	refused(t, err, sops.KindNotAllowed)
	var e *sops.Error
	if errors.As(err, &e) && strings.Join(e.NotAllowed, ",") != "hc_vault" {
		t.Errorf("not allowed: %v", e.NotAllowed)
	}
	t.Setenv("SOPS_AGE_KEY", "")
	os.Unsetenv("SOPS_AGE_KEY")
	_, err = open(both)
	refused(t, err, sops.KindNoKey)
	if asked != 0 {
		t.Errorf("the host of the file was asked %d times", asked)
	}
	if _, err := sops.New(sops.Options{Allow: []string{"hc_vault"}}).Open(context.Background(), name, []byte(only)); err == nil || asked == 0 {
		t.Errorf("once it is allowed it is asked: %d times, %v", asked, err)
	}
}

func TestWithoutTheKeyTheErrorSaysForWhomItIs(t *testing.T) {
	recipient := key(t)
	data := sealed(t, recipient, true)
	key(t) // another one
	_, err := open(data)
	refused(t, err, sops.KindNoKey)
	var e *sops.Error
	if errors.As(err, &e) && (len(e.Recipients) != 1 || e.Recipients[0] != recipient || strings.Join(e.KeyTypes, ",") != "age") {
		t.Errorf("recipients %v, key types %v", e.Recipients, e.KeyTypes)
	}
}

func TestWhereAgeKeysAreFound(t *testing.T) {
	recipient, identity, err := sops.NewAgeKey()
	if err != nil {
		t.Fatal(err)
	}
	data := sealed(t, recipient, true)
	text := identity.Expose().(string) + "\n"
	file := filepath.Join(t.TempDir(), "keys.txt")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	config := t.TempDir()
	for source, set := range map[string]func(*testing.T){
		"SOPS_AGE_KEY":      func(t *testing.T) { t.Setenv("SOPS_AGE_KEY", text) },
		"SOPS_AGE_KEY_FILE": func(t *testing.T) { t.Setenv("SOPS_AGE_KEY_FILE", file) },
		"SOPS_AGE_KEY_CMD":  func(t *testing.T) { t.Setenv("SOPS_AGE_KEY_CMD", "cat "+file) },
		"the default file": func(t *testing.T) {
			t.Setenv("XDG_CONFIG_HOME", config)
			if err := os.MkdirAll(filepath.Join(config, "sops", "age"), 0o700); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(config, "sops", "age", "keys.txt"), []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		},
	} {
		t.Run(source, func(t *testing.T) {
			t.Setenv("HOME", t.TempDir())
			t.Setenv("XDG_CONFIG_HOME", t.TempDir())
			set(t)
			if _, err := open(data); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestAFullMACCanBeAskedFor(t *testing.T) {
	recipient := key(t)
	strict := sops.New(sops.Options{Allow: []string{"age"}, FullMAC: true})
	if _, err := strict.Open(context.Background(), name, []byte(sealed(t, recipient, false))); err != nil {
		t.Error(err)
	}
	_, err := strict.Open(context.Background(), name, []byte(sealed(t, recipient, true)))
	refused(t, err, sops.KindPartialMAC)
}

func TestAFileIsDecryptedOnceAndInMemory(t *testing.T) {
	data := sealed(t, key(t), true)
	temp := t.TempDir()
	t.Setenv("TMPDIR", temp)
	t.Setenv("PATH", "")
	o := sops.New(sops.Options{Allow: []string{"age"}})
	var wg sync.WaitGroup
	for range 16 {
		wg.Go(func() {
			if got, err := o.Open(context.Background(), name, []byte(data)); err != nil || len(got.Secrets) != 9 {
				t.Errorf("%d secrets, %v", len(got.Secrets), err)
			}
		})
	}
	wg.Wait()
	if o.Files() != 1 {
		t.Errorf("decrypted %d times", o.Files())
	}
	if left, err := os.ReadDir(temp); err != nil || len(left) != 0 {
		t.Errorf("files were left: %v %v", left, err)
	}
	ended, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := o.Open(ended, "other", []byte(data)); !errors.Is(err, context.Canceled) {
		t.Errorf("after the end: %v", err)
	}
}

func TestSetKeepsEveryOtherCiphertext(t *testing.T) {
	data := sealed(t, key(t), true)
	o := sops.New(sops.Options{Allow: []string{"age"}})
	after, err := sops.Set(context.Background(), o, name, []byte(data), []any{"connections", "prod", "edr", "config", "password"}, "canary-new")
	if err != nil {
		t.Fatal(err)
	}
	moved := 0
	lines := strings.Split(data, "\n")
	for i, l := range strings.Split(string(after), "\n") {
		if strings.Contains(l, "ENC[") && !strings.Contains(l, "mac:") && l != lines[i] {
			moved++
		}
	}
	got, err := open(string(after))
	if err != nil || moved != 1 || got.Secrets[at("prod", "edr", "config", "password")].Expose() != "canary-new" {
		t.Errorf("%d ciphertexts moved, %v", moved, err)
	}
}

func BenchmarkOpen(b *testing.B) {
	recipient, identity, err := sops.NewAgeKey()
	if err != nil {
		b.Fatal(err)
	}
	b.Setenv("SOPS_AGE_KEY", identity.Expose().(string))
	data, err := sops.Encrypt([]byte(plain), recipient, sops.EncryptOptions{EncryptedRegex: "password|secret", MACOnlyEncrypted: true})
	if err != nil {
		b.Fatal(err)
	}
	o := sops.New(sops.Options{Allow: []string{"age"}})
	for i := 0; b.Loop(); i++ {
		if _, err := o.Open(context.Background(), fmt.Sprint(i), data); err != nil {
			b.Fatal(err)
		}
	}
}

// ending is a context that ends after it was asked so many times.
type ending struct {
	context.Context
	left *int
}

func (e ending) Err() error {
	if *e.left--; *e.left < 0 {
		return context.Canceled
	}
	return nil
}

// A file that one caller had no time to open is opened for the next one.
func TestTheEndOfOneCallersTimeIsNoOnesElse(t *testing.T) {
	data, o, left := sealed(t, key(t), true), sops.New(sops.Options{Allow: []string{"age"}}), 1
	if _, err := o.Open(ending{context.Background(), &left}, name, []byte(data)); err == nil {
		t.Fatal("it opened")
	}
	if got, err := o.Open(context.Background(), name, []byte(data)); err != nil || len(got.Secrets) != 9 {
		t.Errorf("%d secrets, %v", len(got.Secrets), err)
	}
}

package sops

import (
	"context"
	"errors"
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/getsops/sops/v3/config"
	"github.com/getsops/sops/v3/stores/yaml"
)

// The key that opens testdata/sealed-*.yaml, and what is in them.
const testKey = "AGE-SECRET-KEY-1CDJELRG3FEG9NHDC5V6A04LCZSU34K3VLKSMRT5YR67Y8UWDFFLQWGXLJ3"

var sealedValues = map[string]string{
	"connections.prod.edr.config.password": "canary-password", "connections.prod.edr.config.port_secret": "8443", "connections.prod.edr.config.ratio_secret": "1.5",
	"connections.prod.edr.config.on_secret": "true", "connections.prod.edr.config.list_secret[0]": "canary-item", "connections.prod.edr.config.list_secret[1].nested": "canary-nested",
}

// hostileFiles are refused, or should be: SOPS's reader takes some of them, and does not survive others.
var hostileFiles = []string{
	"x: 1\n---\na: &a [*a]\n", "a: &a [b]\nc: *a\nsops: {}\n", "", "[]\n", "a: 1\nsops: {mac: ENC[]}\n", "sops:\n  mac: ENC[AES256_GCM,data:a,iv:b,tag:c,type:str]\n",
	"? {a: b}\n: c\nsops: {mac: 'ENC[AES256_GCM,data:a,iv:b,tag:c,type:str]'}\n", "a: !!binary YQ==\n", "a: 1\na: 2\n", "%YAML 1.1\n---\na: b\n...\n", "a:\n  - - - []\n",
	"sops:\n  mac: ENC[AES256_GCM,data:a,iv:b,tag:c,type:str]\n  lastmodified: \"x\"\n  age: {}\n  pgp: [~]\n  shamir_threshold: -1\n",
	"sops:\n  mac: ENC[AES256_GCM,data:a,iv:b,tag:c,type:str]\n  lastmodified: \"2026-01-01T00:00:00Z\"\n  hc_vault: [{vault_address: 'http://127.0.0.1:1', engine_path: t, key_name: k, enc: x}]\n",
	"sops:\n  mac: ENC[AES256_GCM,data:a,iv:b,tag:c,type:str]\n  lastmodified: \"2026-01-01T00:00:00Z\"\n  unencrypted_regex: \"(\"\n  encrypted_regex: \"[\"\n",
}

func sealedFiles(f *testing.F) []string {
	out := []string{}
	for _, name := range []string{"testdata/sealed-full.yaml", "testdata/sealed-partial.yaml"} {
		text, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		out = append(out, string(text))
	}
	return out
}

// FuzzScreen: what passes the screen does SOPS's reader no harm, and connsync reads it as SOPS does. It runs without the recover that stands around it otherwise.
func FuzzScreen(f *testing.F) {
	for _, text := range append(sealedFiles(f), hostileFiles...) {
		f.Add([]byte(text))
	}
	whole := sealedFiles(f)[0] // and something SOPS's reader follows for ever, or takes for a second tree
	for _, text := range []string{whole + "---\nx: 1\n", whole + "---\na: &a [*a]\n", "a: &a 1\nb: *a\n" + whole, whole + "a: !!str x\n", whole + "a: 1\na: 2\n"} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		doc, detail := screen(data)
		if detail != "" {
			return
		}
		theirs, err := yaml.NewStore(&config.YAMLStoreConfig{}).LoadEncryptedFile(data)
		if err == nil && len(theirs.Branches) != 1 {
			t.Errorf("%d documents", len(theirs.Branches))
		}
		ours, failed := encryptedTree(doc)
		if (err != nil) != (failed != nil) || err == nil && fmt.Sprintf("%#v", ours.Branches) != fmt.Sprintf("%#v", theirs.Branches) {
			t.Errorf("SOPS's reader: %v, %#v; connsync's: %v, %#v", err, theirs.Branches, failed, ours.Branches)
		}
	})
}

var anyDigest = regexp.MustCompile(`[0-9A-Fa-f]{64}`)

// FuzzOpen: however a file is altered, it does not open, or it gives values that were encrypted for just these places; and no
// error quotes one.
func FuzzOpen(f *testing.F) {
	f.Setenv("SOPS_AGE_KEY", testKey)
	f.Setenv("HOME", f.TempDir())
	f.Setenv("XDG_CONFIG_HOME", f.TempDir())
	for _, text := range append(sealedFiles(f), hostileFiles...) {
		f.Add([]byte(text))
		f.Add([]byte(strings.Replace(text, "type:str", "type:int", 1)))
		f.Add([]byte(strings.Replace(text, "        password:", "        - password:", 1)))
		f.Add([]byte(strings.Replace(text, "edr:", "other:", 1)))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		got, err := New(Options{Allow: []string{"age"}}).Open(context.Background(), "a.yaml", data)
		if err != nil {
			var e *Error
			if !errors.As(err, &e) {
				t.Fatalf("%T", err)
			}
			if text := fmt.Sprintf("%v %+v %#v", err, e, e); strings.Contains(text, "canary") && !strings.Contains(string(e.Leaf), "canary") || anyDigest.MatchString(text) {
				t.Errorf("the error quotes: %s", text)
			}
			return
		}
		for p, v := range got.Secrets {
			if want, there := sealedValues[string(p)]; there && fmt.Sprint(v.Expose()) != want {
				t.Errorf("%s is another value", p)
			} else if !there && !strings.Contains(string(p), "[") {
				t.Errorf("something opens at %s", p)
			}
		}
	})
}

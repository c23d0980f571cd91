package sops_test

import (
	"context"
	"encoding/base64"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	upstream "github.com/getsops/sops/v3"
	"github.com/getsops/sops/v3/aes"
	"github.com/getsops/sops/v3/cmd/sops/common"
	"github.com/getsops/sops/v3/config"
	"github.com/getsops/sops/v3/hckms"
	"github.com/getsops/sops/v3/keys"
	"github.com/getsops/sops/v3/pgp"
	"github.com/getsops/sops/v3/stores/yaml"
	"github.com/getsops/sops/v3/version"

	"connsync/secrets/sops"
)

// dataKey is what the key services of this file unwrap; its wrapped form is its base64.
var dataKey = []byte("0123456789abcdef0123456789abcdef")

// sealedFor is a file with one entry of a key type, wrapped as the test's key services unwrap it.
func sealedFor(t *testing.T, k keys.MasterKey) []byte {
	t.Helper()
	store := yaml.NewStore(&config.YAMLStoreConfig{Indent: 2})
	branches, err := store.LoadPlainFile([]byte(plain))
	if err != nil {
		t.Fatal(err)
	}
	k.SetEncryptedDataKey([]byte(base64.StdEncoding.EncodeToString(dataKey)))
	tree := upstream.Tree{Branches: branches, Metadata: upstream.Metadata{
		KeyGroups: []upstream.KeyGroup{{k}}, EncryptedRegex: "password|secret", MACOnlyEncrypted: true, Version: version.Version,
	}}
	if err := common.EncryptTree(common.EncryptTreeOpts{Tree: &tree, Cipher: aes.NewCipher(), DataKey: dataKey}); err != nil {
		t.Fatal(err)
	}
	out, err := store.EmitEncryptedFile(tree)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestPGPRunsGnuPG(t *testing.T) {
	t.Setenv("HOME", t.TempDir())
	gpg := filepath.Join(t.TempDir(), "gpg")
	if err := os.WriteFile(gpg, []byte("#!/bin/sh\nbase64 -d\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	t.Setenv("SOPS_GPG_EXEC", gpg)
	data := sealedFor(t, &pgp.MasterKey{Fingerprint: strings.Repeat("AB", 20), CreationDate: time.Now()})
	got, err := sops.New(sops.Options{Allow: []string{"age", "pgp"}}).Open(context.Background(), name, data)
	if err != nil || got.Secrets[at("prod", "edr", "config", "password")].Expose() != canary {
		t.Errorf("%v", err)
	}
	_, err = sops.New(sops.Options{Allow: []string{"age"}}).Open(context.Background(), name, data)
	refused(t, err, sops.KindNotAllowed)
}

func TestHuaweiCloudKMSIsAsked(t *testing.T) {
	asked := 0
	kms := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked++
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprintf(w, `{"key_id":"k","plain_text":%q}`, base64.StdEncoding.EncodeToString(dataKey))
	}))
	t.Cleanup(kms.Close)
	t.Setenv("HOME", t.TempDir())
	t.Setenv("HUAWEICLOUD_SDK_AK", "ak")
	t.Setenv("HUAWEICLOUD_SDK_SK", "canary-sk")
	t.Setenv("HUAWEICLOUD_SDK_PROJECT_ID", "p")
	t.Setenv("HUAWEICLOUD_SDK_REGION_KMS_TR_WEST_1", kms.URL)
	k, err := hckms.NewMasterKey("tr-west-1:7c0d5b0e-41c8-4c0b-9d0e-0b6b7d1f2a10")
	if err != nil {
		t.Fatal(err)
	}
	data := sealedFor(t, k)
	got, err := sops.New(sops.Options{Allow: []string{"hckms"}}).Open(context.Background(), name, data)
	if err != nil || asked != 1 || got.Secrets[at("prod", "edr", "config", "password")].Expose() != canary {
		t.Errorf("asked %d times, %v", asked, err)
	}
	_, err = sops.New(sops.Options{Allow: []string{"age"}}).Open(context.Background(), name, data)
	refused(t, err, sops.KindNotAllowed)
	if asked != 1 {
		t.Error("asked although it is not allowed")
	}
	kms.Close()
	_, err = sops.New(sops.Options{Allow: []string{"hckms"}}).Open(context.Background(), name, data)
	refused(t, err, sops.KindNoKey)
}

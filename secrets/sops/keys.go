package sops

import (
	"context"
	"errors"
	"os"
	"slices"
	"strings"
	"sync"

	"github.com/getsops/sops/v3/age"
	"github.com/getsops/sops/v3/keyservice"
	"google.golang.org/grpc"
)

var errKeyType = errors.New("key type not allowed")

// keys is the key service of one file: it refuses every forbidden type of key before any server is
// contacted. A file's metadata names hosts and keys, and the writer of the file writes its metadata.
type keys struct {
	ctx   context.Context
	allow []string
	lend  func(keyType string) (back func())
	ages  *ageKeys

	opened map[string]bool // wrapped keys, for the groups they open
	failed []Source        // keys of other types than age
}

// Encrypt wraps a data key, for connsync's own files.
func (k *keys) Encrypt(_ context.Context, r *keyservice.EncryptRequest, o ...grpc.CallOption) (*keyservice.EncryptResponse, error) {
	if !slices.Contains(k.allow, kindOf(r.GetKey())) {
		return nil, errKeyType
	}
	return keyservice.NewLocalClient().Encrypt(k.ctx, r, o...)
}

// Decrypt unwraps a data key.
func (k *keys) Decrypt(_ context.Context, r *keyservice.DecryptRequest, o ...grpc.CallOption) (*keyservice.DecryptResponse, error) {
	kind := kindOf(r.GetKey())
	if !slices.Contains(k.allow, kind) {
		return nil, errKeyType
	}
	if err := k.ctx.Err(); err != nil {
		return nil, err
	}
	if k.lend != nil {
		defer k.lend(kind)()
	}
	if kind != "age" {
		return k.elsewhere(kind, r, o...)
	}
	plain, err := k.ages.decrypt(r.GetKey().GetAgeKey().GetRecipient(), string(r.GetCiphertext()))
	if err != nil {
		return nil, err
	}
	k.note(r)
	return &keyservice.DecryptResponse{Plaintext: plain}, nil
}

// elsewhere has SOPS ask gpg, or a key service.
func (k *keys) elsewhere(kind string, r *keyservice.DecryptRequest, o ...grpc.CallOption) (*keyservice.DecryptResponse, error) {
	answer, err := keyservice.NewLocalClient().Decrypt(k.ctx, r, o...)
	if err != nil {
		k.failed = append(k.failed, Source{kind + " " + idOf(r.GetKey()), whyNot(kind, err.Error())})
		return nil, err
	}
	k.note(r)
	return answer, nil
}

func (k *keys) note(r *keyservice.DecryptRequest) {
	if k.opened == nil {
		k.opened = map[string]bool{}
	}
	k.opened[string(r.GetCiphertext())] = true
}

// idOf names a key in public.
func idOf(k *keyservice.Key) string {
	switch k := k.GetKeyType().(type) {
	case *keyservice.Key_PgpKey:
		return k.PgpKey.GetFingerprint()
	case *keyservice.Key_HckmsKey:
		return k.HckmsKey.GetKeyId()
	case *keyservice.Key_KmsKey:
		return k.KmsKey.GetArn()
	case *keyservice.Key_GcpKmsKey:
		return k.GcpKmsKey.GetResourceId()
	case *keyservice.Key_AzureKeyvaultKey:
		return k.AzureKeyvaultKey.GetName()
	case *keyservice.Key_VaultKey:
		return k.VaultKey.GetKeyName()
	}
	return ""
}

// kindOf is the name by which a project allows a type of key; "" for an unknown one.
func kindOf(k *keyservice.Key) string {
	switch k.GetKeyType().(type) {
	case *keyservice.Key_AgeKey:
		return "age"
	case *keyservice.Key_PgpKey:
		return "pgp"
	case *keyservice.Key_HckmsKey:
		return "hckms"
	case *keyservice.Key_KmsKey:
		return "kms"
	case *keyservice.Key_GcpKmsKey:
		return "gcp_kms"
	case *keyservice.Key_AzureKeyvaultKey:
		return "azure_kv"
	case *keyservice.Key_VaultKey:
		return "hc_vault"
	}
	return ""
}

// ageKeys holds the age identities, found once by SOPS's own loader. Only commands that are asked
// for a key are told the recipient, so only then does each recipient have identities of its own.
type ageKeys struct {
	mu     sync.Mutex
	loaded map[string]age.MasterKey
	errs   []string // of the library: they are looked at for what went wrong where, and never shown
}

// said are the library's errors.
func (a *ageKeys) said() string {
	a.mu.Lock()
	defer a.mu.Unlock()
	return strings.Join(a.errs, "\n")
}

// hear keeps an error of the library; of a run with many files, the first ones.
func (a *ageKeys) hear(err error) {
	if err != nil && len(a.errs) < 20 {
		a.errs = append(a.errs, err.Error())
	}
}

func (a *ageKeys) decrypt(recipient, wrapped string) ([]byte, error) {
	key := a.prototype(recipient)
	key.Recipient, key.EncryptedKey = recipient, wrapped
	plain, err := key.Decrypt()
	a.mu.Lock()
	defer a.mu.Unlock()
	a.hear(err)
	return plain, err
}

func (a *ageKeys) prototype(recipient string) age.MasterKey {
	slot := ""
	if os.Getenv(age.SopsAgeKeyCmdEnv) != "" || os.Getenv(age.SopsAgeSshPrivateKeyCmdEnv) != "" {
		slot = recipient
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	key, ok := a.loaded[slot]
	if !ok {
		key = age.MasterKey{Recipient: recipient}
		_, err := key.Decrypt() // finds the identities: they stay with the key; there is nothing to decrypt yet
		a.hear(err)
		if a.loaded == nil {
			a.loaded = map[string]age.MasterKey{}
		}
		a.loaded[slot] = key
	}
	return key
}

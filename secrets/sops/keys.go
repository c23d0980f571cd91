package sops

import (
	"context"
	"errors"
	"os"
	"slices"
	"sync"

	"github.com/getsops/sops/v3/age"
	"github.com/getsops/sops/v3/keyservice"
	"google.golang.org/grpc"
)

var errKeyType = errors.New("key type not allowed")

// keys is the key service of one file: it refuses every type of key that is not allowed before anybody is
// contacted. A file's metadata names hosts and keys, and whoever writes the file writes its metadata.
type keys struct {
	ctx   context.Context
	allow []string
	lend  func(keyType string) (back func())
	ages  *ageKeys
}

// Encrypt wraps a data key, for files that connsync makes itself.
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
		return keyservice.NewLocalClient().Decrypt(k.ctx, r, o...)
	}
	plain, err := k.ages.decrypt(r.GetKey().GetAgeKey().GetRecipient(), string(r.GetCiphertext()))
	if err != nil {
		return nil, err
	}
	return &keyservice.DecryptResponse{Plaintext: plain}, nil
}

// kindOf is the name by which a project allows a type of key; "" for one that we do not know.
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
}

func (a *ageKeys) decrypt(recipient, wrapped string) ([]byte, error) {
	key := a.prototype(recipient)
	key.Recipient, key.EncryptedKey = recipient, wrapped
	return key.Decrypt()
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
		_, _ = key.Decrypt() // finds the identities, which stay with the key; there is nothing to decrypt yet
		if a.loaded == nil {
			a.loaded = map[string]age.MasterKey{}
		}
		a.loaded[slot] = key
	}
	return key
}

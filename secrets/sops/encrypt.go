package sops

import (
	"context"
	"errors"

	filippo "filippo.io/age"
	upstream "github.com/getsops/sops/v3"
	"github.com/getsops/sops/v3/aes"
	"github.com/getsops/sops/v3/age"
	"github.com/getsops/sops/v3/cmd/sops/common"
	"github.com/getsops/sops/v3/config"
	"github.com/getsops/sops/v3/keyservice"
	"github.com/getsops/sops/v3/stores/yaml"
	"github.com/getsops/sops/v3/version"

	"connsync/secrets"
)

// errEncrypt stands for every failure to encrypt: the library's texts could quote values.
var errEncrypt = errors.New("cannot be encrypted")

// NewAgeKey makes an age key pair: the recipient to encrypt for, and the identity (a string) that opens it.
func NewAgeKey() (recipient string, identity secrets.Value, err error) {
	return pair(filippo.GenerateX25519Identity())
}

func pair(key *filippo.X25519Identity, err error) (string, secrets.Value, error) {
	if err != nil {
		return "", secrets.Value{}, errNoRandom
	}
	return key.Recipient().String(), secrets.Hide(key.String()), nil
}

var errNoRandom = errors.New("no key can be made: the system gives no random numbers")

// EncryptOptions say what of a file is encrypted and authenticated.
type EncryptOptions struct {
	EncryptedRegex   string // of the keys whose values are encrypted
	MACOnlyEncrypted bool   // the MAC covers encrypted values only
}

// Encrypt encrypts a YAML document for an age recipient.
func Encrypt(plain []byte, recipient string, o EncryptOptions) ([]byte, error) {
	silence()
	store := yaml.NewStore(&config.YAMLStoreConfig{Indent: 2})
	branches, err := store.LoadPlainFile(plain)
	if err != nil {
		return nil, errEncrypt
	}
	key, err := age.MasterKeyFromRecipient(recipient)
	if err != nil {
		return nil, errEncrypt
	}
	tree := upstream.Tree{Branches: branches, Metadata: upstream.Metadata{
		KeyGroups: []upstream.KeyGroup{{key}}, EncryptedRegex: o.EncryptedRegex, MACOnlyEncrypted: o.MACOnlyEncrypted, Version: version.Version,
	}}
	data, errs := tree.GenerateDataKeyWithKeyServices([]keyservice.KeyServiceClient{&keys{ctx: context.Background(), allow: []string{"age"}}})
	if len(errs) > 0 {
		return nil, errEncrypt
	}
	return encryptTree(&tree, data, aes.NewCipher())
}

// Set changes one value of an encrypted file, as `sops set` does: every other ciphertext stays as it is.
func Set(ctx context.Context, o *Opener, name string, data []byte, path []any, value any) ([]byte, error) {
	f, err := o.decrypt(ctx, name, data)
	if err != nil {
		return nil, err
	}
	f.tree.Branches[0], _ = f.tree.Branches[0].Set(path, value)
	return encryptTree(&f.tree, f.key, f.cipher)
}

func encryptTree(tree *upstream.Tree, key []byte, c upstream.Cipher) ([]byte, error) {
	err := common.EncryptTree(common.EncryptTreeOpts{Tree: tree, Cipher: c, DataKey: key})
	var out []byte
	if err == nil {
		out, err = yaml.NewStore(&config.YAMLStoreConfig{Indent: 2}).EmitEncryptedFile(*tree)
	}
	if err != nil {
		return nil, errEncrypt
	}
	return out, nil
}

package sops

import (
	"context"
	"errors"
	"time"

	filippo "filippo.io/age"
	upstream "github.com/getsops/sops/v3"
	"github.com/getsops/sops/v3/aes"
	"github.com/getsops/sops/v3/age"
	"github.com/getsops/sops/v3/keyservice"

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
	EncryptedRegex   string // of the keys with encrypted values
	MACOnlyEncrypted bool   // the MAC covers encrypted values only
}

// Encrypt encrypts a YAML document for an age recipient.
func Encrypt(plain []byte, recipient string, o EncryptOptions) ([]byte, error) {
	silence()
	branch, err := plainTree(plain)
	if err != nil {
		return nil, err
	}
	key, err := age.MasterKeyFromRecipient(recipient)
	if err != nil {
		return nil, errEncrypt
	}
	tree := upstream.Tree{Branches: upstream.TreeBranches{branch}, Metadata: upstream.Metadata{
		KeyGroups: []upstream.KeyGroup{{key}}, EncryptedRegex: o.EncryptedRegex, MACOnlyEncrypted: o.MACOnlyEncrypted, Version: libraryVersion,
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

// encryptTree encrypts and signs a tree, and writes it.
func encryptTree(tree *upstream.Tree, key []byte, c upstream.Cipher) ([]byte, error) {
	mac, err := tree.Encrypt(key, c)
	if err != nil {
		return nil, errEncrypt
	}
	m := &tree.Metadata
	m.LastModified = time.Now().UTC()
	if m.MessageAuthenticationCode, err = c.Encrypt(mac, key, m.LastModified.Format(time.RFC3339)); err != nil {
		return nil, errEncrypt
	}
	out, err := encryptedText(*tree, 2)
	if err != nil {
		return nil, errEncrypt
	}
	return out, nil
}

// libraryVersion is the version of SOPS in a file's sops block, as SOPS writes it.
const libraryVersion = "3.13.3"

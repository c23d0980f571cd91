// Package secrets is the vocabulary of things that must not be seen: where a
// secret is (Ref), whether its ciphertext moved (Fingerprint), and a plaintext
// that cannot print itself (Value). It decides nothing and opens nothing.
package secrets

import (
	"crypto/sha256"
	"encoding/hex"
)

// Ref names one encrypted value of a manifest without holding it. A plan is made
// of Refs alone: a holder of one can tell whether the secret moved, not what it is.
type Ref struct {
	File        string      // the manifest, as a slash path in the repository
	Path        Path        // the leaf, from the document's root (targets and names are part of it)
	Fingerprint Fingerprint // of the ENC[…] text
	Ciphertext  Ciphertext  // what it tells besides; the zero value where it is unreadable
}

// Fingerprint is the digest of a ciphertext: 32 hex digits, the first half of a
// SHA-256. It is never the digest of a plaintext: that could be guessed offline.
// SOPS keeps a leaf's ciphertext byte for byte while the leaf is not touched, so
// equal fingerprints mean an unchanged secret; different ones mean it may have changed.
type Fingerprint string

// FingerprintOf is the fingerprint of an ENC[…] text.
func FingerprintOf(ciphertext string) Fingerprint {
	return Fingerprint(Digest(ciphertext))
}

// Digest is the digest that state and plans use for text without secrets:
// 32 hex digits, the first half of its SHA-256.
func Digest(text string) string {
	var room [512]byte // most texts need no memory of their own
	return DigestOf(append(room[:0], text...))
}

// DigestOf is Digest of bytes.
func DigestOf(text []byte) string {
	sum := sha256.Sum256(text)
	var out [32]byte
	hex.Encode(out[:], sum[:16])
	return string(out[:])
}

package secrets

import (
	"encoding/base64"
	"slices"
	"strconv"
	"strings"
)

// tagSize is the size of AES-GCM's tag, in bytes.
const tagSize = 16

// Ciphertext is what a SOPS ciphertext tells without a key.
type Ciphertext struct {
	Kind string // str, int, float, bool, comment
	IV   string // SOPS keeps it while the value stays, through a new data key too, and draws another one for another value
	Size int    // of the plaintext in bytes
}

// ReadCiphertext reads a text that is, from end to end, a SOPS ciphertext of one of some types, in the one
// spelling it has: SOPS itself accepts rubbish behind it, spare bits of base64, and bytes moved from the data to the tag. So a writer with
// no key could write the same ciphertext in other letters, and have it pass for another one.
func ReadCiphertext(s string, kinds ...string) (Ciphertext, bool) {
	rest, ok := strings.CutPrefix(s, "ENC[AES256_GCM,data:")
	if !ok || !strings.HasSuffix(rest, "]") {
		return Ciphertext{}, false
	}
	parts := strings.Split(strings.TrimSuffix(rest, "]"), ",")
	if len(parts) != 4 {
		return Ciphertext{}, false
	}
	iv, okIV := strings.CutPrefix(parts[1], "iv:")
	tag, okTag := strings.CutPrefix(parts[2], "tag:")
	kind, okType := strings.CutPrefix(parts[3], "type:")
	if !okIV || !okTag || !okType || !slices.Contains(kinds, kind) {
		return Ciphertext{}, false
	}
	size := decoded(parts[0])
	if size == 0 || decoded(iv) == 0 || decoded(tag) != tagSize {
		return Ciphertext{}, false
	}
	return Ciphertext{kind, iv, size}, true
}

// IsCiphertext tells whether ReadCiphertext can read a text.
func IsCiphertext(s string, kinds ...string) bool {
	_, ok := ReadCiphertext(s, kinds...)
	return ok
}

// Mark is a digest of what stays of a ciphertext while its value stays, whatever its data key; "" for the zero Ciphertext.
func (c Ciphertext) Mark() string {
	if c.IV == "" {
		return ""
	}
	return Digest(c.Kind + "\x00" + strconv.Itoa(c.Size) + "\x00" + c.IV)
}

// exact refuses set spare bits. It passes over line ends, as all of them do.
var exact = base64.StdEncoding.Strict()

// decoded is how many bytes a text of base64 stands for; 0 where it is none, or not the one text for its bytes.
func decoded(text string) int {
	b, err := exact.DecodeString(text)
	if err != nil || strings.ContainsAny(text, "\r\n") {
		return 0
	}
	return len(b)
}

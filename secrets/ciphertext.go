package secrets

import (
	"encoding/base64"
	"slices"
	"strings"
)

// tagSize is that of AES-GCM, in bytes.
const tagSize = 16

// IsCiphertext tells whether a text is, from end to end, a SOPS ciphertext of one of some types (str, int, float, bool, comment), in the one
// spelling that it has: SOPS itself accepts rubbish behind it, spare bits of base64, and bytes that moved from the data to the tag, so that whoever has
// no key could write the same ciphertext in other letters, and have it pass for another one.
func IsCiphertext(s string, kinds ...string) bool {
	rest, ok := strings.CutPrefix(s, "ENC[AES256_GCM,data:")
	if !ok || !strings.HasSuffix(rest, "]") {
		return false
	}
	parts := strings.Split(strings.TrimSuffix(rest, "]"), ",")
	if len(parts) != 4 {
		return false
	}
	iv, okIV := strings.CutPrefix(parts[1], "iv:")
	tag, okTag := strings.CutPrefix(parts[2], "tag:")
	kind, okType := strings.CutPrefix(parts[3], "type:")
	return okIV && okTag && okType && slices.Contains(kinds, kind) &&
		decoded(parts[0]) > 0 && decoded(iv) > 0 && decoded(tag) == tagSize
}

// decoded is how many bytes a text of base64 stands for; 0 where it is none, or not the one that encoding them gives.
func decoded(text string) int {
	b, err := base64.StdEncoding.DecodeString(text)
	if err != nil || base64.StdEncoding.EncodeToString(b) != text {
		return 0
	}
	return len(b)
}

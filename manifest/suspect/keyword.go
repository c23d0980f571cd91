package suspect

import (
	"slices"
	"strings"

	"connsync/lazy"
)

// ofKeyWord judges a key with the last word key, by the word before it.
func ofKeyWord(words []string, text string, number bool) Finding {
	if filePath.MatchString(text) || resource.MatchString(text) {
		return Finding{}
	}
	if len(words) == 1 {
		switch {
		case number || words[0] == "keys":
			return Finding{}
		case plainName(text):
			return Finding{Verdict: Doubtful, Why: "by its key"}
		}
		return Finding{Verdict: Secret, Why: "by its key"}
	}
	free, secret := kindOfKey(words)
	switch {
	case secret && !free, !number && keyMaterial(text) && !publicWords.HasAny(words):
		return Finding{Verdict: Secret, Why: "by its key"}
	case free || number:
		return Finding{}
	case keyLike(text):
		return Finding{Verdict: Secret, Why: "by its key"}
	}
	return Finding{Verdict: Doubtful, Why: "by its key"}
}

// kindOfKey tells whether a key with the last word key is known to name something harmless, or a secret, by the word before it.
func kindOfKey(words []string) (free, secret bool) {
	before := words[len(words)-2]
	if len(before) == 1 && len(words) > 2 { // apiV3Key
		before = words[len(words)-3]
	}
	if unversioned := strings.TrimSuffix(before, "v"); secretKeys.Has(unversioned) { // apiv3key
		before = unversioned
	}
	free = freeKeys.Has(before) || freeKeys.Has(singular(before)) && !secretKeys.Has(before)
	secret = secretKeys.Has(before) || slices.ContainsFunc(keyStems, func(s string) bool { return strings.HasSuffix(before, s) })
	return free, secret
}

// keyBehind is the words of a key up to the word key, where only what says how the key is written stands behind: client_key_data, api_key_prod.
func keyBehind(words []string) []string {
	for i := len(words) - 1; i > 0; i-- {
		if words[i] == "key" || words[i] == "keys" {
			return words[:i+1]
		}
		if !keyTails.Has(words[i]) {
			break
		}
	}
	return nil
}

// keyMaterial tells what no name of a field, a project or a host looks like: padded base64, and the groups of a product key.
func keyMaterial(text string) bool {
	return paddedBase64.MatchString(text) || keyGroups.MatchString(text)
}

// keyLike tells a long text of letters and digits without words. It is weaker than Random, and counts where the key says key.
func keyLike(text string) bool {
	return len(text) >= 16 && base64Like16.MatchString(text) && digits(text) >= 3 && classChanges(text) >= 0.2
}

func digits(text string) int {
	n := 0
	for _, r := range text {
		if r >= '0' && r <= '9' {
			n++
		}
	}
	return n
}

// derPrefix is how base64 of a private key, a certificate and a PKCS #12 file begins.
const derPrefix = "MII"

var (
	paddedBase64 = lazy.New(`^[A-Za-z0-9+/_-]+={1,2}$`)
	keyGroups    = lazy.New(`^[A-Z0-9]{4,8}(-[A-Z0-9]{4,8}){2,}$`)
	base64Like16 = lazy.New(`^[A-Za-z0-9+/_-]{16,}$`)
	bgpCommunity = lazy.New(`^\d+(:\d+)+$`)
	duration     = lazy.New(`^\d+ ?[a-z]{0,7}$`)
)

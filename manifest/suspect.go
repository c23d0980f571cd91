package manifest

import (
	"strings"
	"unicode"

	"connsync/manifest/suspect"
)

// LooksSecret tells whether a value looks like a secret by itself, whatever its key: a key or a token, a password in a URL, random
// characters. It may have been typed into the console where Git has something harmless.
func LooksSecret(v any) bool { return suspect.Setting(nil, v).Hide() }

// Suspicious tells whether a setting in the clear looks like a secret, by its keys or its value, or was withheld for that.
func (s Setting) Suspicious() bool {
	if _, withheld := s.Value.(Withheld); withheld {
		return true
	}
	keys := strings.FieldsFunc(strings.TrimPrefix(string(s.Path), "config"), func(r rune) bool { return strings.ContainsRune(`.[]"`, r) })
	named := keys[:0]
	for _, k := range keys {
		if strings.IndexFunc(k, func(r rune) bool { return !unicode.IsDigit(r) }) >= 0 { // no position in a list
			named = append(named, k)
		}
	}
	return suspect.Setting(named, s.Value).Hide()
}

// KeyWords splits a key at separators and at humps of camel case: clientSecretURL is client, secret, url.
func KeyWords(key string) []string { return suspect.Words(key) }

package secmaster

import (
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"html"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// given is how much of a secret in a row gives it away, in bytes.
const given = 6

// repeats tells whether a text holds a secret, or six characters of it in a row: as they are, backwards, escaped or encoded in a way
// that servers, gateways and their logs use; or a digest of the secret, which would confirm a guess.
func repeats(message, secret string) bool {
	switch {
	case len(secret) < 3 || message == "":
		return false
	case usualID.MatchString(message): // there is one in every answer, so it is looked at for what it can be
		return hasRun(strings.ReplaceAll(message, "-", ""), hex.EncodeToString([]byte(secret)), 2*given) || hasRun(message, secret, given) || hasAny(message, digests(secret))
	}
	for i := 0; i == 0 || i+given <= len(secret); i++ {
		part := secret[i:min(i+given, len(secret))]
		for _, written := range spellings(part) {
			if strings.Contains(message, written) {
				return true
			}
		}
	}
	return hasAny(message, inBase64(secret)) || hasAny(message, digests(secret))
}

// usualID is a request id as SecMaster gives it.
var usualID = regexp.MustCompile(`^[0-9a-f-]{8,64}$`)

// hasRun tells whether a message holds n bytes in a row of a text, or all of a shorter one.
func hasRun(message, text string, n int) bool {
	for i := 0; i == 0 || i+n <= len(text); i++ {
		if strings.Contains(message, text[i:min(i+n, len(text))]) {
			return true
		}
	}
	return false
}

func hasAny(message string, texts []string) bool {
	return slices.ContainsFunc(texts, func(s string) bool { return strings.Contains(message, s) })
}

// spellings are the ways to write a text down character by character.
func spellings(s string) []string {
	out := []string{s, backwards(s), url.QueryEscape(s), url.PathEscape(s), escape(s), html.EscapeString(s), inner(strconv.Quote(s)), strings.Trim(fmt.Sprint([]byte(s)), "[]")}
	if text, err := json.Marshal(s); err == nil {
		out = append(out, inner(string(text)))
	}
	for _, each := range []string{"%02x", "%02X", "%%%02X", "%%%02x", `\x%02x`, `\u%04x`, "\x00%c", "?%c"} { // the last two: UTF-16, as it comes and as it is shown
		var b strings.Builder
		for i := range len(s) {
			fmt.Fprintf(&b, each, s[i])
		}
		out = append(out, strings.Trim(b.String(), "\x00?"))
	}
	twice, _ := json.Marshal(inner(strconv.Quote(s)))
	return append(out, inner(string(twice)))
}

func inner(quoted string) string { return quoted[1 : len(quoted)-1] }

func backwards(s string) string {
	b := []byte(s)
	slices.Reverse(b)
	return string(b)
}

// inBase64 are the runs of a secret's base64, in whichever of three places it begins.
func inBase64(secret string) []string {
	const run = 8
	var out []string
	for _, e := range []*base64.Encoding{base64.RawStdEncoding, base64.RawURLEncoding} {
		for shift := range 3 {
			text := e.EncodeToString([]byte("..."[:shift] + secret))
			text = text[(shift*8+5)/6 : (shift+len(secret))*8/6] // what depends on nothing but the secret
			for i := 0; i == 0 || i+run <= len(text); i++ {
				out = append(out, text[i:min(i+run, len(text))])
			}
		}
	}
	return out
}

// digests are the beginnings of a secret's digests.
func digests(secret string) []string {
	const enough = 12
	line, quoted := secret+"\n", strconv.Quote(secret)
	if text, err := json.Marshal(secret); err == nil {
		quoted = string(text)
	}
	var out []string
	for _, s := range []string{secret, line, quoted} {
		a, b, c, d := md5.Sum([]byte(s)), sha1.Sum([]byte(s)), sha256.Sum256([]byte(s)), sha512.Sum512([]byte(s))
		for _, sum := range [][]byte{a[:], b[:], c[:], d[:]} {
			lower := hex.EncodeToString(sum)[:enough]
			out = append(out, lower, strings.ToUpper(lower), base64.StdEncoding.EncodeToString(sum)[:enough], base64.URLEncoding.EncodeToString(sum)[:enough])
		}
	}
	return out
}

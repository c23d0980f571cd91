package manifest

import (
	"encoding/json"
	"math"
	"regexp"
	"strings"
	"unicode"
)

// LooksSecret tells whether a value looks like a secret by itself, whatever its key: a key or a token, a password in a URL, random
// characters. Somebody may have typed one into the console where Git has something harmless.
func LooksSecret(v any) bool { return looksSecret("", v) != "" }

// Suspicious tells whether a setting in the clear looks like a secret, by its key or its value, or was withheld for that.
func (s Setting) Suspicious() bool {
	if _, withheld := s.Value.(Withheld); withheld {
		return true
	}
	words := strings.FieldsFunc(string(s.Path), func(r rune) bool { return strings.ContainsRune(`.[]"`, r) })
	return len(words) > 0 && looksSecret(words[len(words)-1], s.Value) != ""
}

// looksSecret says why a setting in the clear looks like a secret; "" where it does not. An empty
// text is none (SOPS leaves it in the clear too), and neither is a boolean.
func looksSecret(key string, v any) string {
	text, isText := v.(string)
	if n, isNumber := v.(json.Number); isNumber {
		text = string(n)
	}
	switch {
	case text == "":
		return ""
	case isText && shaped(text) != "":
		return shaped(text)
	case secretKey(key):
		return "by its key"
	case isText && hidesJSON(text):
		return "by a key of the JSON in it"
	case isText && random(text):
		return "random characters"
	}
	return ""
}

var (
	secretWords = wordSet("password passwd pwd passphrase passcode secret secrets token tokens credential credentials apikey secretkey privatekey accesskey authkey sk pin")
	secretPairs = wordSet("api_key access_key secret_key private_key auth_key signing_key encryption_key shared_key master_key account_key client_key license_key")
	// harmless last words: what such a key names is about the secret, and not the secret.
	aboutWords = wordSet("type url uri endpoint name id ids policy path file ttl expiry expires expiration length size enabled required " +
		"method header format algorithm mode ref kind count timeout interval host port field class scope scopes issuer audience hint version seconds minutes " +
		"days lifetime rotation location alias")
)

func wordSet(words string) map[string]bool {
	set := make(map[string]bool)
	for _, w := range strings.Fields(words) {
		set[w] = true
	}
	return set
}

// secretKey tells by its words whether a key names a secret: clientSecret and api-key do, tokenizer
// and token_url do not.
func secretKey(key string) bool {
	words := KeyWords(key)
	if len(words) == 0 || aboutWords[words[len(words)-1]] {
		return false
	}
	for i, w := range words {
		if secretWords[w] || w == "pass" && len(words) == 1 || i > 0 && secretPairs[words[i-1]+"_"+w] {
			return true
		}
	}
	return false
}

// KeyWords splits a key at separators and at humps of camel case: clientSecretURL is client, secret, url.
func KeyWords(key string) []string {
	var words []string
	var word []rune
	flush := func() {
		if len(word) > 0 {
			words = append(words, strings.ToLower(string(word)))
			word = word[:0]
		}
	}
	runes := []rune(key)
	for i, r := range runes {
		if !unicode.IsLetter(r) && !unicode.IsDigit(r) {
			flush()
			continue
		}
		hump := unicode.IsUpper(r) && i > 0 && (unicode.IsLower(runes[i-1]) || i+1 < len(runes) && unicode.IsLower(runes[i+1]))
		if hump {
			flush()
		}
		word = append(word, r)
	}
	flush()
	return words
}

// shapes are texts that are secrets wherever they stand.
var shapes = []struct {
	what    string
	pattern *regexp.Regexp
}{
	{"a private key", regexp.MustCompile(`-----BEGIN [A-Z0-9 ]*PRIVATE KEY|AGE-SECRET-KEY-(PQ-)?1`)},
	{"the shape of an access key", regexp.MustCompile(`\b(AKIA|ASIA)[A-Z0-9]{16}\b`)},
	{"the shape of a token", regexp.MustCompile(`\b(gh[pousr]_[A-Za-z0-9]{20,}|github_pat_[A-Za-z0-9_]{20,}|glpat-[A-Za-z0-9_-]{16,}|xox[abprs]-[A-Za-z0-9-]{10,}|sk-[A-Za-z0-9_-]{20,})`)},
	{"the shape of a token", regexp.MustCompile(`\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]*`)},
	{"an authorization header", regexp.MustCompile(`(?i)^(bearer|basic)\s+[A-Za-z0-9+/=._-]{8,}$`)},
	{"a password in a URL", regexp.MustCompile(`[a-z][a-z0-9+.-]*://[^/\s:@]*:[^/\s@]+@`)},
}

func shaped(text string) string {
	if len(text) < 12 {
		return ""
	}
	for _, s := range shapes {
		if s.pattern.MatchString(text) {
			return s.what
		}
	}
	return ""
}

// hidesJSON tells whether a text is JSON with a key that names a secret.
func hidesJSON(text string) bool {
	if !strings.HasPrefix(text, "{") && !strings.HasPrefix(text, "[") {
		return false
	}
	var v any
	return json.Unmarshal([]byte(text), &v) == nil && jsonSecret("", v)
}

func jsonSecret(key string, v any) bool {
	switch v := v.(type) {
	case map[string]any:
		for k, child := range v {
			if jsonSecret(k, child) {
				return true
			}
		}
	case []any:
		for _, child := range v {
			if jsonSecret(key, child) {
				return true
			}
		}
	case string:
		return v != "" && secretKey(key)
	}
	return false
}

var (
	longHex    = regexp.MustCompile(`^[0-9A-Fa-f]{40,}$`)
	base64Like = regexp.MustCompile(`^[A-Za-z0-9+/_-]{20,}={0,2}$`)
	uuidLike   = regexp.MustCompile(`^[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}$`)
)

// random tells whether a text is one long run of characters that nobody would choose: much entropy, and a
// change between upper case, lower case and digits at nearly every step, as words never have.
func random(text string) bool {
	if len(text) < 20 || strings.ContainsAny(text, " :.@") || strings.HasPrefix(text, "/") || uuidLike.MatchString(text) {
		return false
	}
	if longHex.MatchString(text) {
		return true
	}
	return base64Like.MatchString(text) && entropy(text) >= 3.5 && classChanges(text) >= 0.45
}

// entropy is Shannon's, in bits per byte.
func entropy(s string) float64 {
	var counts [256]float64
	for i := 0; i < len(s); i++ {
		counts[s[i]]++
	}
	sum := 0.0
	for _, c := range counts {
		if c > 0 {
			p := c / float64(len(s))
			sum -= p * math.Log2(p)
		}
	}
	return sum
}

// classChanges is the share of neighbours that differ in class: upper case, lower case, digit, other.
func classChanges(s string) float64 {
	class := func(c byte) int {
		switch {
		case c >= 'a' && c <= 'z':
			return 0
		case c >= 'A' && c <= 'Z':
			return 1
		case c >= '0' && c <= '9':
			return 2
		}
		return 3
	}
	changes := 0
	for i := 1; i < len(s); i++ {
		if class(s[i]) != class(s[i-1]) {
			changes++
		}
	}
	return float64(changes) / float64(len(s)-1)
}

var commentedSecret = regexp.MustCompile(`(?i)\b(password|passwd|pwd|passphrase|secret|token|api[_-]?key|private[_-]?key)["']?\s*[:=]\s*["']?([^\s"'<>$({\[]{4,})["']?\s*$`)

// secretComment tells whether a comment holds something like `password: value`.
func secretComment(comment string) bool {
	for _, line := range strings.Split(comment, "\n") {
		if commentedSecret.MatchString(line) || shaped(line) != "" {
			return true
		}
	}
	return false
}

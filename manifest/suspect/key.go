package suspect

import (
	"strings"
	"unicode"
)

// Words splits a key at separators, at humps of camel case, and between Chinese and other letters: clientSecretURL is client, secret, url.
func Words(key string) []string {
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
		if hump || i > 0 && unicode.Is(unicode.Han, r) != unicode.Is(unicode.Han, runes[i-1]) {
			flush()
		}
		word = append(word, r)
	}
	flush()
	return words
}

// parts are the words of a key without digits, and with parts of one word joined: pass_word is password, Pass4Key is pass, key.
func parts(key string) []string {
	var out []string
	for _, w := range Words(key) {
		for _, p := range strings.FieldsFunc(w, func(r rune) bool { return unicode.IsDigit(r) }) {
			if n := len(out); n > 0 && joined[out[n-1]+" "+p] != "" {
				out[n-1] = joined[out[n-1]+" "+p]
				continue
			}
			out = append(out, unglued(p)...)
		}
	}
	return out
}

// unglued takes key or code off the end of a word, where what stands in front is known: hmackey is hmac, key; and monkey is monkey.
func unglued(word string) []string {
	if before, ok := strings.CutSuffix(word, "key"); ok && (secretKeys.Has(before) || freeKeys.Has(before)) {
		return []string{before, "key"}
	}
	if before, ok := strings.CutSuffix(word, "code"); ok && joined[before+" code"] != "" {
		return []string{joined[before+" code"]}
	}
	return []string{word}
}

// ofKey judges a value by its own key.
func ofKey(key, text string, number bool) Finding {
	words := withoutFile(parts(key))
	if len(words) == 0 || freed(words) && !isTokenAuth(words, text, number) {
		return Finding{}
	}
	end := last(words)
	switch {
	case hasSecretWord(words) && !(number && end == "tokens"):
		return ofSecretWord(words, text)
	case end == "key" || end == "keys":
		return ofKeyWord(words, text, number)
	case keyBehind(words) != nil:
		if f := ofKeyWord(keyBehind(words), text, number); f.Verdict == Secret {
			return f
		}
	case number:
		return Finding{}
	case end == "headers":
		return ofHeaders(text)
	case headerWords.Has(end):
		return ofHeader(text)
	}
	return ofOtherWord(words, text, number)
}

// withoutFile takes "file content" off: what is in a file of a secret is the secret.
func withoutFile(words []string) []string {
	if n := len(words); n > 2 && contentWords.Has(words[n-1]) && words[n-2] == "file" {
		return words[:n-2]
	}
	return words
}

// isTokenAuth tells a secret under token_auth and its like; elsewhere, these are ways to log in.
func isTokenAuth(words []string, text string, number bool) bool {
	n := len(words)
	return n > 1 && words[n-1] == "auth" && isSecretWord(words[n-2]) && !verbs.Has(words[0]) && !number && !plainName(text) && !schemes.Has(strings.ToLower(text))
}

// ofSecretWord judges the value of a key with a word for a secret.
func ofSecretWord(words []string, text string) Finding {
	behind := behindSecret(words)
	switch {
	case cryptWords.Has(behind) && algorithm.MatchString(text):
		return Finding{}
	case behind != "" && !qualifiers.Has(behind) && plainName(text):
		return Finding{Verdict: Doubtful, Why: "by its key"} // it may be about the secret
	}
	return Finding{Verdict: Secret, Why: "by its key"}
}

// ofOtherWord judges a value by a last word for a secret in some products only.
func ofOtherWord(words []string, text string, number bool) Finding {
	end := last(words)
	secret := false
	switch {
	case number, end == "community" && bgpCommunity.MatchString(text), end == "hmac" && algorithm.MatchString(text):
		return Finding{}
	case end == "hmac":
		secret = true
	case end == "private" && len(words) > 1, containerWords.HasAny(words):
		secret = strings.HasPrefix(text, derPrefix)
	case end == "session":
		secret = !plainName(text) && !duration.MatchString(text)
	}
	switch {
	case secret:
		return Finding{Verdict: Secret, Why: "by its key"}
	case end == "private" && len(words) > 1, doubtfulWords.Has(end) && !(end == "sid" && len(words) > 1 && !sessionWords.Has(words[len(words)-2])):
		return Finding{Verdict: Doubtful, Why: "by its key"}
	}
	return Finding{}
}

// freed tells whether the words say something about a secret rather than what it is: how many, whether, where.
func freed(words []string) bool {
	if verbs.Has(words[0]) && len(words) > 1 {
		return true
	}
	about := false
	for i := len(words) - 1; i >= 0; i-- {
		if isSecretWord(words[i]) || words[i] == "key" || lastWords.Has(words[i]) {
			return about
		}
		about = about || aboutWords.Has(words[i])
	}
	return false
}

func hasSecretWord(words []string) bool {
	for i, w := range words {
		if isSecretWord(w) || lastWords.Has(w) && i == len(words)-1 || wholeKeys.Has(w) && len(words) == 1 {
			return true
		}
	}
	return false
}

// behindSecret is the last word of a key where it is not the secret's own.
func behindSecret(words []string) string {
	if end := last(words); !isSecretWord(end) && !lastWords.Has(end) && len(words) > 1 {
		return end
	}
	return ""
}

// isSecretWord tells whether a word names a secret, glued to others too: corpsecret and dbpassword do, secretary and tokenizer do not.
func isSecretWord(word string) bool {
	if secretWords.Has(word) || secretWords.Has(singular(word)) {
		return true
	}
	for _, stem := range stems {
		i := strings.LastIndex(word, stem)
		if i < 0 {
			continue
		}
		if rest := strings.TrimSuffix(word[i+len(stem):], "s"); rest == "" || tails.Has(rest) {
			return true
		}
	}
	if user, ok := strings.CutSuffix(word, "pw"); ok && pwUsers.Has(user) {
		return true
	}
	return strings.HasSuffix(word, "pass") && len(word) > 4 && !passWords.Has(word)
}

// plainName tells whether a text is made of small letters alone, as names of fields are.
func plainName(text string) bool {
	return strings.IndexFunc(text, func(r rune) bool { return !(r >= 'a' && r <= 'z' || r == '_' || r == '.' || r == '-') }) < 0
}

// ofHeaders judges a text of headers. Headers with a secret are told by their shape already.
func ofHeaders(text string) Finding {
	for line := range strings.Lines(text) {
		if name, _, _ := strings.Cut(strings.TrimSpace(line), ":"); !harmless.Has(strings.ToLower(name)) {
			return Finding{Verdict: Doubtful, Why: "by its key"}
		}
	}
	return Finding{}
}

// ofHeader judges what stands under auth or authorization.
func ofHeader(text string) Finding {
	name, value, two := strings.Cut(text, ":")
	fields := strings.Fields(text)
	switch {
	case len(fields) == 2 && schemes.Has(strings.ToLower(fields[0])):
		return Finding{Verdict: Secret, Why: "by its key"}
	case schemes.Has(strings.ToLower(text)):
		return Finding{}
	case two && value != "" && !strings.Contains(text, "//") && !strings.ContainsAny(name, " \t\n"), headerLine.MatchString(text), authScheme.MatchString(text), encodedPair(text):
		return Finding{Verdict: Secret, Why: "by its key"}
	}
	if strings.Contains(text, "://") { // where to log in: a secret in an address has a shape
		return Finding{}
	}
	return Finding{Verdict: Doubtful, Why: "by its key"}
}

// namesRandom tells whether the words of a key promise random characters that are no secret: a digest or an identifier.
func namesRandom(keys []string) bool {
	if len(keys) == 0 {
		return false
	}
	words := parts(keys[len(keys)-1])
	return randomWords.HasAny(words) || len(words) > 0 && (identifiers.Has(singular(last(words))) || strings.HasSuffix(last(words), "id"))
}

func last(words []string) string {
	if len(words) == 0 {
		return ""
	}
	return words[len(words)-1]
}

func singular(word string) string {
	if len(word) > 3 && !strings.HasSuffix(word, "ss") {
		return strings.TrimSuffix(word, "s")
	}
	return word
}

// Package suspect tells whether a setting in the clear looks like a secret, by the keys above it and by its value. It is a net, not a proof:
// how wide its meshes are is measured on the settings of real products (testdata).
package suspect

import (
	"encoding/json"
	"strings"
)

// Verdict is what is thought of a setting.
type Verdict int

// The verdicts.
const (
	Innocent Verdict = iota
	Doubtful         // worth a look
	Secret
)

// Finding is a verdict with its reason, in words: "" for Innocent.
type Finding struct {
	Verdict     Verdict
	Why         string
	Placeholder bool // of Doubtful: it stands for something, and nothing fills it in
}

// Hide tells whether a value should not be shown.
func (f Finding) Hide() bool { return f.Verdict != Innocent && !f.Placeholder }

// Setting judges a value in the clear by the keys above it, outermost first and without list positions. An empty text is no secret (SOPS leaves it in the
// clear too), and neither is a boolean.
func Setting(keys []string, value any) Finding {
	text, isText := value.(string)
	number, isNumber := value.(json.Number)
	if isNumber {
		text = string(number)
	}
	if text == "" {
		return Finding{}
	}
	if isText {
		if why := Shape(text); why != "" && !(why == accessKey && namesRandom(keys)) {
			return Finding{Verdict: Secret, Why: why}
		}
		if hidesJSON(text) {
			return Finding{Verdict: Secret, Why: "by a key of the JSON in it"}
		}
		if isPlaceholder(text) {
			return Finding{Verdict: Doubtful, Why: "a placeholder", Placeholder: true}
		}
	}
	f := byKeys(keys, text, isNumber)
	switch {
	case f.Verdict == Secret || !isText:
		return f
	case random(text) && !namesRandom(keys):
		return Finding{Verdict: Secret, Why: "random characters"}
	}
	return f
}

// Named tells whether the keys above a value name a secret.
func Named(keys []string) bool { return byKeys(keys, "Some1", false).Verdict == Secret }

// byKeys judges a value by its own key, and by the mappings and lists around it.
func byKeys(keys []string, text string, number bool) Finding {
	if len(keys) == 0 || isSwitch(text) {
		return Finding{}
	}
	own := keys[len(keys)-1]
	f := ofKey(own, text, number)
	if len(keys) > 1 && strings.EqualFold(own, "key") {
		f = ofKeyIn(keys[len(keys)-2], text, number)
	}
	if f.Verdict == Secret && filePath.MatchString(text) {
		if strings.EqualFold(own, "kubeconfig") { // named after the file
			return Finding{}
		}
		return Finding{Verdict: Doubtful, Why: "by its key, though it looks like the path of a file"}
	}
	if f.Verdict == Secret {
		return f
	}
	for _, above := range keys[:len(keys)-1] {
		if g := inherited(above, own, number); g.Verdict > f.Verdict {
			f = g
		}
	}
	return f
}

// ofKeyIn judges what is called key, by its mapping: sort: {key: …} and hmac: {key: …}.
func ofKeyIn(above, text string, number bool) Finding {
	words := append(parts(above), "key")
	if free, secret := kindOfKey(append([]string{""}, words...)); holders.Has(strings.ToLower(above)) || !free && !secret {
		words = words[len(words)-1:]
	}
	return ofKeyWord(words, text, number)
}

// inherited is what a mapping's name says of a value in it: password: {value: …} is a password.
func inherited(above, own string, number bool) Finding {
	words := parts(above)
	in := inside[singular(last(words))]
	if end := last(words); (end == "keys" || end == "key") && !number && secretKeyWords(append(parts(own), "key")) {
		return Finding{Verdict: Secret, Why: "by the key " + above + " above it"}
	}
	if in == 0 && !hasSecretWord(words) && !secretKeyWords(words) || freed(words) {
		return Finding{}
	}
	mine := parts(own)
	generic := len(mine) == 0 || len(mine) == 1 && genericWords.Has(mine[0])
	switch {
	case aboutWords.HasAny(mine) || memberWords.HasAny(mine):
		return Finding{}
	case generic || !number && in == 0:
		return Finding{Verdict: Secret, Why: "by the key " + above + " above it"}
	case !number && in == mixed:
		return Finding{Verdict: Doubtful, Why: "by the key " + above + " above it"}
	}
	return Finding{}
}

// secretKeyWords tells a key with the last word key that names a secret.
func secretKeyWords(words []string) bool {
	if end := last(words); end != "key" && end != "keys" || len(words) < 2 {
		return false
	}
	free, secret := kindOfKey(words)
	return secret && !free
}

// isSwitch tells a text that says yes or no.
func isSwitch(text string) bool { return switches.Has(strings.ToLower(text)) }

// hidesJSON tells whether a text is JSON with a secret setting.
func hidesJSON(text string) bool {
	if !strings.HasPrefix(text, "{") && !strings.HasPrefix(text, "[") {
		return false
	}
	var v any
	return json.Unmarshal([]byte(text), &v) == nil && jsonSecret(nil, v)
}

func jsonSecret(keys []string, v any) bool {
	switch v := v.(type) {
	case map[string]any:
		for k, child := range v {
			if jsonSecret(append(keys[:len(keys):len(keys)], k), child) {
				return true
			}
		}
	case []any:
		for _, child := range v {
			if jsonSecret(keys, child) {
				return true
			}
		}
	case string:
		return v != "" && (byKeys(keys, v, false).Verdict == Secret || Shape(v) != "")
	}
	return false
}

package secmaster

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"strings"
	"unicode"
	"unicode/utf8"
)

// taskflow is the text of a workflow, and whether it is one: JSON, or XML, in base64, or as it is.
func taskflow(raw json.RawMessage) ([]byte, bool) {
	var packed string
	if json.Unmarshal(raw, &packed) != nil { // JSON as it is, or nothing
		return raw, true
	}
	packed = strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) || r == '=' {
			return -1
		}
		return r
	}, packed)
	for _, encoding := range []*base64.Encoding{base64.RawStdEncoding, base64.RawURLEncoding} {
		if text, err := encoding.DecodeString(packed); err == nil && isDocument(text) {
			return text, true
		}
	}
	return unquoted(raw), packed == "" || isDocument(unquoted(raw))
}

// isDocument tells a text that can be searched from something else.
func isDocument(text []byte) bool {
	return json.Valid(text) || utf8.Valid(text) && bytes.HasPrefix(bytes.TrimSpace(text), []byte("<"))
}

// ids are the ids of connections, made to be found in a text.
type ids struct {
	known   map[string]bool
	lengths []int // of them, each once
}

func newIDs(all []string) ids {
	out := ids{known: make(map[string]bool, len(all))}
	var lengths [maxID + 1]bool
	for _, id := range all {
		if pathSafe.MatchString(id) {
			out.known[id], lengths[len(id)] = true, true
		}
	}
	for n, is := range lengths {
		if is {
			out.lengths = append(out.lengths, n)
		}
	}
	return out
}

// in finds those that stand in a text, and are no part of a longer word. It goes through the text once, however many ids there are.
func (s ids) in(text []byte) map[string]bool {
	var found map[string]bool
	for from := range text {
		if from > 0 && isWord(text[from-1]) {
			continue
		}
		for _, n := range s.lengths {
			to := from + n
			if to > len(text) || to < len(text) && isWord(text[to]) || !s.known[string(text[from:to])] {
				continue
			}
			if found == nil {
				found = map[string]bool{}
			}
			found[string(text[from:to])] = true
		}
	}
	return found
}

// isWord tells a letter or a digit of an id.
func isWord(b byte) bool {
	return '0' <= b && b <= '9' || 'a' <= b && b <= 'z' || 'A' <= b && b <= 'Z'
}

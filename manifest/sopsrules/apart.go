package sopsrules

import (
	"fmt"
	"slices"
	"strings"
)

const (
	longList = 60 // from how many bytes on lists of keys are said by what differs: a reader does not find it, and both are cut
	mostKeys = 12 // of one side that are named
)

// SaidApart says the selectors of a file and of its rule: both, or of two long lists of keys only the keys that one of them has.
func SaidApart(file, rule string) string {
	both := Said(file) + " in the file, " + Said(rule) + " in the rule"
	kind, a := keyList(file)
	other, b := keyList(rule)
	if a == nil || b == nil || kind != other || len(file)+len(rule) < 2*longList {
		return both
	}
	var out []string
	for _, side := range []struct {
		where      string
		has, lacks []string
	}{{"the file", a, b}, {"the rule", b, a}} {
		keys := slices.DeleteFunc(slices.Clone(side.has), func(key string) bool { return slices.Contains(side.lacks, key) })
		if more := len(keys) - mostKeys; more > 0 {
			keys = append(keys[:mostKeys], fmt.Sprintf("and %d more", more))
		}
		if len(keys) > 0 {
			out = append(out, "only "+side.where+" has "+strings.Join(keys, ", "))
		}
	}
	if out == nil {
		return both
	}
	return kind + ": " + strings.Join(out, "; ")
}

// keyList are the keys of a selector that lists them, as in "encrypted_regex: ^(password|token)$"; nil for any other.
func keyList(selector string) (kind string, keys []string) {
	kind, text, _ := strings.Cut(selector, ": ")
	text, begins := strings.CutPrefix(text, "^(")
	text, ends := strings.CutSuffix(text, ")$")
	other := func(r rune) bool {
		return r != '|' && r != '_' && (r < '0' || r > '9') && (r < 'A' || r > 'Z') && (r < 'a' || r > 'z')
	}
	if !begins || !ends || strings.ContainsFunc(text, other) {
		return kind, nil
	}
	return kind, strings.Split(text, "|")
}

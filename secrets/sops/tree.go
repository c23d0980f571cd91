package sops

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"

	upstream "github.com/getsops/sops/v3"

	"connsync/secrets"
)

// walk visits the leaves of a tree with their paths, in order. Comments, which SOPS
// keeps as items, are neither visited nor counted.
func walk(v any, at secrets.Path, visit func(secrets.Path, any)) {
	switch v := v.(type) {
	case upstream.Comment:
	case upstream.TreeBranch:
		for _, item := range v {
			if _, comment := item.Key.(upstream.Comment); !comment {
				walk(item.Value, at.Key(fmt.Sprint(item.Key)), visit)
			}
		}
	case []any:
		i := 0
		for _, item := range v {
			if isComment(item) {
				continue
			}
			walk(item, at.Index(i), visit)
			i++
		}
	default:
		visit(at, v)
	}
}

// isComment tells whether a list's item is a comment: SOPS writes an encrypted one as an item.
func isComment(item any) bool {
	if s, ok := item.(string); ok {
		return sealedComment(s)
	}
	_, comment := item.(upstream.Comment)
	return comment
}

// typed is a decrypted value as manifests type it: string, bool or json.Number. Of a value that JSON would not carry as it is, unfit says why.
func typed(v any) (plain any, unfit string) {
	switch v := v.(type) {
	case string:
		return v, notText(v)
	case bool:
		return v, ""
	case int:
		return json.Number(strconv.Itoa(v)), ""
	case float64:
		text, err := json.Marshal(v)
		if err != nil {
			return nil, "it is not a number that JSON has"
		}
		return json.Number(text), ""
	}
	return nil, "it is of a type that JSON does not have"
}

// notText says why a text cannot be sent as it is: an encoder of JSON would put U+FFFD for each byte that is not UTF-8, and other programs
// end a text at a NUL. "" where nothing is wrong.
func notText(s string) string {
	switch {
	case !utf8.ValidString(s):
		return "it is binary, not text (UTF-8)"
	case strings.ContainsFunc(s, func(r rune) bool { return r < ' ' && r != '\t' && r != '\n' && r != '\r' || r == 0x7f }):
		return "it has a control character"
	}
	return ""
}

// cipher is SOPS's cipher with a note of where it failed: SOPS's own errors do not name the place.
type cipher struct {
	inner    upstream.Cipher
	failedAt secrets.Path
}

func (c *cipher) Encrypt(plain any, key []byte, context string) (string, error) {
	return c.inner.Encrypt(plain, key, context)
}

func (c *cipher) Decrypt(text string, key []byte, context string) (any, error) {
	plain, err := c.inner.Decrypt(text, key, context)
	if err != nil {
		for k := range strings.SplitSeq(strings.TrimSuffix(context, ":"), ":") {
			c.failedAt = c.failedAt.Key(k)
		}
	}
	return plain, err
}

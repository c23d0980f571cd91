package sops

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

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

// typed is a decrypted value as manifests type it: string, bool or json.Number.
func typed(v any) (any, bool) {
	switch v := v.(type) {
	case string, bool:
		return v, true
	case int:
		return json.Number(strconv.Itoa(v)), true
	case float64:
		text, err := json.Marshal(v) // refuses what JSON has no number for
		return json.Number(text), err == nil
	}
	return nil, false
}

// cipher is SOPS's cipher, which remembers where it failed: SOPS's own errors do not name the place.
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
		for _, k := range strings.Split(strings.TrimSuffix(context, ":"), ":") {
			c.failedAt = c.failedAt.Key(k)
		}
	}
	return plain, err
}

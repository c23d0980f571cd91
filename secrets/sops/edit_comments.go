package sops

import (
	"bytes"
	"fmt"
	"regexp"
	"strings"

	upstream "github.com/getsops/sops/v3"

	"connsync/secrets"
)

// boundComment is the ciphertext of a comment, and the keys it is bound to.
type boundComment struct {
	text string
	keys []any
}

// comments gathers the encrypted comments of a tree: keys of mappings, and items of lists.
func comments(v any, keys []any, out *[]boundComment) {
	switch v := v.(type) {
	case upstream.TreeBranch:
		for _, item := range v {
			if c, ok := item.Key.(upstream.Comment); ok {
				noteComment(c.Value, keys, out)
				continue
			}
			comments(item.Value, append(keys[:len(keys):len(keys)], fmt.Sprint(item.Key)), out)
		}
	case []any:
		for _, item := range v {
			if c, ok := item.(upstream.Comment); ok {
				noteComment(c.Value, keys, out)
				continue
			}
			comments(item, keys, out)
		}
	case string:
		noteComment(v, keys, out)
	}
}

func noteComment(text string, keys []any, out *[]boundComment) {
	if sealedComment(text) {
		*out = append(*out, boundComment{text, keys})
	}
}

// rebindComments encrypts the comments below a mapping anew for its present key.
func (e *Editor) rebindComments(was, now []any) error {
	if e.key == nil {
		return nil
	}
	tree, err := loaded(e.before)
	if err != nil {
		return e.refuse("", "its comments cannot be read")
	}
	var all []boundComment
	comments(tree.Branches[0], nil, &all)
	for _, c := range all {
		if !under(c.keys, was) {
			continue
		}
		plain, err := e.cipher.Decrypt(c.text, e.key, boundTo(c.keys))
		if err != nil {
			continue // it did not open before either: SOPS lets that pass
		}
		text, err := e.cipher.Encrypt(plain, e.key, boundTo(append(now[:len(now):len(now)], c.keys[len(was):]...)))
		if err != nil {
			return e.refuse(secrets.PathOf(c.keys), "has a comment that cannot be encrypted")
		}
		e.text = bytes.ReplaceAll(e.text, []byte(c.text), []byte(text))
	}
	return nil
}

// revealComments decrypts the comments not kept as they are.
func (e *Editor) revealComments(kept map[string]bool, may func(secrets.Path, secrets.Value) bool) error {
	if len(e.before) == 0 || !bytes.Contains(e.text, []byte("type:comment]")) {
		return nil
	}
	tree, err := loaded(e.text)
	if err != nil {
		return e.refuse("", "its comments cannot be read")
	}
	var all []boundComment
	comments(tree.Branches[0], nil, &all)
	for _, c := range all {
		plain, err := e.cipher.Decrypt(c.text, e.key, boundTo(c.keys))
		comment, ok := plain.(upstream.Comment)
		if kept[c.text] || err != nil || !ok {
			continue
		}
		if !may(secrets.PathOf(c.keys), secrets.Hide(comment.Value)) {
			e.hidden = append(e.hidden, secrets.PathOf(c.keys))
			continue
		}
		if strings.ContainsAny(comment.Value, "\n\r") {
			return e.refuse(secrets.PathOf(c.keys), "has an encrypted comment of many lines")
		}
		e.revealComment(c.text, "#"+comment.Value)
	}
	return nil
}

// revealComment puts a comment in the place of its ciphertext: a comment itself, or an item of a list.
func (e *Editor) revealComment(ciphertext, comment string) {
	item := regexp.MustCompile(`(#|- +["']?)` + regexp.QuoteMeta(ciphertext) + `["']?`)
	e.text = item.ReplaceAllLiteral(e.text, []byte(comment))
}

package sops

import (
	"regexp"
	"slices"

	upstream "github.com/getsops/sops/v3"

	"connsync/lazy"
	"connsync/secrets"
	"connsync/secrets/seal"
	"connsync/secrets/sops/splice"
)

// Seal encrypts the seal of a connection, at a given path, and puts it in the place of the old one. Where the file's selector does not cover seals
// it is extended. Every other value stays as it is then: extended tells this.
func (e *Editor) Seal(connection []any, text string) (extended bool, err error) {
	defer contain(e.name, &err)
	path := append(slices.Clone(connection), seal.Key)
	if e.key == nil {
		return false, e.refuse(secrets.PathOf(path), "cannot be made: the file is not encrypted")
	}
	if !e.Covers(path) {
		if err := e.coverSeals(path); err != nil {
			return false, err
		}
		extended = true
	}
	return extended, e.Set(path, text)
}

// coverSeals extends the file's selector to encrypt seals, and nothing else in the file.
func (e *Editor) coverSeals(path []any) error {
	next, ok := withSeals(e.meta)
	if !ok || !e.coveredBy(next, path) {
		return e.refuse(secrets.PathOf(path), "cannot be made: the file's selector ("+e.Selector()+") cannot be extended by it; give the file's rule an encrypted_regex")
	}
	was, err := encrypts(e.text, e.meta)
	is, err2 := encrypts(e.text, next)
	if err != nil || err2 != nil {
		return e.refuse("", "holds a value that sops cannot encrypt")
	}
	for p, covered := range is {
		if covered != was[p] && !isSeal(p) {
			return e.refuse(p, "stands under a key that is named "+seal.Key+": give that another name first, or the rule for seals would encrypt it")
		}
	}
	e.meta = next
	return e.writeBlock()
}

// withSeals are metadata with a selector for the seals of connections too.
func withSeals(m upstream.Metadata) (upstream.Metadata, bool) {
	text := m.EncryptedRegex
	if m.EncryptedSuffix != "" {
		text = regexp.QuoteMeta(m.EncryptedSuffix) + "$"
	}
	if text == "" || m.UnencryptedSuffix+m.UnencryptedRegex+m.EncryptedCommentRegex+m.UnencryptedCommentRegex != "" {
		return m, false
	}
	if own, err := regexp.Compile(text); err != nil || own.MatchString(seal.Key) {
		return m, false
	}
	m.EncryptedSuffix, m.EncryptedRegex = "", "(?:"+text+")|^"+seal.Key+"$"
	return m, true
}

var sealPath = lazy.New(`^connections(\.[A-Za-z0-9_-]+|\["(?:[^"\\]|\\.)*"\]){2}\.` + seal.Key + `$`)

// isSeal tells whether a path is the one of a connection's seal.
func isSeal(p secrets.Path) bool { return sealPath.MatchString(string(p)) }

// seals tells whether some connection of the file has a seal.
func (e *Editor) seals() bool {
	doc, err := e.doc()
	return err == nil && slices.ContainsFunc(doc.Leaves(), func(l splice.Leaf) bool { return isSeal(secrets.PathOf(l.Path)) && sealed(l.Value) })
}

// Sealed is the text of a connection's seal; "" where none opens.
func (e *Editor) Sealed(connection []any) (text string) {
	doc, err := e.doc()
	if err != nil || e.key == nil {
		return ""
	}
	path := append(slices.Clone(connection), seal.Key)
	l, _, found := doc.Get(path)
	if !found || !sealed(l.Value) {
		return ""
	}
	plain, err := e.cipher.Decrypt(l.Value, e.key, boundTo(path))
	if err != nil {
		return ""
	}
	text, _ = plain.(string)
	return text
}

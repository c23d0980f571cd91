package sops

import (
	"crypto/sha512"
	"errors"
	"fmt"
	"hash"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	upstream "github.com/getsops/sops/v3"
	"github.com/getsops/sops/v3/audit"
)

var errNotEncrypted = errors.New("a value that is to be encrypted is not")

// decrypted is Tree.Decrypt of SOPS: it decrypts the values in place, and gives the MAC over them. SOPS compiles the pattern of a file anew for each
// value, and that takes longer than all the rest: a tree with one pattern, for keys, is walked here instead. What is rare is left to SOPS.
func decrypted(t upstream.Tree, key []byte, c upstream.Cipher) (mac string, err error) {
	only, ok := keyPattern(t.Metadata)
	if !ok || len(t.Branches) != 1 || sealedRemarks(t.Branches[0]) {
		return t.Decrypt(key, c)
	}
	audit.SubmitEvent(audit.DecryptEvent{File: t.FilePath})
	d := decrypter{pattern: only, inverted: t.Metadata.UnencryptedRegex != "", partial: t.Metadata.MACOnlyEncrypted, key: key, cipher: c, mac: sha512.New()}
	if d.partial {
		d.mac.Write(upstream.MACOnlyEncryptedInitialization)
	}
	if err := d.mapping(t.Branches[0], nil, false); err != nil {
		return "", err
	}
	return fmt.Sprintf("%X", d.mac.Sum(nil)), nil
}

// keyPattern is the one selector of a file, where this is a pattern for keys. nil is a pattern that is none: it matches nothing.
func keyPattern(m upstream.Metadata) (*regexp.Regexp, bool) {
	if m.EncryptedSuffix+m.UnencryptedSuffix+m.EncryptedCommentRegex+m.UnencryptedCommentRegex != "" || (m.EncryptedRegex == "") == (m.UnencryptedRegex == "") {
		return nil, false
	}
	return patterns.of(m.EncryptedRegex + m.UnencryptedRegex), true
}

// sealedRemarks tells whether a comment looks encrypted. SOPS tries to decrypt those.
func sealedRemarks(v any) bool {
	switch v := v.(type) {
	case upstream.Comment:
		return v.Value == "" || strings.HasPrefix(v.Value, "ENC[")
	case upstream.TreeBranch:
		return slices.ContainsFunc(v, func(item upstream.TreeItem) bool { return sealedRemarks(item.Key) || sealedRemarks(item.Value) })
	case []any:
		return slices.ContainsFunc(v, sealedRemarks)
	}
	return false
}

// decrypter walks a tree as SOPS does.
type decrypter struct {
	pattern  *regexp.Regexp
	inverted bool // what it matches stays in the clear
	partial  bool // the MAC is over encrypted values only
	key      []byte
	cipher   upstream.Cipher
	mac      hash.Hash
}

// mapping decrypts what stands under some keys. hit tells whether one of them matches.
func (d *decrypter) mapping(b upstream.TreeBranch, above []string, hit bool) (err error) {
	for i := range b {
		if _, remark := b[i].Key.(upstream.Comment); remark {
			continue
		}
		key, ok := b[i].Key.(string)
		if !ok {
			return errUnlike
		}
		hit := hit || d.pattern != nil && d.pattern.MatchString(key)
		if b[i].Value, err = d.value(b[i].Value, append(above, key), hit); err != nil {
			return err
		}
	}
	return nil
}

func (d *decrypter) value(v any, keys []string, hit bool) (any, error) {
	switch v := v.(type) {
	case nil, upstream.Comment:
		return v, nil
	case upstream.TreeBranch:
		return v, d.mapping(v, keys, hit)
	case []any:
		for i := range v {
			var err error
			if v[i], err = d.value(v[i], keys, hit); err != nil {
				return nil, err
			}
		}
		return v, nil
	case []byte:
		return d.leaf(string(v), keys, hit != d.inverted)
	case string, int, bool, float64, time.Time:
		return d.leaf(v, keys, hit != d.inverted)
	}
	return nil, errUnlike
}

// leaf decrypts one value, and adds it to the MAC. An encrypted comment of a list is none.
func (d *decrypter) leaf(v any, keys []string, encrypted bool) (any, error) {
	if encrypted {
		text, ok := v.(string)
		if !ok {
			return nil, errNotEncrypted
		}
		var err error
		if v, err = d.cipher.Decrypt(text, d.key, strings.Join(keys, ":")+":"); err != nil {
			return nil, err
		}
	}
	if _, remark := v.(upstream.Comment); remark || d.partial && !encrypted {
		return v, nil
	}
	text, err := upstream.ToBytes(v)
	d.mac.Write(text)
	return v, err
}

// patternsOf are patterns compiled before: most files of a repository have one of a few.
type patternsOf struct {
	mu    sync.Mutex
	known map[string]*regexp.Regexp // nil for a text that is no pattern
}

// maxPatterns is how many patterns are kept, and maxPattern how long one of them may be.
const maxPatterns, maxPattern = 64, 4096

var patterns patternsOf

// of compiles a text. Further ones are not kept where there are many.
func (p *patternsOf) of(text string) *regexp.Regexp {
	p.mu.Lock()
	defer p.mu.Unlock()
	if known, ok := p.known[text]; ok {
		return known
	}
	compiled, _ := regexp.Compile(text) // SOPS takes what is no pattern for one that matches nothing
	if p.known == nil {
		p.known = map[string]*regexp.Regexp{}
	}
	if len(p.known) < maxPatterns && len(text) <= maxPattern {
		p.known[text] = compiled
	}
	return compiled
}

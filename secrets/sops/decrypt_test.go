package sops_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	upstream "github.com/getsops/sops/v3"
	"github.com/getsops/sops/v3/aes"

	"connsync/secrets/sops"
)

// TestTreesAreDecryptedAsTheLibraryDecryptsThem has the library encrypt files drawn at random, under selectors of any kind and in both modes of the MAC, and then
// tampers with every other one. What connsync and the library make of each is the same: the sum, every value, and whether it opens at all.
func TestTreesAreDecryptedAsTheLibraryDecryptsThem(t *testing.T) {
	sops.New(sops.Options{}) // keeps the library quiet
	d := newDrawer(t)
	walked, refused, n := 0, 0, 0
	for n < *pairs/4 && !t.Failed() {
		text := d.file()
		kind, selector := d.selector()
		branch, ok := libraryTree(text)
		if !ok {
			continue
		}
		if d.IntN(2) == 0 {
			kind, selector = d.one("encrypted_regex", "unencrypted_regex"), d.one("pass", "^(password|token)$", "config", "a", "^$", "[", "(?i)PASS")
		}
		if d.IntN(2) == 0 {
			branch = withoutRemarks(branch).(upstream.TreeBranch)
		}
		tree := upstream.Tree{Branches: upstream.TreeBranches{branch}, Metadata: metadata(kind, selector)}
		tree.Metadata.MACOnlyEncrypted = d.IntN(2) == 0
		switch d.IntN(20) { // SOPS makes no file with two of them, and reads it
		case 0:
			tree.Metadata.EncryptedCommentRegex = "enc"
		case 1:
			tree.Metadata.EncryptedSuffix, tree.Metadata.UnencryptedRegex = "en", "a"
		}
		if _, err := tree.Encrypt(dataKey, aes.NewCipher()); err != nil {
			continue
		}
		if d.IntN(2) == 0 {
			d.tamper(tree.Branches[0])
		}
		n++
		ours, theirs := copied(tree), copied(tree)
		if sops.Walked(ours) {
			walked++
		}
		is, failed := sops.Decrypted(ours, dataKey, aes.NewCipher())
		should, err := theirs.Decrypt(dataKey, aes.NewCipher())
		switch {
		case (failed != nil) != (err != nil) || is != should:
			t.Errorf("%s: %q: the sum is %.12q (%v), and the library's %.12q (%v), of\n%s", kind, selector, is, failed, should, err, text)
		case err != nil:
			refused++
		case fmt.Sprintf("%#v", ours.Branches) != fmt.Sprintf("%#v", theirs.Branches):
			t.Errorf("%s: %q: connsync has %#v, and the library %#v, of\n%s", kind, selector, ours.Branches, theirs.Branches, text)
		}
	}
	if walked < n/5 || refused < n/12 {
		t.Errorf("connsync walked %d of %d trees, and %d did not open: this tests little", walked, n, refused)
	}
	t.Logf("T-SOPS: %d trees, %d of them walked by connsync and %d refused, decrypted alike", n, walked, refused)
}

// withoutRemarks is a value without the comments in it.
func withoutRemarks(v any) any {
	switch v := v.(type) {
	case upstream.TreeBranch:
		out := upstream.TreeBranch{}
		for _, item := range v {
			if _, remark := item.Key.(upstream.Comment); !remark {
				out = append(out, upstream.TreeItem{Key: item.Key, Value: withoutRemarks(item.Value)})
			}
		}
		return out
	case []any:
		out := []any{}
		for _, item := range v {
			if _, remark := item.(upstream.Comment); !remark {
				out = append(out, withoutRemarks(item))
			}
		}
		return out
	}
	return v
}

// copied is a tree of its own.
func copied(t upstream.Tree) upstream.Tree {
	branch, _ := copiedValue(t.Branches[0]).(upstream.TreeBranch)
	t.Branches = upstream.TreeBranches{branch}
	return t
}

func copiedValue(v any) any {
	switch v := v.(type) {
	case upstream.TreeBranch:
		out := slices.Clone(v)
		for i := range out {
			out[i].Value = copiedValue(out[i].Value)
		}
		return out
	case []any:
		out := slices.Clone(v)
		for i := range out {
			out[i] = copiedValue(out[i])
		}
		return out
	}
	return v
}

// tamper changes one value or comment of a tree somewhere.
func (d drawer) tamper(b upstream.TreeBranch) {
	if len(b) == 0 {
		return
	}
	item := &b[d.IntN(len(b))]
	remark, isRemark := item.Key.(upstream.Comment)
	inner, deep := item.Value.(upstream.TreeBranch)
	list, isList := item.Value.([]any)
	text, isText := item.Value.(string)
	switch {
	case isRemark:
		remark.Value = d.one("", "ENC[", "ENC[AES256_GCM,data:YQ==,iv:YWJj,tag:YWJjZGVmZ2hpamtsbW5vcA==,type:str]", " other")
		item.Key = remark
	case deep && d.IntN(4) > 0:
		d.tamper(inner)
	case isList && len(list) > 0 && d.IntN(4) > 0:
		list[d.IntN(len(list))] = d.odd()
	case isText && d.IntN(2) == 0:
		item.Value = d.one(strings.Replace(text, "type:str", "type:comment", 1), strings.Replace(text, "type:str", "type:int", 1), strings.Replace(text, "data:", "data:A", 1), text+" ", "")
	default:
		item.Value = d.odd()
	}
}

// odd is a value that files rarely have, in the clear.
func (d drawer) odd() any {
	return []any{nil, "", "text", 1, 1.5, true, uint64(1), []byte("x"), upstream.Comment{Value: "x"}, upstream.Comment{Value: ""}, []any{}, upstream.TreeBranch{{Key: 1, Value: "x"}}}[d.IntN(12)]
}

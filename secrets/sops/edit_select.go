package sops

import (
	"encoding/json"
	"strconv"
	"strings"

	upstream "github.com/getsops/sops/v3"

	"connsync/secrets"
	"connsync/secrets/sops/splice"
)

// marks are what a marker makes of values and of comments.
const (
	markValue   = "\x00encrypted"
	markComment = "ENC[AES256_GCM,data:YQ==,iv:YWJj,tag:YWJjZGVmZ2hpamtsbW5vcA==,type:comment]"
)

// marker is a cipher. It only shows what SOPS would encrypt.
type marker struct{ comments map[string]bool }

// Encrypt marks.
func (m marker) Encrypt(plain any, _ []byte, _ string) (string, error) {
	switch v := plain.(type) {
	case upstream.Comment:
		m.comments[v.Value] = true
		return markComment, nil
	case string:
		if v == "" || sealedComment(v) {
			m.comments[v] = true
			return v, nil
		}
	}
	return markValue, nil
}

// Decrypt is never asked for.
func (marker) Decrypt(string, []byte, string) (any, error) { return nil, errEncrypt }

// encrypts are the leaves of a text SOPS would encrypt under a metadata's selector: SOPS itself decides. The text was parsed by
// splice before.
func encrypts(text []byte, m upstream.Metadata) (map[secrets.Path]bool, error) {
	leaves, _, err := encryptsAll(text, m)
	return leaves, err
}

// encryptsAll are the leaves and the comments.
func encryptsAll(text []byte, m upstream.Metadata) (leaves map[secrets.Path]bool, comments map[string]bool, err error) {
	branch, err := plainTree(text)
	if err != nil {
		return nil, nil, err
	}
	for i := range branch {
		if branch[i].Key == "sops" {
			branch = append(branch[:i:i], branch[i+1:]...)
			break
		}
	}
	tree := upstream.Tree{Branches: upstream.TreeBranches{branch}, Metadata: m}
	seen := marker{map[string]bool{}}
	if _, err := tree.Encrypt(nil, seen); err != nil {
		return nil, nil, errEncrypt
	}
	leaves = map[secrets.Path]bool{}
	walk(tree.Branches[0], "", func(p secrets.Path, v any) { leaves[p] = v == markValue })
	return leaves, seen.comments, nil
}

// written is a value in the clear as a file has it.
func written(v any) splice.Scalar {
	switch v := v.(type) {
	case bool:
		return splice.Verbatim(strconv.FormatBool(v))
	case json.Number:
		return splice.Verbatim(string(v))
	}
	text, _ := v.(string)
	return splice.Text(text)
}

// sopsValue is a value in SOPS's type for it.
func sopsValue(v any) any {
	n, ok := v.(json.Number)
	if !ok {
		return v
	}
	if !strings.ContainsAny(string(n), ".eE") {
		if i, err := strconv.Atoi(string(n)); err == nil {
			return i
		}
	}
	f, _ := n.Float64()
	return f
}

package sops

import upstream "github.com/getsops/sops/v3"

// What the tests beside SOPS's own library compare.
var (
	PlainTree      = plainTree
	EncryptedText  = encryptedText
	LibraryVersion = libraryVersion
	Decrypted      = decrypted
)

// Walked tells whether connsync walks a tree itself to decrypt it.
func Walked(t upstream.Tree) bool {
	_, ok := keyPattern(t.Metadata)
	return ok && !sealedRemarks(t.Branches[0])
}

// Metadata is what a rule makes of a file's sops block.
func (r *Rule) Metadata() upstream.Metadata { return r.meta }

package sops

import upstream "github.com/getsops/sops/v3"

// What the tests beside SOPS's own library compare.
var (
	PlainTree      = plainTree
	EncryptedText  = encryptedText
	LibraryVersion = libraryVersion
)

// Metadata is what a rule makes of a file's sops block.
func (r *Rule) Metadata() upstream.Metadata { return r.meta }

package sops

import (
	"fmt"
	"strings"

	"connsync/secrets"
)

// Kind is why a file cannot be opened.
type Kind string

// The kinds.
const (
	KindStructure  Kind = "structure"   // not a file for SOPS to see
	KindNotAllowed Kind = "not-allowed" // no key of the file is of an allowed type: none was contacted
	KindNoKey      Kind = "no-key"      // none of the allowed keys opens it
	KindMAC        Kind = "mac"         // not what was encrypted: the MAC differs
	KindAltered    Kind = "altered"     // an encrypted value was altered, moved from elsewhere, or replaced by cleartext
	KindPartialMAC Kind = "partial-mac" // mac_only_encrypted, where a full MAC is asked for
	KindUnfit      Kind = "unfit"       // a decrypted value no JSON text can carry as it is
	KindInternal   Kind = "internal"    // the library failed in an unexplained way
)

// Error is a file that cannot be opened, in our own words: SOPS's texts quote values
// it cannot read, and digests of all plaintexts.
type Error struct {
	File       string
	Kind       Kind
	Leaf       secrets.Path // of an altered value, where it is known
	Detail     string       // of a refused structure, or of an unfit value
	KeyTypes   []string     // of the file: age, pgp, …
	NotAllowed []string     // of these, the ones secrets.allow does not name
	Recipients []string     // age recipients of the file, at most three
	Tried      []Source     // of KindNoKey: where keys were looked for, and why none opens the file
	Groups     [3]int       // of KindNoKey, where the data key is shared among groups: how many there are, how many are needed, and how many your keys open
}

// Error is file: what is wrong.
func (e *Error) Error() string { return e.File + ": " + e.what() }

func (e *Error) what() string {
	switch e.Kind {
	case KindStructure:
		return "not a SOPS file that can be trusted: " + e.Detail
	case KindNotAllowed:
		return fmt.Sprintf("encrypted for keys of type %s only, none of which is allowed", strings.Join(e.KeyTypes, ", "))
	case KindNoKey:
		if g := e.Groups; g[0] > 1 {
			return fmt.Sprintf("none of your keys can decrypt it: %d of its %d groups of keys are needed, and yours open %d", g[1], g[0], g[2])
		}
		return "none of your keys can decrypt it"
	case KindMAC:
		return "changed since it was encrypted: its MAC does not match"
	case KindAltered:
		if e.Leaf == "" {
			return "an encrypted value was altered or moved"
		}
		return fmt.Sprintf("the encrypted value at %s was altered, moved from elsewhere, or is not encrypted", e.Leaf)
	case KindUnfit:
		return fmt.Sprintf("the secret at %s is refused: %s", e.Leaf, e.Detail)
	case KindPartialMAC:
		return "its MAC covers encrypted values only, and a full MAC is asked for"
	}
	return "cannot be opened"
}

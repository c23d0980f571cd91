// Package gitfs gives the files of a Git worktree, of a commit, or of a remote as an fs.FS. A worktree is read
// without its repository, even where go-git cannot open it.
package gitfs

import (
	"errors"
	"fmt"
	"strings"
)

// Why a repository or a revision cannot be used, matched with errors.Is.
var (
	ErrNotRepository = errors.New("not a Git repository")
	ErrUnborn        = errors.New("the repository has no commit yet")
	ErrShallow       = errors.New("the history is cut off before it can be told")
	ErrUnrelated     = errors.New("the two commits have no history in common")
	ErrBroken        = errors.New("the repository cannot be read")
	ErrConfig        = errors.New("the repository's configuration cannot be read")
	ErrTemporary     = errors.New("no temporary folder can be made")
	ErrOwner         = errors.New("the repository belongs to another user, so Git does not use its configuration")
)

// UnreadableError is a repository in a format unknown to go-git.
type UnreadableError struct{ Extension string }

func (e *UnreadableError) Error() string {
	return "the repository uses " + e.Extension + ", which connsync cannot read"
}

// UnknownRefError is a branch, tag or commit absent from the repository.
type UnknownRefError struct{ Ref string }

func (e *UnknownRefError) Error() string {
	if e.Relative() {
		return "@{…} is not read: name the branch or the commit that it stands for, such as origin/main"
	}
	return "no such branch, tag or commit"
}

// Relative tells whether the revision is one as @{upstream} or main@{1}, read by Git from its configuration and its logs, and by connsync
// from nowhere: no fetch brings it.
func (e *UnknownRefError) Relative() bool { return strings.Contains(e.Ref, "@{") }

// MissingObjectError is a file present in a commit and absent from the clone: a partial clone fetches it only when asked.
type MissingObjectError struct{ File string }

func (e *MissingObjectError) Error() string { return e.File + ": " + e.Refused() }

// Refused is the reason in words.
func (e *MissingObjectError) Refused() string { return "not in this clone (a partial clone)" }

// RefusedError is a file that is there and is not read.
type RefusedError struct{ File, Reason string }

func (e *RefusedError) Error() string { return e.File + ": " + e.Reason }

// Refused is the reason in words.
func (e *RefusedError) Refused() string { return e.Reason }

// RemoteKind is why a remote cannot be read.
type RemoteKind string

// The kinds.
const (
	RemoteAddress     RemoteKind = "address"     // an address not accepted
	RemoteDenied      RemoteKind = "denied"      // credentials are missing or refused
	RemoteNotFound    RemoteKind = "not-found"   // no such repository, or not for these credentials
	RemoteRefused     RemoteKind = "refused"     // it answers, and takes no push: permissions, a protected branch, a hook
	RemoteUnreachable RemoteKind = "unreachable" // no answer, or none that is Git's
)

// RemoteError is an unreadable remote. It never holds the address: an address could hold credentials.
type RemoteError struct {
	Kind   RemoteKind
	Detail string
}

func (e *RemoteError) Error() string {
	text := map[RemoteKind]string{
		RemoteAddress:     "not an address of a repository",
		RemoteDenied:      "the remote refuses the credentials, or asks for some",
		RemoteNotFound:    "the remote has no such repository, or does not show it",
		RemoteRefused:     "the remote refuses the push",
		RemoteUnreachable: "the remote cannot be reached",
	}[e.Kind]
	if e.Detail != "" {
		return fmt.Sprintf("%s: %s", text, e.Detail)
	}
	return text
}

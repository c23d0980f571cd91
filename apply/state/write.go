package state

import (
	"strings"
	"unicode"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/object"
)

// encodable is a Git object go-git can write.
type encodable interface {
	Encode(plumbing.EncodedObject) error
}

// write stores the objects of a state commit and gives the commit's name. The ref does not move yet.
func (s *Store) write(parent string, f files, m Message) (string, error) {
	named, err := s.storeFiles(f, s.named[parent])
	if err != nil {
		return "", err
	}
	tree, err := s.encode(&object.Tree{Entries: named.entries()})
	if err != nil {
		return "", err
	}
	who := object.Signature{Name: "connsync", Email: "connsync@localhost", When: s.repo.Now().UTC()}
	commit := object.Commit{Author: who, Committer: who, Message: m.text(), TreeHash: tree}
	if parent != "" {
		commit.ParentHashes = []plumbing.Hash{plumbing.NewHash(parent)}
	}
	hash, err := s.encode(&commit)
	s.named[hash.String()] = named
	return hash.String(), err
}

// storeFiles stores the texts of a commit, but for what the one before it names, too: nothing removes that.
func (s *Store) storeFiles(f files, before blobs) (now blobs, err error) {
	now = before
	if f.known != nil {
		now.partly = make([]plumbing.Hash, len(f.partly))
		copy(now.partly, before.partly)
	}
	store := func(text pieces, into *plumbing.Hash, before plumbing.Hash) {
		if text != nil && err == nil {
			*into, err = s.store(plain{plumbing.BlobObject, text}, before)
		}
	}
	store(f.intents, &now.intents, before.intents)
	store(f.known, &now.known, before.known)
	for i, text := range f.partly {
		store(text, &now.partly[i], now.partly[i])
	}
	return now, err
}

func (s *Store) encode(o encodable) (plumbing.Hash, error) {
	encoded := &plumbing.MemoryObject{}
	_ = o.Encode(encoded) // in memory, and of our own making: it cannot fail
	text, _ := contentOf(encoded)
	return s.store(plain{encoded.Type(), pieces{string(text)}}, plumbing.ZeroHash)
}

// text is the commit's message: a subject, lines, and trailers.
func (m Message) text() string {
	var b strings.Builder
	b.WriteString(clean(m.Subject) + "\n")
	if len(m.Lines) > 0 {
		b.WriteString("\n")
	}
	for _, l := range m.Lines {
		b.WriteString(clean(l) + "\n")
	}
	if len(m.Trailers) > 0 {
		b.WriteString("\n")
	}
	for _, t := range m.Trailers {
		b.WriteString(clean(t[0]) + ": " + clean(t[1]) + "\n")
	}
	return b.String()
}

// clean keeps a text on one line and harmless to a reader of the log on a terminal.
func clean(s string) string {
	return strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) || r == unicode.ReplacementChar {
			return '?'
		}
		return r
	}, s)
}

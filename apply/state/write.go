package state

import (
	"strings"
	"unicode"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/filemode"
	"github.com/go-git/go-git/v5/plumbing/object"
)

// encodable is a Git object go-git can write.
type encodable interface {
	Encode(plumbing.EncodedObject) error
}

// write stores the objects of a state commit and gives the commit's name. Without known, its known.jsonl is the parent's. The ref does not move yet.
func (s *Store) write(parent string, known, intents pieces, m Message) (string, error) {
	var hashes [2]plumbing.Hash
	before := s.named[parent]
	for i, text := range []pieces{intents, known} {
		if text == nil {
			hashes[i] = before[i]
			continue
		}
		var err error // what the parent names, too, nothing removes
		if hashes[i], err = s.store(plain{plumbing.BlobObject, text}, before[i]); err != nil {
			return "", err
		}
	}
	tree, err := s.encode(&object.Tree{Entries: []object.TreeEntry{
		{Name: intentsFile, Mode: filemode.Regular, Hash: hashes[0]},
		{Name: knownFile, Mode: filemode.Regular, Hash: hashes[1]},
	}})
	if err != nil {
		return "", err
	}
	who := object.Signature{Name: "connsync", Email: "connsync@localhost", When: s.repo.Now().UTC()}
	commit := object.Commit{Author: who, Committer: who, Message: m.text(), TreeHash: tree}
	if parent != "" {
		commit.ParentHashes = []plumbing.Hash{plumbing.NewHash(parent)}
	}
	hash, err := s.encode(&commit)
	s.named[hash.String()] = hashes
	return hash.String(), err
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

package state

import (
	"crypto/sha256"
	"slices"
	"strconv"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/filemode"
	"github.com/go-git/go-git/v5/plumbing/object"
)

// The files of a state commit. A long known state has its lines in parts beside knownFile, which then holds its header alone: so a run
// that changes few connections packs, hashes, stores and pushes few parts (docs/state.md).
const (
	knownFile   = "known.jsonl"
	intentsFile = "intents.jsonl"
)

const (
	parts     = 16
	partsFrom = 2048 // names
)

// partFile is the name of a part's file.
func partFile(part int) string { return "known-" + strconv.FormatInt(int64(part), parts) + ".jsonl" }

// partOf is the part with the line of a name.
func partOf(name string) int { return int(sha256.Sum256([]byte(name))[0] >> 4) }

// texts are the files of known state, as they were read. partly is nil where the lines follow the header.
type texts struct {
	known, intents string
	partly         []string
}

// files are the files of known state, to be written. A nil one stays what it was in the commit before; without known, so do all parts.
type files struct {
	known, intents pieces
	partly         []pieces // nil where the lines follow the header
}

// blobs are the names of the files' objects.
type blobs struct {
	known, intents plumbing.Hash
	partly         []plumbing.Hash
}

// blobsOf are the blobs of a tree of known state; false for another tree.
func blobsOf(entries []object.TreeEntry) (b blobs, ok bool) {
	last := len(entries) - 1
	if last != 1 && last != parts+1 {
		return b, false
	}
	b = blobs{intents: entries[0].Hash, known: entries[last].Hash}
	for _, e := range entries[1:last] {
		b.partly = append(b.partly, e.Hash)
	}
	return b, slices.EqualFunc(entries, b.entries(), func(is, would object.TreeEntry) bool { return is.Name == would.Name })
}

// entries are those of the tree, in Git's order.
func (b blobs) entries() []object.TreeEntry {
	out := []object.TreeEntry{{Name: intentsFile, Hash: b.intents}}
	for i, part := range b.partly {
		out = append(out, object.TreeEntry{Name: partFile(i), Hash: part})
	}
	out = append(out, object.TreeEntry{Name: knownFile, Hash: b.known})
	for i := range out {
		out[i].Mode = filemode.Regular
	}
	return out
}

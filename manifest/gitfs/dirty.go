package gitfs

import (
	"bytes"
	"io/fs"
	"slices"

	"github.com/go-git/go-git/v5/plumbing"
)

// Read is a file as it was read: Blob is Git's name of that content, as SHA-1, or "" where it is not known.
type Read struct{ Name, Blob string }

// Dirty compares what was read from the worktree with HEAD: it names the files of read with a text unlike HEAD's, and the
// manifests of HEAD that were not read. Line ends converted by Git at a checkout make no difference, and
// neither do files left out by a sparse checkout. A file is read again only where its Blob is not HEAD's.
func (r *Repository) Dirty(files fs.FS, read []Read, manifest func(file string) bool) ([]string, error) {
	head, err := r.Head()
	if err != nil {
		return nil, err
	}
	tree, err := r.tree(head.Hash)
	if err != nil {
		return nil, err
	}
	seen := make(map[string]bool, len(read))
	var out []string
	for _, f := range read {
		name := f.Name
		seen[name] = true
		n, tracked := tree.nodes[name]
		if !tracked {
			out = append(out, name)
			continue
		}
		if f.Blob == n.hash.String() {
			continue
		}
		text, err := fs.ReadFile(files, name)
		if err != nil {
			return nil, err
		}
		if !same(text, n.hash) {
			out = append(out, name)
		}
	}
	out = append(out, r.gone(tree, seen, manifest)...)
	slices.Sort(out)
	return out, nil
}

// same compares a file with a blob, with the line ends a checkout may have given it.
func same(text []byte, hash plumbing.Hash) bool {
	if plumbing.ComputeHash(plumbing.BlobObject, text) == hash {
		return true
	}
	return bytes.Contains(text, []byte("\r\n")) &&
		plumbing.ComputeHash(plumbing.BlobObject, bytes.ReplaceAll(text, []byte("\r\n"), []byte("\n"))) == hash
}

// gone names the manifests of HEAD gone from the worktree.
func (r *Repository) gone(tree *treeFS, seen map[string]bool, manifest func(string) bool) []string {
	var out []string
	for name, n := range tree.nodes {
		if !seen[name] && n.mode.IsRegular() && manifest(name) {
			out = append(out, name)
		}
	}
	if len(out) == 0 {
		return nil
	}
	left := out[:0]
	skipped := r.skipped()
	for _, name := range out {
		if !skipped[name] {
			left = append(left, name)
		}
	}
	return left
}

// skipped are the files left out by a sparse checkout.
func (r *Repository) skipped() map[string]bool {
	out := map[string]bool{}
	index, err := r.git.Storer.Index()
	if err != nil {
		return out
	}
	for _, e := range index.Entries {
		if e.SkipWorktree {
			out[e.Name] = true
		}
	}
	return out
}

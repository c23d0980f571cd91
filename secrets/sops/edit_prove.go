package sops

import (
	"bytes"
	"errors"
	"slices"
	"strings"

	upstream "github.com/getsops/sops/v3"
	"github.com/getsops/sops/v3/aes"

	"connsync/secrets"
	"connsync/secrets/sops/splice"
)

// prove opens the result as a sync would, and compares every value with what was there.
func (e *Editor) prove() error {
	if e.key != nil {
		switch _, err := reopened(e.name, e.text, e.key); {
		case errors.Is(err, errUnlike):
			return e.refuse("", err.Error())
		case err != nil:
			return err
		}
	}
	return e.compare()
}

// reopened opens a text by a data key, as a sync would open it.
func reopened(name string, text, key []byte) (Opened, error) {
	doc, detail := screen(text)
	if detail != "" {
		return Opened{}, errUnlike
	}
	tree, err := encryptedTree(doc)
	if err != nil {
		return Opened{}, err
	}
	f := newFile(name, tree)
	f.key = key
	if err := f.verify(); err != nil {
		return Opened{}, err
	}
	return f.values()
}

// compare tells whether all leaves but those meant to change are written as before, in the same order, and all comments too.
func (e *Editor) compare() error {
	was, err := splice.Parse(e.before, sealedComment)
	if err != nil {
		return e.refuse("", errUnlike.Error())
	}
	is, err := e.doc()
	if err != nil {
		return err
	}
	before, after := e.kept(was.Leaves(), true), e.kept(is.Leaves(), false)
	if !slices.EqualFunc(before, after, splice.Leaf.Is) || !slices.EqualFunc(before, after, samePlace) {
		return e.refuse("", errUnlike.Error())
	}
	if !e.newBlock && !sameComments(was, is) && !e.holdsComments(was) {
		return e.refuse("", errUnlike.Error()+": a comment")
	}
	return nil
}

// sameComments compares what the parser takes for comments. It loses some in brackets, and gives some twice.
func sameComments(was, is *splice.Doc) bool {
	return slices.Equal(clearComments(was), clearComments(is))
}

func clearComments(d *splice.Doc) []string {
	out := slices.DeleteFunc(d.Comments(), func(c string) bool { return c == "" || sealedComment(strings.TrimPrefix(c, "#")) })
	slices.Sort(out)
	return out
}

// holdsComments tells whether the text of each comment is there as often as before.
func (e *Editor) holdsComments(was *splice.Doc) bool {
	for _, c := range clearComments(was) {
		if bytes.Count(e.text, []byte(c)) < bytes.Count(e.before, []byte(c)) {
			return false
		}
	}
	return true
}

func samePlace(a, b splice.Leaf) bool { return slices.Equal(a.Path, b.Path) }

// kept are the leaves not allowed to differ, under their present paths.
func (e *Editor) kept(leaves []splice.Leaf, before bool) []splice.Leaf {
	var out []splice.Leaf
	for _, l := range leaves {
		if l.Path[0] == "sops" {
			if len(l.Path) == 2 && (l.Path[1] == "mac" || l.Path[1] == "lastmodified") || e.newBlock {
				continue
			}
		}
		inMoved := e.moved[0] != nil && (before && under(l.Path, e.moved[0]) || !before && under(l.Path, e.moved[1]))
		if inMoved && before {
			l.Path = append(slices.Clone(e.moved[1]), l.Path[len(e.moved[0]):]...)
		}
		if inMoved && sealed(l.Value) {
			l.Value, l.Style = "", 0 // encrypted anew; that it opens was proven
		}
		if !e.freed(l) {
			out = append(out, l)
		}
	}
	return out
}

// freed tells whether a leaf was to change: it, what was added on the way to it, or what gave way to that.
func (e *Editor) freed(l splice.Leaf) bool {
	p := secrets.PathOf(l.Path)
	return e.free[p] || l.Value == "" && slices.ContainsFunc(e.added, func(f secrets.Path) bool { return isAbove(p, f) })
}

func isAbove(p, f secrets.Path) bool {
	return len(f) > len(p) && f[:len(p)] == p && (f[len(p)] == '.' || f[len(p)] == '[')
}

// newFile is a tree with what it holds encrypted.
func newFile(name string, tree upstream.Tree) *file {
	f := &file{name: name, tree: tree, cipher: &cipher{inner: aes.NewCipher()}, sealed: map[secrets.Path]string{}}
	walk(tree.Branches[0], "", func(p secrets.Path, v any) {
		if s, ok := v.(string); ok && sealed(s) {
			f.paths = append(f.paths, p)
			f.sealed[p] = s
		}
	})
	return f
}

package main

import (
	"io/fs"
	"slices"

	"connsync/manifest"
)

// onward says what comes after files were written: what lacks a seal it should have is sealed, and then all of it is checked.
func (e *editing) onward(set manifest.Set) {
	var next []string
	if e.src.repo == nil {
		next = append(next, e.g.again("git init -b main"))
	}
	if slices.ContainsFunc(set.Connections, e.wantsSeal) {
		next = append(next, e.g.again("connsync seal"))
	}
	e.p.Next(append(next, e.g.again("connsync validate")))
}

// wantsSeal tells whether a connection lacks a seal it must have.
func (e *editing) wantsSeal(c manifest.Connection) bool {
	return e.project.Secrets.Destinations == manifest.Sealed && c.HasSecrets() && c.Seal == nil
}

// uncommitted tells whether a connection to be taken over is in no commit yet: what comes next is said to those who begin, and no one else.
func (s *source) uncommitted(set manifest.Set) bool {
	adopts := func(c manifest.Connection) bool { return c.Adopt != "" }
	switch {
	case s.worktree == nil || !slices.ContainsFunc(set.Connections, adopts):
		return false
	case s.repo == nil || s.commit.Hash == "":
		return true
	}
	head, _, err := s.repo.Tree(s.commit.Hash)
	return err == nil && slices.ContainsFunc(set.Connections, func(c manifest.Connection) bool {
		if !adopts(c) {
			return false
		}
		_, err := fs.Stat(head, c.File.Path)
		return err != nil
	})
}

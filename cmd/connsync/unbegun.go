package main

import (
	"errors"
	"io/fs"
	"slices"

	"connsync/cmd/connsync/view"
	"connsync/manifest"
)

// unbegun says that there is no manifest at all: the folders named in the project file are not there, or hold none.
type unbegun struct{ folders []string }

func (e *unbegun) Error() string { return "there are no manifests yet in " + view.List(e.folders) }

func (e *unbegun) hints() []string {
	return []string{"what they would be:  connsync import --dry-run", "if they are elsewhere, correct  manifests  in the project file"}
}

// noManifests tells whether the outcome of a survey is that: nothing was found, and nothing else is wrong.
func noManifests(files fs.FS, p manifest.Project, set manifest.Set, found manifest.Mistakes, err error) bool {
	var missing *manifest.ReadError
	if err != nil && !(errors.As(err, &missing) && missing.Missing) || len(set.Files) > 0 {
		return false
	}
	if err != nil {
		return !slices.ContainsFunc(p.Manifests, func(root string) bool {
			_, err := fs.Stat(files, root)
			return !errors.Is(err, fs.ErrNotExist)
		})
	}
	wrong := found.Fatal()
	return len(wrong) > 0 && !slices.ContainsFunc(wrong, func(m manifest.Mistake) bool { return m.Pos.File != p.File })
}

package manifest

import (
	"io/fs"
	"path"
	"slices"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"connsync/manifest/strict"
)

// find lists the manifests, in order of path.
func find(fsys fs.FS, p Project) (names []string, mistakes []Mistake, err error) {
	f := finder{fsys: fsys, seen: map[string]bool{}}
	for _, root := range p.Manifests {
		before := len(f.names)
		err := fs.WalkDir(fsys, root, func(name string, e fs.DirEntry, err error) error {
			if err != nil {
				return strict.Unreadable(name, err)
			}
			return f.visit(root, name, e)
		})
		if err != nil {
			return nil, nil, err
		}
		if len(f.names) == before {
			f.mistakes = append(f.mistakes, Mistake{Pos: Position{File: p.File, Line: 1, Column: 1}, Message: "no manifests in " + root,
				Hints: []string{"manifests are files that end in .yaml or .yml"}})
		}
	}
	slices.Sort(f.names)
	return f.names, append(f.mistakes, nameMistakes(f.names)...), nil
}

// finder gathers the names of manifests.
type finder struct {
	fsys     fs.FS
	names    []string
	seen     map[string]bool
	mistakes []Mistake
}

func (f *finder) visit(root, name string, e fs.DirEntry) error {
	hidden := name != root && strings.HasPrefix(e.Name(), ".")
	switch {
	case e.IsDir() && hidden:
		return fs.SkipDir
	case !e.IsDir() && !e.Type().IsRegular() && hidden:
		return nil // editors lock files with links
	case !e.IsDir() && !e.Type().IsRegular():
		return f.refused(name)
	case !e.IsDir() && (!isManifest(name) || f.seen[name]):
		return nil
	}
	if bad := badName(e.Name()); bad != "" && name != root {
		f.mistakes = append(f.mistakes, Mistake{Pos: Position{File: name}, Message: bad})
		if e.IsDir() {
			return fs.SkipDir
		}
		return nil
	}
	if e.IsDir() {
		return nil
	}
	if len(f.names) >= maxFiles {
		return &ReadError{File: root + " (more than 200,000 manifests)"}
	}
	f.seen[name] = true
	f.names = append(f.names, name)
	return nil
}

// refused lets the file tree say why it does not follow a link, or read a pipe or a submodule. Were a link to a
// folder passed over, the connections in there would look removed.
func (f *finder) refused(name string) error {
	if _, err := fs.Stat(f.fsys, name); err != nil {
		return strict.Unreadable(name, err)
	}
	return nil
}

func isManifest(name string) bool {
	ext := path.Ext(name)
	return (ext == ".yaml" || ext == ".yml") && path.Base(name) != RulesFile && path.Base(name) != PluginsFile
}

// badName says why a file or a folder may not be named so: the name hides something, or another machine has another name for it.
func badName(n string) string {
	switch {
	case !utf8.ValidString(n):
		return "a name that is not UTF-8"
	case strings.IndexFunc(n, func(r rune) bool { return strict.Forbidden(r) || r == '\t' || r == '\n' || r == '\\' }) >= 0:
		return "a name with a control character or a backslash"
	case strings.HasSuffix(n, " ") || strings.HasSuffix(n, ".") || strings.HasPrefix(n, " "):
		return "a name that begins or ends with a space, or ends with a dot"
	case !norm.NFC.IsNormalString(n):
		return "a name that is not in Unicode's composed form (NFC)"
	}
	return ""
}

// nameMistakes refuses file names that some file systems take for the same.
func nameMistakes(names []string) []Mistake {
	var out []Mistake
	folded := make(map[string]string, len(names))
	for _, n := range names {
		lower := strings.ToLower(strings.ToUpper(n))
		if other, clash := folded[lower]; clash {
			out = append(out, Mistake{Pos: Position{File: n}, Message: "differs from " + strict.SaidName(other) + " only by case"})
		}
		folded[lower] = n
	}
	return out
}

package manifest

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"runtime"
	"sort"
	"strings"

	"golang.org/x/sync/errgroup"

	"connsync/secrets"
)

// Limits of all manifests together.
const (
	maxFiles = 200_000
	maxTotal = 512 << 20
)

// Load reads every manifest of a project and says every mistake of every file in one run: its error is
// then Mistakes, and the Set is not to be used. A file or directory that cannot be read is a
// *ReadError. It opens no connection and needs no key.
func Load(fsys fs.FS, p Project) (Set, error) {
	names, mistakes, err := find(fsys, p)
	if err != nil {
		return Set{}, err
	}
	docs := make([]loaded, len(names))
	var g errgroup.Group
	g.SetLimit(2 * runtime.GOMAXPROCS(0))
	for i, name := range names {
		g.Go(func() (err error) {
			docs[i], err = loadFile(fsys, name, p)
			return err
		})
	}
	if err := g.Wait(); err != nil {
		return Set{}, err
	}
	var s Set
	total := 0
	for _, l := range docs {
		total += l.size
		s.Files = append(s.Files, l.file)
		s.Connections = append(s.Connections, l.connections...)
		mistakes = append(mistakes, l.mistakes...)
	}
	if total > maxTotal {
		mistakes = append(mistakes, Mistake{Pos: Position{p.File, 1, 1}, Message: "the manifests are larger than 512 MiB together"})
	}
	sort.SliceStable(s.Connections, func(i, j int) bool {
		a, b := s.Connections[i], s.Connections[j]
		return a.Target < b.Target || a.Target == b.Target && a.Name < b.Name
	})
	mistakes = append(mistakes, s.crossCheck()...)
	if len(mistakes) > 0 {
		return Set{}, sorted(mistakes)
	}
	return s, nil
}

// Target is the wanted connections of one target, in order of name.
func (s Set) Target(name string) []Connection {
	from := sort.Search(len(s.Connections), func(i int) bool { return s.Connections[i].Target >= name })
	to := sort.Search(len(s.Connections), func(i int) bool { return s.Connections[i].Target > name })
	return s.Connections[from:to]
}

type loaded struct {
	file        File
	size        int
	connections []Connection
	mistakes    []Mistake
}

func loadFile(fsys fs.FS, name string, p Project) (loaded, error) {
	text, err := fs.ReadFile(fsys, name)
	if err != nil {
		return loaded{}, readError(name, err)
	}
	d := read(name, text)
	l := loaded{file: File{Path: name, Digest: secrets.Digest(string(text))}, size: len(text)}
	if d.root != nil {
		l.file.Sops = d.sops(p)
		l.connections = d.connections(p, l.file)
	}
	l.mistakes = d.mistakes
	return l, nil
}

// readError keeps an error that a file tree made for people (a link out of the repository, say), and
// puts our own words for everything else.
func readError(name string, err error) error {
	var refused interface{ Refused() string }
	if errors.As(err, &refused) {
		return err
	}
	return &ReadError{File: name, Missing: errors.Is(err, fs.ErrNotExist)}
}

// find lists the manifests, in order of path.
func find(fsys fs.FS, p Project) (names []string, mistakes []Mistake, err error) {
	seen := map[string]bool{}
	for _, root := range p.Manifests {
		before := len(names)
		err := fs.WalkDir(fsys, root, func(name string, e fs.DirEntry, err error) error {
			switch {
			case err != nil:
				return readError(name, err)
			case e.IsDir() && name != root && strings.HasPrefix(e.Name(), "."):
				return fs.SkipDir
			case e.IsDir() || !isManifest(name) || seen[name]:
				return nil
			case len(names) >= maxFiles:
				return &ReadError{File: root + " (more than 200,000 manifests)"}
			}
			seen[name] = true
			names = append(names, name)
			return nil
		})
		if err != nil {
			return nil, nil, err
		}
		if len(names) == before {
			mistakes = append(mistakes, Mistake{Pos: Position{p.File, 1, 1}, Message: "no manifests in " + root,
				Hints: []string{"manifests are files that end in .yaml or .yml"}})
		}
	}
	sort.Strings(names)
	return names, append(mistakes, nameMistakes(names)...), nil
}

func isManifest(name string) bool {
	ext := path.Ext(name)
	return ext == ".yaml" || ext == ".yml"
}

// nameMistakes refuses file names that hide something, or that some file systems take for the same.
func nameMistakes(names []string) []Mistake {
	var out []Mistake
	folded := make(map[string]string, len(names))
	for _, n := range names {
		lower := strings.ToLower(n)
		switch other, clash := folded[lower]; {
		case strings.IndexFunc(n, func(r rune) bool { return forbidden(r) || r == '\t' || r == '\n' || r == '\\' }) >= 0:
			out = append(out, Mistake{Pos: Position{File: n}, Message: "a file name with a control character or a backslash"})
		case clash:
			out = append(out, Mistake{Pos: Position{File: n}, Message: "differs from " + other + " only by case"})
		}
		folded[lower] = n
	}
	return out
}

// crossCheck finds what no file alone can show.
func (s Set) crossCheck() []Mistake {
	type id struct{ target, name string }
	at := make(map[id]Position, len(s.Connections))
	claims, adopts := map[id]Position{}, map[id]Position{}
	var out []Mistake
	wrong := func(p Position, hint, format string, args ...any) {
		m := Mistake{Pos: p, Message: fmt.Sprintf(format, args...)}
		if hint != "" {
			m.Hints = []string{hint}
		}
		out = append(out, m)
	}
	for _, c := range s.Connections {
		if first, ok := at[id{c.Target, c.Name}]; ok {
			wrong(c.Pos, "", "connection %s of target %s is wanted already at %s", c.Name, c.Target, first)
			continue
		}
		at[id{c.Target, c.Name}] = c.Pos
	}
	for _, c := range s.Connections {
		if c.Previously != "" {
			old := id{c.Target, c.Previously}
			if still, ok := at[old]; ok {
				wrong(c.At("previously"), "rename one after the other, with a sync between", "%s is still wanted, at %s", c.Previously, still)
			}
			if other, ok := claims[old]; ok {
				wrong(c.At("previously"), "", "%s became another connection already, at %s", c.Previously, other)
			}
			claims[old] = c.At("previously")
		}
		if c.Adopt != "" {
			if other, ok := adopts[id{c.Target, c.Adopt}]; ok {
				wrong(c.At("adopt"), "", "the same id is adopted already, at %s", other)
			}
			adopts[id{c.Target, c.Adopt}] = c.At("adopt")
		}
	}
	return out
}

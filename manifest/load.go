package manifest

import (
	"cmp"
	"io/fs"
	"slices"
	"sort"

	"connsync/manifest/plugins"
	"connsync/manifest/sopsrules"
	"connsync/manifest/strict"
	"connsync/secrets"
)

// Limits of all manifests together.
const (
	maxFiles = 200_000
	maxTotal = 512 << 20
)

// Load reads every manifest of a project and says every mistake of every file in one run, warnings excepted: its error is
// then Mistakes, and the Set is not to be used. An unreadable file or directory is a
// *ReadError. It opens no connection and needs no key.
func Load(fsys fs.FS, p Project) (Set, error) {
	s, mistakes, err := Survey(fsys, p, nil)
	mistakes = s.WithRules(mistakes)
	switch {
	case err != nil:
		return Set{}, err
	case len(mistakes.Fatal()) > 0:
		return Set{}, mistakes.Fatal()
	}
	return s, nil
}

// WithRules adds what is wrong with .sops.yaml files to the mistakes of a Survey: without readable rules, connsync cannot tell what should
// be encrypted.
func (s Set) WithRules(ms Mistakes) Mistakes { return strict.Sorted(append(ms, s.unruly...)) }

// Apart gives the mistakes of each target on its own, warnings excepted, and those of possibly any target: of an unreadable file,
// or of one that names a target outside of the project. What is wrong in a file is wrong for each target it names.
func (s Set) Apart(ms Mistakes, p Project) (of map[string]Mistakes, any Mistakes) {
	named := map[string][]string{}
	for _, f := range s.Files {
		if !f.Unread && !slices.ContainsFunc(f.Targets, func(t string) bool { _, ok := p.Targets[t]; return !ok }) {
			named[f.Path] = f.Targets
		}
	}
	of = map[string]Mistakes{}
	for _, m := range ms.Fatal() {
		targets := named[m.Pos.File]
		if len(targets) == 0 {
			any = append(any, m)
		}
		for _, t := range targets {
			of[t] = append(of[t], m)
		}
	}
	return of, any
}

// Survey is Load to show what a file with mistakes would come to: its Set holds all that could be read, with Withheld in
// the place of values like secrets in the clear. It must not be applied where there are mistakes beside warnings. If a cache has seen
// a file's content before, it saves reading it again; nil is none.
func Survey(fsys fs.FS, p Project, c *Cache) (Set, Mistakes, error) {
	return SurveyBut(fsys, p, c, nil)
}

// SurveyBut is Survey of all files but those vouched for, by their paths: of a file with the vouched content, nothing but its
// connections' names is known. vouched gets the Set's RulesDigest; nil vouches for none. Names of resting connections take part in what is compared across files.
func SurveyBut(fsys fs.FS, p Project, c *Cache, vouched func(rules string) map[string]Vouched) (Set, Mistakes, error) {
	names, mistakes, err := find(fsys, p)
	if err != nil {
		return Set{}, nil, err
	}
	noted := &noting{FS: fsys}
	rules, unruly, err := sopsrules.Load(noted, names)
	if err != nil {
		return Set{}, nil, err
	}
	catalog, wrong, err := plugins.Load(noted, p.PluginsFile())
	if err != nil {
		return Set{}, nil, err
	}
	digest := noted.digest(p)
	r := reader{fsys: fsys, project: p, policy: p.rules(), cache: c}
	if vouched != nil && digest != "" {
		r.vouched = vouched(digest)
	}
	mistakes = append(mistakes, wrong...)
	docs, err := r.loadAll(names, rules)
	if err != nil {
		return Set{}, nil, err
	}
	s, found := gather(docs)
	s.Rules, s.unruly, s.Plugins, s.RulesDigest = rules, unruly, catalog, digest
	mistakes = append(mistakes, found...)
	if len(wrong) == 0 {
		mistakes = append(mistakes, s.misused(catalog.Stricter(p.Secrets.Plugins))...)
	}
	if s.size > maxTotal {
		mistakes = append(mistakes, Mistake{Pos: Position{File: p.File, Line: 1, Column: 1}, Message: "the manifests are larger than 512 MiB together"})
	}
	return s, strict.Sorted(append(mistakes, s.crossCheck()...)), nil
}

// RulesFor are the rules of a version of the files in force for some manifests, whether the manifests are there or not.
func RulesFor(fsys fs.FS, files []File) (Rules, error) {
	names := make([]string, len(files))
	for i, f := range files {
		names[i] = f.Path
	}
	rules, _, err := sopsrules.Load(fsys, names)
	return rules, err
}

// Read is Survey of one text, under the name of a file.
func Read(name string, text []byte, p Project) (Set, []Mistake) {
	return gather([]loaded{parse(name, text, p, nil)})
}

func gather(docs []loaded) (s Set, mistakes []Mistake) {
	s.Files = slices.Grow(s.Files, len(docs))
	order := make([]*Connection, 0, len(docs)) // connections are large: they are put in order first, and copied once
	for i := range docs {
		l := &docs[i]
		s.size += l.size
		s.Files = append(s.Files, l.file)
		for _, name := range l.resting {
			s.Resting = append(s.Resting, Rested{l.file.Targets[0], name, &s.Files[i]})
		}
		for j := range l.connections {
			order = append(order, &l.connections[j])
		}
		mistakes = append(mistakes, l.mistakes...)
	}
	s.Connections = sorted(order)
	slices.SortStableFunc(s.Resting, func(a, b Rested) int { return cmp.Or(cmp.Compare(a.Target, b.Target), cmp.Compare(a.Name, b.Name)) })
	return s, mistakes
}

// sorted puts connections in order; nil for none.
func sorted(order []*Connection) []Connection {
	slices.SortStableFunc(order, inOrder)
	out := slices.Grow([]Connection(nil), len(order))
	for _, c := range order {
		out = append(out, *c)
	}
	return out
}

// inOrder compares connections by target and name.
func inOrder(a, b *Connection) int {
	return cmp.Or(cmp.Compare(a.Target, b.Target), cmp.Compare(a.Name, b.Name))
}

// Target is the wanted connections of one target, in order of name, but for the resting ones.
func (s Set) Target(name string) []Connection {
	return ofTarget(s.Connections, name, func(c *Connection) string { return c.Target })
}

// RestingOf is what of one target rests, in order of name.
func (s Set) RestingOf(name string) []Rested {
	return ofTarget(s.Resting, name, func(r *Rested) string { return r.Target })
}

func ofTarget[T any](all []T, name string, target func(*T) string) []T {
	from := sort.Search(len(all), func(i int) bool { return target(&all[i]) >= name })
	to := sort.Search(len(all), func(i int) bool { return target(&all[i]) > name })
	return all[from:to]
}

type loaded struct {
	file        File
	size        int
	connections []Connection
	resting     []string // the names of the connections of an unread file, all of its only target
	mistakes    []Mistake
}

func loadFile(fsys fs.FS, name string, p Project, rule *Rule) (loaded, []byte, error) {
	text, err := strict.ReadFile(fsys, name)
	if err != nil {
		return loaded{}, nil, err
	}
	return parse(name, text, p, rule), text, nil
}

// parse reads one manifest. A file on which it panics is a mistake of its own, and hides no other's.
func parse(name string, text []byte, p Project, rule *Rule) loaded {
	file := File{Path: name, Digest: secrets.DigestOf(text), Blob: BlobHash(text)}
	l := loaded{file: file, size: len(text)}
	if secrets.Contained(func() error { l.read(text, p, rule); return nil })() != nil {
		unjudged := Mistake{Pos: Position{File: name}, Message: "the file cannot be judged: connsync has a fault", Hints: []string{"please report it, with the file but without its values"}}
		file.Unread = true
		return loaded{file: file, size: len(text), mistakes: []Mistake{unjudged}}
	}
	return l
}

func (l *loaded) read(text []byte, p Project, rule *Rule) {
	d := read(l.file.Path, text)
	if d.Root != nil {
		d.leaves = sopsrules.Leaves(d.Tree)
		l.file.Sops = d.sops(p)
		d.ruled(l.file.Sops, rule)
		l.connections = d.connections(p, l.file)
		if !d.vague {
			l.file.Targets = d.named
		}
		for i := range l.connections {
			l.connections[i].File.Targets = l.file.Targets
		}
	} else {
		l.file.Unread = true
	}
	l.mistakes = d.Mistakes()
}

package plugins

import (
	"errors"
	"io/fs"
	"slices"
	"strings"

	"connsync/manifest/strict"
)

// Load reads the catalog beside a project file. Without one it is the zero Catalog. An error comes from reading it.
func Load(fsys fs.FS, name string) (Catalog, []strict.Mistake, error) {
	text, err := strict.ReadFile(fsys, name)
	var missing *strict.ReadError
	switch {
	case errors.As(err, &missing) && missing.Missing:
		return Catalog{}, nil, nil
	case err != nil:
		return Catalog{}, nil, err
	}
	c, ms := Read(name, text)
	return c, ms, nil
}

// Read reads a catalog. With mistakes it is not to be trusted.
func Read(name string, text []byte) (Catalog, []strict.Mistake) {
	d := &reader{strict.Read(name, text, neverFolded)}
	c := Catalog{File: name}
	if d.Root == nil {
		return c, d.Mistakes()
	}
	d.fields(d.Root, "file", map[string]func(*strict.Node){
		"plugins": func(n *strict.Node) { c.Plugins = each(d, n, "plugins", d.plugin) },
	})
	return c, d.Mistakes()
}

// neverFolded: no plugin reads a key of a catalog without regard to case.
const neverFolded = 1 << 10

type reader struct{ *strict.Document }

// fields reads a mapping, each field by its own function.
func (d *reader) fields(n *strict.Node, what string, read map[string]func(*strict.Node)) {
	if !d.Mapping(n, what) {
		return
	}
	for _, e := range strict.Entries(n) {
		if f, ok := read[e.Key.Value]; ok {
			f(e.Value)
			continue
		}
		var known []string
		for k := range read {
			known = append(known, k)
		}
		slices.Sort(known)
		d.Unknown(e.Key, "field", known...)
	}
}

// each reads the items of a list.
func each[T any](d *reader, n *strict.Node, what string, read func(*strict.Node) T) []T {
	if n.Kind != strict.Sequence {
		d.Wrong(n, "%s must be a list", what)
		return nil
	}
	var out []T
	for _, item := range n.Content {
		out = append(out, read(item))
	}
	return out
}

// words reads a text.
func (d *reader) words(into *string, field string) func(*strict.Node) {
	return func(n *strict.Node) {
		if n.Kind != strict.Scalar || n.Tag != "!!str" || len(n.Value) > maxText {
			d.Wrong(n, "%s must be text of at most %d bytes", field, maxText).Hint("quote it")
			return
		}
		*into = n.Value
	}
}

const maxText = 1024

func (d *reader) boolean(into *bool, field string) func(*strict.Node) {
	return func(n *strict.Node) {
		if n.Kind != strict.Scalar || n.Tag != "!!bool" {
			d.Wrong(n, "%s must be true or false", field)
		}
		*into = strings.EqualFold(n.Value, "true")
	}
}

func (d *reader) texts(into *[]string, field string) func(*strict.Node) {
	return func(n *strict.Node) {
		*into = each(d, n, field, func(n *strict.Node) (s string) { d.words(&s, field)(n); return s })
	}
}

func (d *reader) plugin(n *strict.Node) Plugin {
	var p Plugin
	d.fields(n, "a plugin", map[string]func(*strict.Node){
		"name": d.words(&p.Name, "name"), "id": d.words(&p.ID, "id"), "kind": d.words(&p.Kind, "kind"), "targets": d.texts(&p.Targets, "targets"),
		"versions": func(n *strict.Node) { p.Versions = each(d, n, "versions", d.version) },
	})
	return p
}

func (d *reader) version(n *strict.Node) Version {
	var v Version
	d.fields(n, "a version", map[string]func(*strict.Node){
		"version": d.words(&v.Number, "version"), "id": d.words(&v.ID, "id"),
		"settings": func(n *strict.Node) { v.Settings = each(d, n, "settings", d.setting) },
		"one_of": func(n *strict.Node) {
			v.OneOf = each(d, n, "one_of", func(n *strict.Node) (group []string) { d.texts(&group, "one_of")(n); return group })
		},
	})
	return v
}

func (d *reader) setting(n *strict.Node) Setting {
	var s Setting
	d.fields(n, "a setting", map[string]func(*strict.Node){
		"key": d.words(&s.Key, "key"), "name": d.words(&s.Name, "name"), "description": d.words(&s.Description, "description"),
		"type": d.words(&s.Type, "type"), "default": d.words(&s.Default, "default"), "choices": d.texts(&s.Choices, "choices"),
		"required": d.boolean(&s.Required, "required"), "read_only": d.boolean(&s.ReadOnly, "read_only"),
		"settings": func(n *strict.Node) { s.Settings = each(d, n, "settings", d.setting) },
	})
	return s
}

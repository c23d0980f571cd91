package plugins

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"connsync/manifest/strict"
	"connsync/secrets"
)

// Use is one wanted connection of a plugin.
type Use struct {
	Target                 string
	Component, Version     string // by names …
	ComponentID, VersionID string // … or by ids
	Config                 map[string]any
	Missing                []secrets.Path                     // of the config, or all of it: what has no value yet
	At                     func(secrets.Path) strict.Position // where a field stands
	Encrypt                func(secrets.Path) string          // how a value in the clear becomes an encrypted one, in words
}

// lacks tells whether a setting is known to have no value yet.
func (u Use) lacks(at secrets.Path) bool {
	return slices.ContainsFunc(u.Missing, func(m secrets.Path) bool {
		return m == at || m == "config" || strings.HasPrefix(string(at), string(m)+".")
	})
}

// ConnectionType is a setting of the console. Every plugin takes it, whatever its schema says (user manual, "Managing an Asset Connection").
const ConnectionType = "connection_type"

// Check finds what the plugin of a connection would not take. It finds nothing about targets whose plugins were not saved.
func (c Catalog) Check(u Use) []strict.Mistake {
	if !c.knows(u.Target) {
		return nil
	}
	p, v := c.Find(u.Target, u)
	switch {
	case p == nil:
		return []strict.Mistake{c.noPlugin(u)}
	case v == nil:
		return []strict.Mistake{c.noVersion(u, *p)}
	case len(v.Settings) == 0: // its schema was not shown
		return nil
	}
	k := &checker{use: u, plugin: p.Name + " " + v.Number}
	k.settings("config", u.Config, v.Settings)
	k.oneOf(v.OneOf)
	return k.found
}

// stale is what to do where the file may be older than the workspace.
const stale = "if the workspace has it by now:  connsync plugins --save"

func (c Catalog) noPlugin(u Use) strict.Mistake {
	name, field := u.Component, secrets.Path("component")
	var names []string
	for _, p := range c.Of(u.Target) {
		names = append(names, p.Name)
	}
	if name == "" {
		name, field, names = "with the id "+u.ComponentID, "component_id", nil
	}
	return strict.Mistake{Pos: u.At(field), Message: fmt.Sprintf("target %s has no plugin %s (%s)", u.Target, name, c.File), Hints: append(nearest(u.Component, names), stale)}
}

func (c Catalog) noVersion(u Use, p Plugin) strict.Mistake {
	field, is := secrets.Path("version"), u.Version
	if u.Component == "" {
		field, is = "component_version_id", "with the id "+u.VersionID
	}
	var numbers []string
	for _, v := range p.Versions {
		numbers = append(numbers, v.Number)
	}
	hints := []string{stale}
	if near := nearestVersion(u.Version, numbers); near != "" {
		hints = []string{"the nearest is " + near + "; all: " + strings.Join(numbers[:min(len(numbers), 20)], ", "), stale}
	}
	return strict.Mistake{Pos: u.At(field), Message: fmt.Sprintf("plugin %s has no version %s (%s)", p.Name, is, c.File), Hints: hints}
}

// nearestVersion shares the longest beginning with a version.
func nearestVersion(version string, numbers []string) string {
	best, shared := "", -1
	for _, n := range numbers {
		same := 0
		for same < len(n) && same < len(version) && n[same] == version[same] {
			same++
		}
		if same > shared {
			best, shared = n, same
		}
	}
	return best
}

// checker gathers what is wrong with one config.
type checker struct {
	use    Use
	plugin string // with its version
	found  []strict.Mistake
}

// wrong notes a mistake of a setting, with what the schema says of it.
func (k *checker) wrong(at secrets.Path, s Setting, format string, args ...any) *strict.Mistake {
	m := strict.Mistake{Pos: k.use.At(at), Message: fmt.Sprintf(format, args...)}
	if words := s.words(); words != "" {
		m.Hints = []string{words}
	}
	k.found = append(k.found, m)
	return &k.found[len(k.found)-1]
}

// words are what the schema says of a setting.
func (s Setting) words() string {
	switch {
	case s.Description != "":
		return s.Key + ": " + s.Description
	case s.Name != "" && s.Name != s.Key:
		return s.Key + ": " + s.Name
	}
	return ""
}

// settings checks a mapping against what a plugin takes there.
func (k *checker) settings(at secrets.Path, config map[string]any, schema []Setting) {
	known := map[string]Setting{}
	for _, s := range schema {
		known[s.Key] = s
	}
	for _, key := range slices.Sorted(maps.Keys(config)) {
		s, ok := known[key]
		switch {
		case ok:
			k.value(at.Key(key), config[key], s)
		case key != ConnectionType || at != "config":
			k.unknown(at.Key(key), key, slices.Sorted(maps.Keys(known)))
		}
	}
	for _, s := range schema {
		if _, ok := config[s.Key]; !ok && s.Required && !s.ReadOnly && !k.use.lacks(at.Key(s.Key)) {
			k.missing(at, s)
		}
	}
}

func (k *checker) unknown(at secrets.Path, key string, known []string) {
	hints := nearest(key, known)
	if hints == nil {
		hints = []string{"known: " + strings.Join(known[:min(len(known), 20)], ", ")}
	}
	k.found = append(k.found, strict.Mistake{Pos: k.use.At(at), Message: fmt.Sprintf("%s has no setting %s", k.plugin, strings.TrimPrefix(strings.TrimPrefix(string(at), "config"), ".")), Hints: hints})
}

// missing notes the lack of a required setting. Whether SecMaster fills in a default is not documented.
func (k *checker) missing(at secrets.Path, s Setting) {
	path := at.Key(s.Key)
	if s.Default != "" && !s.Secret() {
		m := k.wrong(at, s, "%s is missing: %s requires it", path, k.plugin)
		m.Hints = append(m.Hints, "its default in the console is "+s.Default)
		m.Warning = true
		return
	}
	k.wrong(at, s, "%s is missing: %s requires it", path, k.plugin)
}

// value checks one setting.
func (k *checker) value(at secrets.Path, v any, s Setting) {
	if s.ReadOnly {
		if plain(v) != s.Default || s.Default == "" {
			k.wrong(at, s, "%s is read-only in %s", at, k.plugin).Hints = []string{"remove it: SecMaster sets it itself"}
		}
		return
	}
	switch v := v.(type) {
	case secrets.Ref:
		if want := s.wantsOf(v.Ciphertext.Kind); want != "" {
			k.wrong(at, s, "%s %s (%s)", at, want, k.plugin)
		}
	case map[string]any:
		k.mapping(at, v, s)
	case string, bool, []any, fmt.Stringer:
		k.clear(at, v, s)
	}
}

func (k *checker) mapping(at secrets.Path, v map[string]any, s Setting) {
	switch shape := s.Shape(); {
	case len(s.Settings) > 0:
		k.settings(at, v, s.Settings)
	case shape != Mapping && shape != Anything:
		k.wrong(at, s, "%s must not be a mapping (%s)", at, k.plugin)
	}
}

// hidden is a value not shown in any plan. Told tells whether it is a mistake already that it stands in the clear.
type hidden interface{ Told() bool }

// clear checks a value in the clear.
func (k *checker) clear(at secrets.Path, v any, s Setting) {
	h, unseen := v.(hidden)
	switch {
	case v == "" && s.Required:
		k.wrong(at, s, "%s is empty: %s requires it", at, k.plugin)
	case v == "", unseen && h.Told():
	case s.Secret():
		m := k.wrong(at, s, "%s is a password of %s, and stands in the clear", at, k.plugin)
		m.Hints = append(m.Hints, k.use.Encrypt(at), "if it was pushed in the clear, rotate it")
	case len(s.Settings) > 0:
		k.wrong(at, s, "%s must be a mapping (%s)", at, k.plugin)
	case unseen:
	default:
		if want := s.wants(v); want != "" {
			k.wrong(at, s, "%s %s (%s)", at, want, k.plugin)
		}
	}
}

// oneOf finds the groups without a setting in a config.
func (k *checker) oneOf(groups [][]string) {
	for _, g := range groups {
		if !slices.ContainsFunc(g, func(key string) bool {
			v, ok := k.use.Config[key]
			return ok && v != "" || k.use.lacks(secrets.Path("config").Key(key))
		}) {
			k.wrong("config", Setting{}, "%s needs one of %s", k.plugin, strings.Join(g, ", "))
		}
	}
}

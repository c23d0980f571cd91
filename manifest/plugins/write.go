package plugins

import (
	"cmp"
	"maps"
	"reflect"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"connsync/manifest/strict"
)

// Saved is a catalog with the plugins of some targets as their workspaces show them now: plugins that several have exactly so stand once, in
// order of name. What people added to the catalog before, the groups of settings of which one is needed, and other targets stay.
func (c Catalog) Saved(now map[string][]Plugin) Catalog {
	groups := c.groups()
	var all []Plugin
	for _, p := range c.Plugins {
		p.Targets = slices.DeleteFunc(slices.Clone(p.Targets), func(t string) bool { _, ok := now[t]; return ok })
		all = append(all, p)
	}
	for _, target := range slices.Sorted(maps.Keys(now)) {
		for _, p := range now[target] {
			p = p.clean()
			for i, v := range p.Versions {
				p.Versions[i].OneOf = groups[[2]string{p.Name, v.Number}]
			}
			p.Targets = []string{target}
			all = append(all, p)
		}
	}
	return Catalog{File: c.File, Plugins: shared(all)}
}

func (c Catalog) groups() map[[2]string][][]string {
	out := map[[2]string][][]string{}
	for _, p := range c.Plugins {
		for _, v := range p.Versions {
			out[[2]string{p.Name, v.Number}] = v.OneOf
		}
	}
	return out
}

// shared puts equal plugins together, and leaves out those of no target.
func shared(all []Plugin) []Plugin {
	var out []Plugin
	for _, p := range all {
		i := slices.IndexFunc(out, func(o Plugin) bool { return p.same(o) })
		switch {
		case len(p.Targets) == 0:
		case i < 0:
			out = append(out, p)
		default:
			out[i].Targets = slices.Compact(slices.Sorted(slices.Values(slices.Concat(out[i].Targets, p.Targets))))
		}
	}
	slices.SortStableFunc(out, func(a, b Plugin) int {
		return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.ID, b.ID), slices.Compare(a.Targets, b.Targets))
	})
	return out
}

func (p Plugin) same(o Plugin) bool {
	p.Targets, o.Targets = nil, nil
	return reflect.DeepEqual(p, o)
}

// clean keeps of what a server says of a plugin what can be text of a file: without control characters, on one line, and not too long.
func (p Plugin) clean() Plugin {
	out := Plugin{Name: oneLine(p.Name), ID: oneLine(p.ID), Kind: oneLine(p.Kind)}
	for _, v := range p.Versions {
		out.Versions = append(out.Versions, Version{Number: oneLine(v.Number), ID: oneLine(v.ID), Settings: cleanSettings(v.Settings)})
	}
	return out
}

func cleanSettings(settings []Setting) []Setting {
	var out []Setting
	for _, s := range settings {
		c := Setting{Key: oneLine(s.Key), Name: oneLine(s.Name), Description: oneLine(s.Description), Type: oneLine(s.Type), Default: oneLine(s.Default),
			Required: s.Required, ReadOnly: s.ReadOnly, Settings: cleanSettings(s.Settings)}
		if c.Secret() {
			c.Default = "" // it would be a secret
		}
		if c.Name == c.Key {
			c.Name = ""
		}
		for _, choice := range s.Choices {
			c.Choices = append(c.Choices, oneLine(choice))
		}
		out = append(out, c)
	}
	return out
}

// oneLine is a text without what a file must not hold, of at most maxText bytes.
func oneLine(s string) string {
	s = strings.Join(strings.FieldsFunc(strings.ToValidUTF8(s, ""), func(r rune) bool { return r == ' ' || !unicode.IsPrint(r) }), " ")
	for len(s) > maxText {
		_, size := utf8.DecodeLastRuneInString(s)
		s = s[:len(s)-size]
	}
	return s
}

const header = `# What the plugins of SecMaster take, as "connsync plugins --save" wrote it. "connsync validate" checks manifests against it.
# Add one_of beside the settings of a version where a config needs one of several:  one_of: [[freeApiKey, payApiKey]]
`

// Text is the catalog as a file: the same text for the same plugins.
func (c Catalog) Text() []byte {
	w := &writer{}
	w.WriteString(header)
	if len(c.Plugins) == 0 {
		w.WriteString("plugins: []\n")
		return []byte(w.String())
	}
	w.WriteString("plugins:\n")
	for _, p := range c.Plugins {
		w.item(1, []field{{"name", strict.Text(p.Name)}, {"id", quoted(p.ID)}, {"kind", quoted(p.Kind)}, {"targets", listed(p.Targets)}})
		w.line(2, "versions:")
		for _, v := range p.Versions {
			w.item(3, []field{{"version", strict.Text(v.Number)}, {"id", quoted(v.ID)}, {"one_of", groupsText(v.OneOf)}})
			w.settings(4, v.Settings)
		}
	}
	return []byte(w.String())
}

type writer struct{ strings.Builder }

// field is a line of an item; without a value it is left out.
type field struct{ key, value string }

func (w *writer) line(depth int, text string) {
	w.WriteString(strings.Repeat("  ", depth) + text + "\n")
}

// item begins an item of a list with its fields.
func (w *writer) item(depth int, fields []field) {
	dash := "- "
	for _, f := range fields {
		if f.value == "" {
			continue
		}
		w.WriteString(strings.Repeat("  ", depth) + dash + f.key + ": " + f.value + "\n")
		dash = "  "
	}
}

func (w *writer) settings(depth int, settings []Setting) {
	if len(settings) > 0 {
		w.line(depth, "settings:")
	}
	for _, s := range settings {
		w.item(depth+1, []field{
			{"key", strict.Text(s.Key)}, {"type", quoted(s.Type)}, {"required", truth(s.Required)}, {"read_only", truth(s.ReadOnly)},
			{"default", quoted(s.Default)}, {"choices", listed(s.Choices)}, {"name", quoted(s.Name)}, {"description", quoted(s.Description)},
		})
		w.settings(depth+2, s.Settings)
	}
}

func truth(b bool) string {
	if b {
		return "true"
	}
	return ""
}

func listed(texts []string) string {
	if len(texts) == 0 {
		return ""
	}
	out := make([]string, len(texts))
	for i, t := range texts {
		out[i] = strict.Text(t)
	}
	return "[" + strings.Join(out, ", ") + "]"
}

func groupsText(groups [][]string) string {
	if len(groups) == 0 {
		return ""
	}
	out := make([]string, len(groups))
	for i, g := range groups {
		out[i] = listed(g)
	}
	return "[" + strings.Join(out, ", ") + "]"
}

// quoted is a text as YAML; "" for no text.
func quoted(s string) string {
	if s == "" {
		return ""
	}
	return strict.Text(s)
}

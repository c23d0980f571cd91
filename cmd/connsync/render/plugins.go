package render

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"connsync/manifest"
)

// Plugins writes plugins, a line each; with their settings on request.
func (p *Printer) Plugins(plugins []manifest.Plugin, settings bool) {
	widest := 0
	for _, x := range plugins {
		widest = max(widest, utf8.RuneCountInString(x.Name))
	}
	for _, x := range plugins {
		var versions []string
		for _, v := range x.Versions {
			versions = append(versions, v.Number)
		}
		p.Out.Line("  %s%s  %s  %s", Bold(x.Name), spaces(widest, x.Name), strings.Join(versions, ", "), Dim(x.Kind))
		if !settings {
			continue
		}
		for _, v := range x.Versions {
			p.Out.version(v.Number, x.ID, v.ID)
			if len(v.Settings) == 0 {
				p.Out.Line("      SecMaster shows no settings of this version")
			}
			p.Out.settings("      ", v.Settings)
		}
	}
	if len(plugins) == 0 {
		p.Out.Line("  no plugins")
	}
}

// version writes a version and the ids it can be named by: side by side, or one below the other where a terminal is too narrow.
func (s *Stream) version(number, component, version string) {
	const side = "    %s   component_id: %s   component_version_id: %s"
	if line := fmt.Sprintf(side, number, component, version); s.width == 0 || utf8.RuneCountInString(line) <= s.columns() {
		s.Line(side, Bold(number), component, version)
		return
	}
	s.Line("    %s\n      component_id: %s\n      component_version_id: %s", Bold(number), component, version)
}

// settings writes what a version takes: key, type and what is special about it, and below that what its schema says.
func (s *Stream) settings(indent string, settings []manifest.PluginSetting) {
	keys, types := 0, 0
	for _, x := range settings {
		keys, types = max(keys, utf8.RuneCountInString(x.Key)), max(types, utf8.RuneCountInString(x.Type))
	}
	for _, x := range settings {
		line := indent + x.Key + spaces(keys, x.Key) + "  " + x.Type + spaces(types, x.Type) + "  " + strings.Join(remarksOf(x), ", ")
		s.Line("%s", strings.TrimRight(line, " "))
		if x.Description != "" {
			s.words(indent+"  ", Dim, x.Description)
		}
		s.settings(indent+"  ", x.Settings)
	}
}

// spaces fill a column behind a text.
func spaces(width int, text string) string {
	return strings.Repeat(" ", max(0, width-utf8.RuneCountInString(text)))
}

func remarksOf(x manifest.PluginSetting) []string {
	var out []string
	for _, r := range []struct {
		holds bool
		text  string
	}{
		{x.Required, "required"}, {x.ReadOnly, "read-only"}, {x.Secret(), "secret: encrypt it"},
		{x.Default != "" && !x.Secret(), "default " + x.Default}, {len(x.Choices) > 0, "one of " + strings.Join(x.Choices, ", ")},
	} {
		if r.holds {
			out = append(out, r.text)
		}
	}
	return out
}

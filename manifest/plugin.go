package manifest

import (
	"path"
	"slices"
	"strings"

	"connsync/manifest/plugins"
	"connsync/secrets"
)

// PluginsFile is where the catalog of plugins is kept: beside the project file.
func (p Project) PluginsFile() string { return path.Join(path.Dir(p.File), PluginsFile) }

// misused finds the settings that the plugins of connections would not take, by a catalog.
func (s Set) misused(c Catalog) []Mistake {
	var out []Mistake
	for _, x := range s.Connections {
		out = append(out, c.Check(plugins.Use{
			Target: x.Target, Component: x.Component, Version: x.Version, ComponentID: x.ComponentID, VersionID: x.ComponentVersionID,
			Config: x.Config, Missing: x.Missing, At: x.At,
			Encrypt: func(at secrets.Path) string { return s.clearText(x, at).hint() },
		})...)
	}
	return out
}

// clearText is a setting of a connection that stands in the clear, or has values that do.
func (s Set) clearText(x Connection, at secrets.Path) clearText {
	c := clearText{file: x.File.Path, encrypted: x.File.Sops != nil}
	if rule, _ := s.Rules.For(c.file); rule != nil {
		c.selects = rule.Selects
	}
	c.covered = slices.ContainsFunc(x.InClear, func(clear secrets.Path) bool {
		return clear == at || strings.HasPrefix(string(clear), string(at)+"[")
	})
	return c
}

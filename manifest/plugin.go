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

// misused finds the settings not taken by the plugins of connections, by a catalog.
func (s Set) misused(c Catalog) []Mistake {
	var out []Mistake
	for _, x := range s.Connections {
		u := x.use()
		u.Config, u.Missing, u.At = x.Config, x.Missing, x.At
		u.Encrypt = func(at secrets.Path) string { return s.clearText(x, at).hint() }
		out = append(out, c.Check(u)...)
	}
	return out
}

// use is what a connection says of its plugin.
func (c *Connection) use() plugins.Use {
	return plugins.Use{Target: c.Target, Component: c.Component, Version: c.Version, ComponentID: c.ComponentID, VersionID: c.ComponentVersionID}
}

// PluginSettings are the settings that the connection's plugin takes, of some plugins; none where it is not among them at that version.
func (c *Connection) PluginSettings(all []Plugin) []PluginSetting {
	if _, v := plugins.Find(all, c.use()); v != nil {
		return v.Settings
	}
	return nil
}

// clearText is a setting of a connection, in the clear or with values in the clear.
func (s Set) clearText(x Connection, at secrets.Path) clearText {
	c := clearText{file: x.File.Path}
	if rule, _ := s.Rules.For(c.file); rule != nil {
		c.selects = rule.Selects
	}
	c.covered = slices.ContainsFunc(x.InClear, func(clear secrets.Path) bool {
		return clear == at || strings.HasPrefix(string(clear), string(at)+"[")
	})
	return c
}

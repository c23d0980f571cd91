package manifest

import (
	"path"

	"connsync/manifest/plugins"
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
		})...)
	}
	return out
}

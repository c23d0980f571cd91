// Package plugins knows what the plugins of workspaces take: their versions and settings, as connsync.plugins.yaml keeps them. It checks
// wanted configs against it, offline and without a key.
package plugins

import (
	"slices"

	"connsync/manifest/strict"
)

// File is the name of the file that keeps a catalog, beside the project file.
const File = "connsync.plugins.yaml"

// Catalog is what the plugins of one or more targets take. The zero Catalog knows nothing, and finds nothing wrong.
type Catalog struct {
	File    string // its slash path in the repository; "" where there is none
	Plugins []Plugin
}

// Plugin is a plugin of some targets' workspaces.
type Plugin struct {
	Name, ID string
	Kind     string   // system, custom, subscribe, or any other word of SecMaster's; "" where it says nothing
	Targets  []string // their workspaces have it exactly so; in order
	Versions []Version
}

// Version is a version of a plugin.
type Version struct {
	Number, ID string
	Settings   []Setting
	// OneOf are groups of settings. A config has at least one setting of each. No schema of SecMaster says so: people add it to the file.
	OneOf [][]string
}

// Setting is one possible setting of a config.
type Setting struct {
	Key, Name, Description string
	Type                   string // as SecMaster names it
	Default                string
	Required, ReadOnly     bool
	Choices                []string
	Settings               []Setting // of a mapping
}

// knows tells whether the plugins of a target were saved.
func (c Catalog) knows(target string) bool {
	return slices.ContainsFunc(c.Plugins, func(p Plugin) bool { return slices.Contains(p.Targets, target) })
}

// Of are the plugins of a target, in order.
func (c Catalog) Of(target string) []Plugin {
	var out []Plugin
	for _, p := range c.Plugins {
		if slices.Contains(p.Targets, target) {
			out = append(out, p)
		}
	}
	return out
}

// Find is the plugin of a target at a version, by names or by ids; nil parts are not there.
func (c Catalog) Find(target string, u Use) (*Plugin, *Version) { return Find(c.Of(target), u) }

// Find is a plugin among some, as Catalog's.
func Find(all []Plugin, u Use) (*Plugin, *Version) {
	for _, p := range all {
		if u.Component != "" && p.Name != u.Component || u.Component == "" && p.ID != u.ComponentID {
			continue
		}
		for _, v := range p.Versions {
			if u.Component != "" && v.Number == u.Version || u.Component == "" && v.ID == u.VersionID {
				return &p, &v
			}
		}
		return &p, nil
	}
	return nil, nil
}

// nearest is what a name could have meant among others, as a hint; else the names, as far as they are few.
func nearest(name string, names []string) []string {
	if near := strict.Nearest(name, names); near != "" {
		return []string{"did you mean " + near}
	}
	return nil
}

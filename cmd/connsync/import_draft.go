package main

import (
	"maps"
	"slices"
	"strings"

	"connsync/apply"
	"connsync/manifest"
	"connsync/manifest/draft"
	"connsync/secrets"
)

// draftOf is a connection of SecMaster as a manifest: the plugin by its name where the workspace names it, and what its schema asks for and SecMaster
// does not show as holes.
func draftOf(target string, s apply.Shown, plugins []manifest.Plugin) draft.Connection {
	d := draft.Connection{
		Target: target, Name: s.Name, Description: s.Description, ComponentID: s.ComponentID, VersionID: s.ComponentVersionID, Adopt: s.ID,
		Protect: s.CanBeDeleted != nil && !*s.CanBeDeleted, Config: s.Settings,
	}
	p, v := pluginBy(plugins, s.ComponentID, s.ComponentVersionID)
	if v == nil {
		return d
	}
	if uniqueName(plugins, p.Name, v.Number) {
		d.Component, d.Version, d.ComponentID, d.VersionID = p.Name, v.Number, "", ""
	}
	d.Config = withHoles(d.Config, v.Settings)
	return d
}

func pluginBy(plugins []manifest.Plugin, id, version string) (*manifest.Plugin, *manifest.PluginVersion) {
	for i, p := range plugins {
		for j, v := range p.Versions {
			if p.ID == id && v.ID == version {
				return &plugins[i], &plugins[i].Versions[j]
			}
		}
	}
	return nil, nil
}

// uniqueName tells whether a plugin's name and version mean one plugin only.
func uniqueName(plugins []manifest.Plugin, name, version string) bool {
	n := 0
	for _, p := range plugins {
		for _, v := range p.Versions {
			if p.Name == name && v.Number == version {
				n++
			}
		}
	}
	return n == 1 && name != "" && version != ""
}

// withHoles is a config with no value for what is required and not shown, nor for a secret shown as an empty text. Of a config
// with nothing shown, the schema tells what is missing.
func withHoles(config map[string]any, settings []manifest.PluginSetting) map[string]any {
	if config == nil && len(settings) == 0 {
		return nil
	}
	out := maps.Clone(config)
	if out == nil {
		out = map[string]any{}
	}
	for _, s := range settings {
		v, there := out[s.Key]
		inner, mapping := v.(map[string]any)
		switch {
		case mapping:
			out[s.Key] = withHoles(inner, s.Settings)
		case !there && (s.Required || config == nil && s.Secret()) && !s.ReadOnly, there && v == "" && s.Secret():
			out[s.Key] = nil
		}
	}
	return out
}

// unfit says why a name shown by SecMaster cannot be one of a manifest.
func unfit(name string, taken map[string]bool) string {
	switch {
	case !manifest.MayAdopt(name), strings.HasPrefix(name, "ENC["): // every tool of SOPS takes that for a ciphertext
		return "a manifest cannot have its name: rename it in SecMaster"
	case taken[name]:
		return "another one has the same name: rename one of them in SecMaster"
	}
	return ""
}

// looksEncrypted are the settings with values in the form of a ciphertext, though they are none: they are set one by one, as values.
func looksEncrypted(at secrets.Path, v any, found map[secrets.Path]string) any {
	switch v := v.(type) {
	case map[string]any:
		for _, k := range slices.Sorted(maps.Keys(v)) {
			v[k] = looksEncrypted(at.Key(k), v[k], found)
		}
	case []any:
		for i := range v {
			v[i] = looksEncrypted(at.Index(i), v[i], found)
		}
	case string:
		if strings.HasPrefix(v, "ENC[") {
			found[at] = v
			return "x" // until it is set
		}
	}
	return v
}

package main

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"slices"
	"strings"

	"connsync/apply/secmaster"
	"connsync/cmd/connsync/render"
	"connsync/cmd/connsync/view"
	"connsync/diff"
	"connsync/manifest"
)

// pluginsCmd shows what the plugins of the workspaces take, and keeps it in the repository.
type pluginsCmd struct {
	Name   string `arg:"" optional:"" help:"Only this plugin, with its settings."`
	Format string `enum:"text,json" default:"text" placeholder:"FORMAT" help:"text, or json (docs/json.md)."`
	Save   bool   `help:"Keep all of it in connsync.plugins.yaml, against which validate checks manifests offline."`
}

func (pluginsCmd) Help() string {
	return "Lists the plugins of each target's workspace with their versions; with a NAME, also the settings of each version. It only reads, and needs no decryption key.\n\n" +
		examples("connsync plugins", "connsync plugins EdrVendor", "connsync plugins --save", "connsync plugins --format json")
}

// workspacePlugins are the plugins of a target's workspace.
type workspacePlugins struct {
	target  manifest.Target
	plugins []manifest.Plugin
}

// Run shows the plugins of every requested target. What fails for one hides no other's.
func (c pluginsCmd) Run(ctx context.Context, w world, g *globals) error {
	src, project, err := g.openProject(ctx, w)
	if err != nil {
		return err
	}
	defer src.close()
	if c.Save && src.worktree == nil {
		return &usageError{"--save writes into the worktree: not with --repo or --ref"}
	}
	p, code := g.printer(w), exitDone
	var all []workspacePlugins
	for _, t := range g.selected(project, manifest.Set{}) {
		found, err := g.plugins(ctx, w, t.Target)
		if err != nil {
			code = heavier(code, fail(p, targetError(t.Name, err)))
			continue
		}
		all = append(all, workspacePlugins{t.Target, found})
	}
	if len(all) > 0 {
		if err := c.show(w, p, all); err != nil {
			return err
		}
	}
	if c.Save && len(all) > 0 {
		if err := savePlugins(p, src, project, all); err != nil {
			return err
		}
	}
	return ended(code)
}

// plugins asks a target's workspace for its plugins.
func (g *globals) plugins(ctx context.Context, w world, t manifest.Target) ([]manifest.Plugin, error) {
	options, err := g.client(ctx, w, t, need{job: secmaster.JobDiff})
	if err != nil {
		return nil, err
	}
	reader, err := secmaster.NewReader(options)
	if err != nil {
		return nil, err
	}
	defer reader.Close()
	components, err := reader.Components(ctx)
	return pluginsOf(components), err
}

// pluginsOf are plugins as manifests are checked against them, in order of name and id.
func pluginsOf(components []secmaster.Component) []manifest.Plugin {
	var out []manifest.Plugin
	for _, c := range components {
		p := manifest.Plugin{Name: c.Name, ID: c.ID, Kind: c.Kind}
		for _, v := range c.Versions {
			p.Versions = append(p.Versions, manifest.PluginVersion{Number: v.Version, ID: v.ID, Settings: settingsOf(v.Settings)})
		}
		out = append(out, p)
	}
	slices.SortStableFunc(out, func(a, b manifest.Plugin) int { return strings.Compare(a.Name+"\x00"+a.ID, b.Name+"\x00"+b.ID) })
	return out
}

func settingsOf(settings []secmaster.ComponentSetting) []manifest.PluginSetting {
	var out []manifest.PluginSetting
	for _, s := range settings {
		out = append(out, manifest.PluginSetting{
			Key: s.Key, Name: s.Name, Description: s.Description, Type: s.Type, Default: s.Default,
			Required: s.Required, ReadOnly: s.ReadOnly, Choices: s.Choices, Settings: settingsOf(s.Settings),
		})
	}
	return out
}

func (c pluginsCmd) show(w world, p *render.Printer, all []workspacePlugins) error {
	if c.Name != "" {
		found := false
		all = slices.Clone(all) // what is saved is all of it
		for i, t := range all {
			all[i].plugins = slices.DeleteFunc(slices.Clone(t.plugins), func(x manifest.Plugin) bool { return x.Name != c.Name && x.ID != c.Name })
			found = found || len(all[i].plugins) > 0
		}
		if !found && !c.Save {
			return &refusal{"no plugin " + c.Name, []string{"connsync plugins  lists them"}}
		}
	}
	if c.Format == "json" {
		return render.JSON(w.stdout, jsonPluginsOf(all))
	}
	for _, t := range all {
		p.Out.Line("%s  %s", render.Bold(t.target.Name), view.PlaceName(diff.PlaceOf(t.target)))
		p.Plugins(t.plugins, c.Name != "")
	}
	return nil
}

// savePlugins keeps the plugins in the repository. What the other targets have stays there.
func savePlugins(p *render.Printer, src *source, project manifest.Project, all []workspacePlugins) error {
	name := project.PluginsFile()
	was, err := fs.ReadFile(src.files, name)
	if errors.Is(err, fs.ErrNotExist) {
		was, err = nil, nil
	}
	if err != nil {
		return err
	}
	catalog := manifest.Catalog{File: name}
	if was != nil {
		var wrong manifest.Mistakes
		if catalog, wrong = manifest.ReadCatalog(name, was); len(wrong) > 0 {
			return wrong
		}
	}
	now := map[string][]manifest.Plugin{}
	for _, t := range all {
		now[t.target.Name] = t.plugins
	}
	text := catalog.Saved(now).Text()
	if bytes.Equal(was, text) {
		p.Out.Line("%s is up to date", name)
		return nil
	}
	if err := src.worktree.Write(name, was, text); err != nil {
		return &fileError{"--save", name, err}
	}
	p.Out.Line("Wrote %s. Review it, commit it, and run:  connsync validate", name)
	return nil
}

// jsonPlugins is the plugins of every target, for scripts.
type jsonPlugins struct {
	Schema  int                  `json:"schema"`
	Targets []jsonTargetsPlugins `json:"targets"`
}

type jsonTargetsPlugins struct {
	Target  string       `json:"target"`
	Plugins []jsonPlugin `json:"plugins"`
}

type jsonPlugin struct {
	Name     string              `json:"name"`
	ID       string              `json:"id"`
	Kind     string              `json:"kind,omitempty"`
	Versions []jsonPluginVersion `json:"versions"`
}

type jsonPluginVersion struct {
	Version  string              `json:"version"`
	ID       string              `json:"id"`
	Settings []jsonPluginSetting `json:"settings"`
}

type jsonPluginSetting struct {
	Key         string              `json:"key"`
	Name        string              `json:"name,omitempty"`
	Description string              `json:"description,omitempty"`
	Type        string              `json:"type"`
	Secret      bool                `json:"secret"`
	Required    bool                `json:"required"`
	ReadOnly    bool                `json:"read_only"`
	Default     string              `json:"default,omitempty"`
	Choices     []string            `json:"choices,omitempty"`
	Settings    []jsonPluginSetting `json:"settings,omitempty"`
}

func jsonPluginsOf(all []workspacePlugins) jsonPlugins {
	out := jsonPlugins{Schema: render.Schema, Targets: []jsonTargetsPlugins{}}
	for _, t := range all {
		target := jsonTargetsPlugins{Target: t.target.Name, Plugins: []jsonPlugin{}}
		for _, p := range t.plugins {
			plugin := jsonPlugin{Name: p.Name, ID: p.ID, Kind: p.Kind, Versions: []jsonPluginVersion{}}
			for _, v := range p.Versions {
				plugin.Versions = append(plugin.Versions, jsonPluginVersion{v.Number, v.ID, jsonSettingsOf(v.Settings)})
			}
			target.Plugins = append(target.Plugins, plugin)
		}
		out.Targets = append(out.Targets, target)
	}
	return out
}

func jsonSettingsOf(settings []manifest.PluginSetting) []jsonPluginSetting {
	out := []jsonPluginSetting{}
	for _, s := range settings {
		j := jsonPluginSetting{
			Key: s.Key, Name: s.Name, Description: s.Description, Type: s.Type, Secret: s.Secret(), Required: s.Required, ReadOnly: s.ReadOnly,
			Default: s.Default, Choices: s.Choices,
		}
		if s.Secret() {
			j.Default = "" // it would be a secret
		}
		if s.Settings != nil {
			j.Settings = jsonSettingsOf(s.Settings)
		}
		out = append(out, j)
	}
	return out
}

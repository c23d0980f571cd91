package apply

import (
	"context"
	"slices"

	"connsync/apply/secmaster"
	"connsync/diff"
	"connsync/manifest"
	"connsync/secrets"
)

// release is a plugin at a version as a manifest names it.
type release struct{ component, version string }

// resolve gives every wanted connection its plugin's ids: from the manifest, from known state, or
// else from the components list. It asks for the list once and only if a name needs it.
func resolve(ctx context.Context, r Reader, want []manifest.Connection, ids map[release]diff.Plugin) ([]diff.Want, error) {
	var components []secmaster.Component
	if needsComponents(want, ids) {
		var err error
		if components, err = r.Components(ctx); err != nil {
			return nil, err
		}
		addComponents(ids, components)
	}
	out := make([]diff.Want, len(want))
	for i, c := range want {
		out[i] = resolveOne(c, ids, components)
	}
	return out, nil
}

// pluginsReader is a Reader whose components list was asked for already.
type pluginsReader struct {
	Reader
	ended func() error
	all   []secmaster.Component
}

// withPlugins asks for the components list where a wanted connection needs it, while the workspace is listed. Stop has to be called.
func withPlugins(ctx context.Context, r Reader, want []manifest.Connection, ids map[release]diff.Plugin) (plugins Reader, stop func()) {
	if !needsComponents(want, ids) {
		return r, func() {}
	}
	ctx, cancel := context.WithCancel(ctx)
	p := askForPlugins(ctx, r)
	return p, func() { cancel(); _ = p.ended() }
}

// askForPlugins asks for the components list in the background.
func askForPlugins(ctx context.Context, r Reader) *pluginsReader {
	p := &pluginsReader{Reader: r}
	p.ended = secrets.Begun(func() (err error) { p.all, err = r.Components(ctx); return err })
	return p
}

func (p *pluginsReader) Components(context.Context) ([]secmaster.Component, error) {
	err := p.ended()
	return p.all, err
}

func resolved(known map[string]*diff.Known) map[release]diff.Plugin {
	ids := make(map[release]diff.Plugin)
	for _, k := range known {
		if k.Plugin.Component != "" && k.Plugin.Version != "" {
			ids[release{k.Plugin.Component, k.Plugin.Version}] = k.Plugin
		}
	}
	return ids
}

func needsComponents(want []manifest.Connection, ids map[release]diff.Plugin) bool {
	for _, c := range want {
		if _, ok := ids[release{c.Component, c.Version}]; c.Component != "" && !ok {
			return true
		}
	}
	return false
}

func addComponents(ids map[release]diff.Plugin, components []secmaster.Component) {
	for _, c := range components {
		for _, v := range c.Versions {
			ids[release{c.Name, v.Version}] = diff.Plugin{
				ComponentID: c.ID, VersionID: v.ID, Component: c.Name, Version: v.Version,
			}
		}
	}
}

func resolveOne(c manifest.Connection, ids map[release]diff.Plugin, components []secmaster.Component) diff.Want {
	w := diff.Want{Connection: c}
	if c.Component == "" {
		w.Resolved = diff.Plugin{ComponentID: c.ComponentID, VersionID: c.ComponentVersionID}
		return w
	}
	p, ok := ids[release{c.Component, c.Version}]
	w.Resolved, w.Unresolved = p, !ok
	if !ok {
		w.Near = near(c.Component, components)
	}
	return w
}

// near is what a name could have meant: the plugin's versions, or the plugins where there is no such one.
func near(component string, components []secmaster.Component) []string {
	var plugins, versions []string
	for _, c := range components {
		plugins = append(plugins, c.Name)
		for _, v := range c.Versions {
			if c.Name == component {
				versions = append(versions, v.Version)
			}
		}
	}
	if versions == nil {
		versions = plugins
	}
	slices.Sort(versions)
	return versions
}

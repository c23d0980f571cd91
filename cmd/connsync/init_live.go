package main

import (
	"context"
	"slices"
	"strconv"

	"connsync/apply/secmaster"
	"connsync/cmd/connsync/render"
	"connsync/lazy"
	"connsync/manifest"
	"connsync/secrets"
)

// live asks SecMaster for what no flag says, where credentials are at hand: the workspace, the project, and what the plugins call their settings.
func (s *starting) live(ctx context.Context) error {
	find, err := s.g.find(s.w, s.target, need{})
	if err != nil {
		return err
	}
	if !secmaster.Configured(find) && s.target.WorkspaceID != "" {
		return nil // a machine's own agency is asked only where it is needed
	}
	options, err := s.g.client(ctx, s.w, s.target, need{})
	if err != nil {
		return s.without(err)
	}
	project, found, err := secmaster.Workspaces(ctx, options)
	if err != nil {
		return s.without(err)
	}
	s.target.ProjectID = project
	if s.target.WorkspaceID == "" {
		if err := s.pick(ctx, found); err != nil {
			return err
		}
	}
	plugins, err := s.g.plugins(ctx, s.w, s.target)
	if err != nil {
		return s.without(err)
	}
	s.keys = keysOf(plugins)
	return nil
}

// without goes on without SecMaster, if the workspace is known.
func (s *starting) without(err error) error {
	if s.target.WorkspaceID == "" {
		message, hints := explain(err)
		return &refusal{"which workspace? It is not given, and cannot be looked up: " + message, append(hints, s.giveIt())}
	}
	notes(s.p, []error{&unseen{"SecMaster was not asked", err}})
	return nil
}

// pick takes the only workspace, or the one named by a person.
func (s *starting) pick(ctx context.Context, found []secmaster.Workspace) error {
	if len(found) == 1 {
		s.target.WorkspaceID = found[0].ID
		s.p.Out.Line("  the workspace is %s  %s", found[0].ID, render.Dim(found[0].Name))
		return nil
	}
	for i, f := range found {
		s.p.Out.Line("  %d  %s  %s", i+1, f.ID, render.Dim(f.Name))
	}
	typed := s.ask(ctx, "Which workspace, by its number:")
	if n, err := strconv.Atoi(typed); err == nil && n > 0 && n <= len(found) {
		s.target.WorkspaceID = found[n-1].ID
		return nil
	}
	if i := slices.IndexFunc(found, func(f secmaster.Workspace) bool { return f.ID == typed }); i >= 0 {
		s.target.WorkspaceID = typed
		return nil
	}
	return &refusal{"which workspace? " + s.target.Region + " shows " + strconv.Itoa(len(found)), []string{s.giveIt()}}
}

// giveIt is how a workspace is named.
func (s *starting) giveIt() string {
	return "name it:  connsync init --region " + manifest.ShellWord(s.target.Region) + " --workspace ID"
}

// plainKey is a key meaning itself in a regular expression, and in YAML.
var plainKey = lazy.New(`^[A-Za-z][A-Za-z0-9_]{0,63}$`)

// keysOf are the keys of all single values of plugins, but for keys of secrets in any of them, in order.
func keysOf(plugins []manifest.Plugin) []string {
	single, other := map[string]bool{}, map[string]bool{}
	for _, p := range plugins {
		for _, v := range p.Versions {
			gatherKeys(v.Settings, single, other)
		}
	}
	var out []string
	for key := range single {
		if !other[key] {
			out = append(out, key)
		}
	}
	slices.Sort(out)
	return out
}

func gatherKeys(settings []manifest.PluginSetting, single, other map[string]bool) {
	for _, s := range settings {
		if s.Single() && harmlessKey(s.Key) {
			single[s.Key] = true
		} else {
			other[s.Key] = true
		}
		gatherKeys(s.Settings, single, other)
	}
}

// harmlessKey tells whether a key may stand in the list of what stays in the clear.
func harmlessKey(key string) bool {
	at := secrets.Path("config").Key(key)
	return plainKey.MatchString(key) && !(manifest.Setting{Path: at, Value: "Some1"}).Suspicious()
}

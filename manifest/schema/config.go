package schema

import (
	"strings"

	"connsync/manifest"
	"connsync/manifest/plugins"
)

// configOf is what a plugin's version takes as config.
func configOf(plugin string, v manifest.PluginVersion) Object {
	out := mapping(v.Settings)
	out["description"] = "The settings of " + plugin
	out["properties"].(Object)[plugins.ConnectionType] = described("How the plugin signs in, as the console names it.", Object{"type": "string"})
	var groups []any
	for _, g := range v.OneOf {
		var one []any
		for _, key := range g {
			one = append(one, Object{"required": []string{key}})
		}
		groups = append(groups, Object{"anyOf": one})
	}
	if groups != nil {
		out["allOf"] = groups
	}
	return out
}

func mapping(settings []manifest.PluginSetting) Object {
	properties, required := Object{}, []string{}
	for _, s := range settings {
		properties[s.Key] = setting(s)
		if s.Required && !s.ReadOnly && s.Default == "" {
			required = append(required, s.Key)
		}
	}
	return closed(properties, required...)
}

// encrypted is a value written by sops, left empty, or still missing: of those no more can be told here.
var encrypted = Object{"type": []string{"string", "null"}, "pattern": `^(ENC\[.*\])?$`}

// setting is one setting. Numbers and booleans may be texts, as connsync validate has it.
func setting(s manifest.PluginSetting) Object {
	out := Object{"description": words(s)}
	if s.Default != "" && !s.Secret() {
		out["default"] = s.Default
	}
	switch shape := s.Shape(); {
	case len(s.Settings) > 0:
		inner := mapping(s.Settings)
		inner["description"] = out["description"]
		return inner
	case shape == plugins.Text || shape == plugins.Password:
		out["type"] = []string{"string", "null"}
	case shape == plugins.Number:
		out["anyOf"] = []any{Object{"type": "number"}, Object{"type": "string", "pattern": `^\s*[-+]?[0-9.]+([eE][-+]?[0-9]+)?\s*$`}, encrypted}
	case shape == plugins.Boolean:
		out["anyOf"] = []any{Object{"type": "boolean"}, Object{"type": "string", "pattern": "^([tT][rR][uU][eE]|[fF][aA][lL][sS][eE])$"}, encrypted}
	case shape == plugins.Choice && len(s.Choices) > 0:
		out["anyOf"] = []any{Object{"enum": s.Choices}, Object{"type": []string{"number", "boolean"}}, encrypted}
	case shape == plugins.List:
		out["type"] = []string{"array", "string", "null"}
	}
	return out
}

func words(s manifest.PluginSetting) string {
	parts := []string{}
	for _, p := range []string{s.Name, s.Description} {
		if p != "" && p != s.Key {
			parts = append(parts, p)
		}
	}
	for _, p := range []struct {
		holds bool
		text  string
	}{{s.Secret(), "A secret: encrypt it."}, {s.ReadOnly, "Read-only: SecMaster sets it."}, {s.Required, "Required."}} {
		if p.holds {
			parts = append(parts, p.text)
		}
	}
	return strings.Join(parts, " ")
}

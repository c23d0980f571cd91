package secmaster

import (
	"context"
	"encoding/json"
	"strings"
)

// Components are the plugins of the workspace with their versions, completely.
func (r *Reader) Components(ctx context.Context) ([]Component, error) {
	l := lister[wireComponent]{
		r: r, op: "list components", parts: []string{"components"}, names: []string{"data"},
		id: func(w wireComponent) string { return string(w.ID) },
	}
	items, err := l.all(ctx)
	if err != nil {
		return nil, err
	}
	out := make([]Component, len(items))
	for i, w := range items {
		out[i] = w.component()
	}
	return out, nil
}

// wireComponent is ComponentInfo, in its new and its old spelling (C4). Logos and histories are not read.
type wireComponent struct {
	ID          lenient       `json:"id"`
	Name        lenient       `json:"name"`
	Kind        lenient       `json:"component_type"`
	Versions    []wireVersion `json:"versions"`
	OldVersions []wireVersion `json:"component_versions"`
}

type wireVersion struct {
	ID      lenient         `json:"id"`
	Version lenient         `json:"version_num"`
	Schema  json.RawMessage `json:"connection_config"`
}

// wireSetting is a line of a connection schema (docs/api.md, C4). What may be chosen from, and what a mapping holds, is not documented:
// the usual members of schemas of forms are read.
type wireSetting struct {
	Key         lenient         `json:"key"`
	Name        lenient         `json:"name"`
	Description lenient         `json:"description"`
	Type        lenient         `json:"type"`
	Default     lenient         `json:"default_value"`
	Required    flag            `json:"required"`
	ReadOnly    flag            `json:"readonly"`
	Value       json.RawMessage `json:"value"`
	Options     json.RawMessage `json:"options"`
	Enum        json.RawMessage `json:"enum"`
	Children    json.RawMessage `json:"children"`
	Properties  json.RawMessage `json:"properties"`
}

func (w wireComponent) component() Component {
	c := Component{ID: string(w.ID), Name: string(w.Name), Kind: string(w.Kind)}
	for _, v := range append(w.Versions, w.OldVersions...) {
		c.Versions = append(c.Versions, ComponentVersion{ID: string(v.ID), Version: string(v.Version), Settings: v.settings()})
	}
	return c
}

// settings reads a connection schema: an array, or an array in a string, or nothing of use.
func (v wireVersion) settings() []ComponentSetting { return settingsOf(v.Schema, maxSchemaDepth) }

// maxSchemaDepth is how deep mappings in mappings are read.
const maxSchemaDepth = 8

func settingsOf(raw json.RawMessage, depth int) []ComponentSetting {
	var items []wireSetting
	if depth == 0 || json.Unmarshal(unquoted(raw), &items) != nil {
		return nil
	}
	var out []ComponentSetting
	for _, s := range items {
		out = append(out, ComponentSetting{
			Key: string(s.Key), Name: string(s.Name), Description: string(s.Description), Type: string(s.Type), Default: string(s.Default),
			Required: s.Required.is(), ReadOnly: s.ReadOnly.is(), Choices: choicesOf(s.Options, s.Enum, s.Value),
			Settings: append(settingsOf(s.Children, depth-1), settingsOf(s.Properties, depth-1)...),
		})
	}
	return out
}

// unquoted is JSON that may stand in a JSON string.
func unquoted(raw json.RawMessage) json.RawMessage {
	var text string
	if json.Unmarshal(raw, &text) == nil {
		return json.RawMessage(strings.TrimSpace(text))
	}
	return raw
}

// choicesOf are the values of the first list among some members: texts, or objects with a text as value.
func choicesOf(members ...json.RawMessage) []string {
	for _, raw := range members {
		var texts []lenient
		if json.Unmarshal(unquoted(raw), &texts) != nil || len(texts) == 0 {
			continue
		}
		var objects []struct {
			Value lenient `json:"value"`
		}
		_ = json.Unmarshal(unquoted(raw), &objects) // where they are texts, they are read already
		var out []string
		for i, t := range texts {
			if t == "" && i < len(objects) {
				t = objects[i].Value
			}
			if t != "" {
				out = append(out, string(t))
			}
		}
		return out
	}
	return nil
}

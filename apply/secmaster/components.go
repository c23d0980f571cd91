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
	Versions    []wireVersion `json:"versions"`
	OldVersions []wireVersion `json:"component_versions"`
}

type wireVersion struct {
	ID      lenient         `json:"id"`
	Version lenient         `json:"version_num"`
	Schema  json.RawMessage `json:"connection_config"`
}

type wireSetting struct {
	Key      lenient `json:"key"`
	Type     lenient `json:"type"`
	Required flag    `json:"required"`
}

func (w wireComponent) component() Component {
	c := Component{ID: string(w.ID), Name: string(w.Name)}
	for _, v := range append(w.Versions, w.OldVersions...) {
		c.Versions = append(c.Versions, ComponentVersion{ID: string(v.ID), Version: string(v.Version), Settings: v.settings()})
	}
	return c
}

// settings reads a connection schema: an array, or an array in a string, or nothing that helps.
func (v wireVersion) settings() []ComponentSetting {
	raw := v.Schema
	var quoted string
	if json.Unmarshal(raw, &quoted) == nil {
		raw = json.RawMessage(strings.TrimSpace(quoted))
	}
	var items []wireSetting
	if json.Unmarshal(raw, &items) != nil {
		return nil
	}
	var out []ComponentSetting
	for _, s := range items {
		out = append(out, ComponentSetting{Key: string(s.Key), Type: string(s.Type), Required: s.Required.value != nil && *s.Required.value})
	}
	return out
}

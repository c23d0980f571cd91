// Package draft writes manifests: one connection as YAML that package manifest reads as it was meant, whatever its texts hold.
package draft

import (
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"strings"

	"connsync/manifest/strict"
)

// Connection is what a manifest is written of. In its Config nil is a hole.
type Connection struct {
	Target, Name, Description string
	Component, Version        string // by names …
	ComponentID, VersionID    string // … or by ids
	Adopt                     string
	Protect                   bool
	Config                    map[string]any // nested: map[string]any, []any, string, bool, json.Number or nil; nil where nothing of it is known
}

// Incomplete tells whether a setting has no value.
func (c Connection) Incomplete() bool { return c.Config == nil || holes(c.Config) }

func holes(v any) bool {
	switch v := v.(type) {
	case nil:
		return true
	case map[string]any:
		return slices.ContainsFunc(slices.Collect(maps.Values(v)), holes)
	case []any:
		return slices.ContainsFunc(v, holes)
	}
	return false
}

// Text is the manifest: the same text for the same connection.
func (c Connection) Text() []byte {
	w := &writer{}
	w.line(0, "connections:")
	w.line(1, strict.Text(c.Target)+":")
	w.line(2, strict.Text(c.Name)+":")
	w.field("description", c.Description)
	w.field("component", c.Component)
	w.field("version", c.Version)
	w.field("component_id", c.ComponentID)
	w.field("component_version_id", c.VersionID)
	w.field("adopt", c.Adopt)
	if c.Protect {
		w.line(3, "protect: true")
	}
	if c.Incomplete() {
		w.line(3, "incomplete: true")
	}
	if c.Config == nil {
		w.line(3, "config: null")
	} else {
		w.value(3, "config:", c.Config)
	}
	return []byte(w.String())
}

type writer struct{ strings.Builder }

func (w *writer) line(depth int, text string) {
	w.WriteString(strings.Repeat("  ", depth) + text + "\n")
}

func (w *writer) field(key, value string) {
	if value != "" {
		w.line(3, key+": "+strict.Text(value))
	}
}

// value writes a value behind what leads to it: a key with its colon, or the dash of an item.
func (w *writer) value(depth int, lead string, v any) {
	switch v := v.(type) {
	case map[string]any:
		if len(v) == 0 {
			w.line(depth, lead+" {}")
			return
		}
		w.line(depth, lead)
		for _, key := range slices.Sorted(maps.Keys(v)) {
			w.value(depth+1, strict.Text(key)+":", v[key])
		}
	case []any:
		if len(v) == 0 {
			w.line(depth, lead+" []")
			return
		}
		w.line(depth, lead)
		for _, item := range v {
			w.value(depth+1, "-", item)
		}
	default:
		w.line(depth, lead+" "+scalar(v))
	}
}

func scalar(v any) string {
	switch v := v.(type) {
	case string:
		return strict.Text(v)
	case bool:
		return strconv.FormatBool(v)
	case json.Number:
		return v.String()
	}
	return "null"
}

package emulator

import (
	"crypto/sha256"
	"fmt"
)

// Plugin is a component of the workspace.
type Plugin struct {
	Name     string    `json:"name"`
	Type     string    `json:"type"` // system, custom or subscribe
	Versions []Version `json:"versions"`
}

// Version is a version of a plugin.
type Version struct {
	Number   string    `json:"number"`
	Settings []Setting `json:"settings"`
}

// Setting is a line of a version's connection schema.
type Setting struct {
	Key         string    `json:"key"`
	Type        string    `json:"type"` // input, password, …
	Required    bool      `json:"required"`
	ReadOnly    bool      `json:"readonly"`
	Default     string    `json:"default_value"`
	Description string    `json:"description"`
	Options     []string  `json:"options"`
	Children    []Setting `json:"children"` // of a mapping
}

// DefaultPlugins are made up: no vendor's schema is published.
func DefaultPlugins() []Plugin {
	endpoint, password := text("endpoint", true), secret("password", true)
	return []Plugin{
		{"EdrVendor", "system", []Version{{"2.1", []Setting{endpoint, text("user", true), password}}, {"2.0", []Setting{endpoint, password}}}},
		{"HssFirewall", "system", []Version{{"2.1", []Setting{endpoint, password, secret("token", false)}}}},
		{"KafkaBus", "subscribe", []Version{{"1.0", []Setting{text("kafkaAddr", true), text("userName", true), password}}}},
		{"MailGateway", "custom", []Version{{"3.0", []Setting{text("smtpHost", true), password}}}},
	}
}

func text(key string, required bool) Setting {
	return Setting{Key: key, Type: "input", Required: required}
}

func secret(key string, required bool) Setting {
	return Setting{Key: key, Type: "password", Required: required}
}

// ID is the plugin's id: the same in every Server.
func (p Plugin) ID() string { return idOf("plugin", p.Name) }

// ID is the id of a plugin's version: the same in every Server.
func (v Version) ID(p Plugin) string { return idOf("version", p.Name+" "+v.Number) }

// idOf is an id in the form of a UUID, made of names.
func idOf(kind, name string) string {
	b := sha256.Sum256([]byte(kind + "\x00" + name))
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:16])
}

// Plugin gives the ids of a plugin at a version; empty where the workspace does not have it.
func (s *Server) Plugin(name, version string) (componentID, versionID string) {
	for _, p := range s.options.Plugins {
		for _, v := range p.Versions {
			if p.Name == name && v.Number == version {
				return p.ID(), v.ID(p)
			}
		}
	}
	return "", ""
}

// pluginOf finds a plugin by ids; false where they do not belong together.
func (s *Server) pluginOf(componentID, versionID string) (Plugin, bool) {
	for _, p := range s.options.Plugins {
		for _, v := range p.Versions {
			if p.ID() == componentID && v.ID(p) == versionID {
				return p, true
			}
		}
	}
	return Plugin{}, false
}

package manifest

import (
	"regexp"
	"strings"
	"unicode/utf8"

	"gopkg.in/yaml.v3"

	"connsync/secrets"
)

const (
	maxDescription = 64 // characters, as the console has it
	nameRule       = "letters, digits and _, at most 64"
)

var (
	validName = regexp.MustCompile(`^[A-Za-z0-9_]{1,64}$`)
	validID   = regexp.MustCompile(`^[A-Za-z0-9-]{1,64}$`)
)

var connectionFields = []string{
	"description", "component", "version", "component_id", "component_version_id",
	"config", "previously", "adopt", "protect", "cleartext",
}

// connections reads the manifest proper of one file.
func (d *document) connections(p Project, f File) []Connection {
	var out []Connection
	for _, e := range entries(d.root) {
		switch e.key.Value {
		case "sops":
		case "connections":
			if d.mapping(e.value, "connections") {
				out = d.targets(e.value, p, f)
			}
		default:
			d.unknown(e.key, "field", "connections", "sops")
		}
	}
	if child(d.root, "connections") == nil {
		d.wrong(d.root, false, []string{"a manifest begins with  connections: {TARGET: {NAME: …}}"}, "no connections")
	}
	return out
}

func (d *document) targets(n *yaml.Node, p Project, f File) []Connection {
	var out []Connection
	known := make([]string, 0, len(p.Targets))
	for name := range p.Targets {
		known = append(known, name)
	}
	for _, e := range entries(n) {
		if _, ok := p.Targets[e.key.Value]; !ok {
			hints := []string{"add it under targets in " + p.File}
			if near := nearest(e.key.Value, known); near != "" {
				hints = []string{"did you mean " + near}
			}
			d.wrong(e.key, true, hints, "no target %s in %s", e.key.Value, p.File)
			continue
		}
		if !d.mapping(e.value, "target "+e.key.Value) {
			continue
		}
		for _, c := range entries(e.value) {
			if d.mapping(c.value, "connection "+c.key.Value) {
				out = append(out, d.connection(e.key.Value, c, f))
			}
		}
	}
	return out
}

func (d *document) connection(target string, e entry, f File) Connection {
	c := Connection{Target: target, Name: e.key.Value, File: f, Pos: d.at(e.key), fields: map[secrets.Path]Position{}}
	if !validName.MatchString(c.Name) {
		d.wrong(e.key, true, []string{"a name is made of " + nameRule}, "not a valid name")
	}
	for _, field := range entries(e.value) {
		c.fields[secrets.Path(field.key.Value)] = d.at(field.value)
		d.field(&c, e.value, field)
	}
	d.plugin(&c, e)
	if child(e.value, "config") == nil {
		d.wrong(e.key, true, []string{"config: {} is a config without settings"}, "connection %s has no config", c.Name)
	}
	return c
}

// field reads one field of a connection.
func (d *document) field(c *Connection, parent *yaml.Node, e entry) {
	switch key := e.key.Value; key {
	case "description":
		c.Description = d.description(e.value)
	case "component":
		c.Component = d.plain(e.value, key)
	case "version":
		c.Version = d.plain(e.value, key)
	case "component_id":
		c.ComponentID = d.id(e.value, key)
	case "component_version_id":
		c.ComponentVersionID = d.id(e.value, key)
	case "adopt":
		c.Adopt = d.id(e.value, key)
	case "previously":
		c.Previously = d.previously(e.value, c.Name)
	case "protect":
		c.Protect = d.boolean(e.value, key)
	case "config":
		d.config(c, e.value, child(parent, "cleartext"))
	case "cleartext":
		if child(parent, "config") == nil {
			d.wrong(e.key, true, nil, "cleartext without a config")
		}
	default:
		d.unknown(e.key, "field", connectionFields...)
	}
}

func (d *document) description(n *yaml.Node) string {
	s, ok := d.str(n, "description")
	switch {
	case !ok:
	case strings.Contains(s, "\n"):
		d.wrong(n, false, nil, "a description is one line")
	case utf8.RuneCountInString(s) > maxDescription:
		d.wrong(n, false, nil, "a description of %d characters: at most %d", utf8.RuneCountInString(s), maxDescription)
	case shaped(s) != "" || random(s):
		d.wrong(n, false, []string{"descriptions are never encrypted: remove it, and rotate the secret if it was pushed"}, "the description looks like a secret in the clear")
	}
	return s
}

// plain is a name of something in SecMaster.
func (d *document) plain(n *yaml.Node, field string) string {
	s, ok := d.str(n, field)
	if ok && (s == "" || utf8.RuneCountInString(s) > 128 || strings.Contains(s, "\n")) {
		d.wrong(n, false, nil, "%s must be one line of 1 to 128 characters", field)
	}
	return s
}

func (d *document) id(n *yaml.Node, field string) string {
	s, ok := d.str(n, field)
	if ok && !validID.MatchString(s) {
		d.wrong(n, false, []string{"an id is made of letters, digits and -, at most 64"}, "%s is not an id", field)
	}
	return s
}

func (d *document) previously(n *yaml.Node, name string) string {
	s, ok := d.str(n, "previously")
	switch {
	case !ok:
	case !validName.MatchString(s):
		d.wrong(n, true, []string{"a name is made of " + nameRule}, "previously is not a valid name")
	case s == name:
		d.wrong(n, true, []string{"remove it"}, "previously names the connection itself")
	}
	return s
}

func (d *document) boolean(n *yaml.Node, field string) bool {
	if n.Kind != yaml.ScalarNode || n.Tag != "!!bool" {
		d.wrong(n, true, nil, "%s must be true or false", field)
	}
	return strings.EqualFold(n.Value, "true")
}

// plugin checks that the plugin is named in exactly one of the two ways.
func (d *document) plugin(c *Connection, e entry) {
	has := func(field string) bool { return child(e.value, field) != nil }
	byName, byID := has("component") || has("version"), has("component_id") || has("component_version_id")
	const both = "name the plugin by component and version, or by component_id and component_version_id"
	switch {
	case byName && byID:
		d.wrong(e.key, true, []string{both}, "connection %s names its plugin twice", c.Name)
	case !byName && !byID:
		d.wrong(e.key, true, []string{both}, "connection %s names no plugin", c.Name)
	case byName && !has("version"):
		d.wrong(e.key, true, []string{both}, "connection %s names no version of its plugin", c.Name)
	case byName && !has("component"), byID && !(has("component_id") && has("component_version_id")):
		d.wrong(e.key, true, []string{both}, "connection %s names only half of its plugin", c.Name)
	}
}

// config reads the settings, with the reviewed exceptions beside them.
func (d *document) config(c *Connection, n, cleartext *yaml.Node) {
	if !d.mapping(n, "config") {
		return
	}
	r := configReader{d: d, c: c, encrypted: c.File.Sops != nil, clear: map[secrets.Path]*yaml.Node{}}
	if cleartext != nil {
		r.exceptions(cleartext)
	}
	root := secrets.Path("connections").Key(c.Target).Key(c.Name).Key("config")
	c.Config, _ = r.value(n, "config", root, "").(map[string]any)
	for at, where := range r.clear {
		d.wrong(where, true, []string{"remove the exception"}, "%s is not in the config, is encrypted, or does not look like a secret", at)
	}
}

// exceptions reads cleartext: the settings that look like secrets and are none, each with a reason.
func (r *configReader) exceptions(n *yaml.Node) {
	if n.Kind != yaml.SequenceNode {
		r.d.wrong(n, false, []string{"cleartext: [{setting: config.…, reason: …}]"}, "cleartext must be a list")
		return
	}
	for _, item := range n.Content {
		if !r.d.mapping(item, "an exception") {
			continue
		}
		for _, e := range entries(item) {
			if e.key.Value != "setting" && e.key.Value != "reason" {
				r.d.unknown(e.key, "field", "setting", "reason")
			}
		}
		setting, reason := child(item, "setting"), child(item, "reason")
		if setting == nil || reason == nil || strings.TrimSpace(reason.Value) == "" || setting.Kind != yaml.ScalarNode {
			r.d.wrong(item, false, []string{"each exception needs  setting  and  reason"}, "an exception without setting or reason")
			continue
		}
		r.clear[secrets.Path(setting.Value)] = setting
	}
}

package manifest

import (
	"strings"
	"unicode/utf8"

	"connsync/lazy"
	"connsync/manifest/strict"
	"connsync/manifest/suspect"

	"connsync/secrets"
	"connsync/secrets/seal"
)

const (
	maxDescription  = 64   // characters, as the console has it
	mostDescription = 1024 // … and as the API has it, for what is there already
)

var validID = lazy.New(`^[A-Za-z0-9-]{1,64}$`)

// ConnectionFields are the fields of a connection.
var ConnectionFields = []string{
	"description", "component", "version", "component_id", "component_version_id",
	"config", "previously", "adopt", "protect", "cleartext", "exposed", "incomplete", seal.Key,
}

// connections reads the manifest proper of one file.
func (d *document) connections(p Project, f File) []Connection {
	d.tolerant = p.Secrets.RuleWarn
	var out []Connection
	for _, e := range strict.Entries(d.Root) {
		switch e.Key.Value {
		case "sops":
		case "connections":
			if !d.Mapping(e.Value, "connections") {
				d.vague = true
				continue
			}
			out = d.targets(e.Value, p, f)
		default:
			d.vague = true
			d.Unknown(e.Key, "field", "connections", "sops")
		}
	}
	if strict.Child(d.Root, "connections") == nil {
		d.Wrong(d.Root, "no connections").Hint("a manifest begins with  connections: {TARGET: {NAME: …}}")
	}
	return out
}

func (d *document) targets(n *strict.Node, p Project, f File) []Connection {
	var out []Connection
	known := make([]string, 0, len(p.Targets))
	for name := range p.Targets {
		known = append(known, name)
	}
	for _, e := range strict.Entries(n) {
		d.named = append(d.named, e.Key.Value)
		if _, ok := p.Targets[e.Key.Value]; !ok {
			hints := []string{"add it under targets in " + p.File}
			if near := d.Nearest(e.Key.Value, known); near != "" {
				hints = []string{"did you mean " + near}
			}
			d.WrongName(e.Key, "no target %s in %s", e.Key.Value, p.File).Hint(hints...)
			continue
		}
		if !d.Mapping(e.Value, "target "+e.Key.Value) {
			continue
		}
		for _, c := range strict.Entries(e.Value) {
			if d.Mapping(c.Value, "connection "+c.Key.Value) {
				out = append(out, d.connection(e.Key.Value, c, f))
			}
		}
	}
	return out
}

func (d *document) connection(target string, e strict.Entry, f File) Connection {
	c := Connection{Target: target, Name: e.Key.Value, Tolerated: d.tolerant, File: f, Pos: d.At(e.Key), fields: map[secrets.Path]Position{}}
	d.checkName(e)
	incomplete := strict.Child(e.Value, "incomplete")
	if incomplete != nil {
		c.Incomplete = d.boolean(incomplete, "incomplete")
	}
	for _, field := range strict.Entries(e.Value) {
		c.fields[secrets.Path(field.Key.Value)] = d.At(field.Value)
		d.field(&c, e.Value, field)
	}
	if c.Incomplete && len(c.Missing) == 0 {
		d.WrongName(incomplete, "every setting of %s has a value", strict.SaidName(c.Name)).Hint("remove the line  incomplete: true")
	}
	d.checkExposed(&c, strict.Child(e.Value, "exposed"))
	d.plugin(&c, e)
	if strict.Child(e.Value, "config") == nil {
		d.WrongName(e.Key, "connection %s has no config", strict.SaidName(c.Name)).Hint("config: {} is a config without settings")
	}
	return c
}

// checkName judges the name of a connection: what SecMaster shows, where the connection is taken over, and else what the console takes. Another
// one is for SecMaster to decide.
func (d *document) checkName(e strict.Entry) {
	adopted := strict.Child(e.Value, "adopt") != nil
	switch name := e.Key.Value; {
	case usualName.MatchString(name), adopted && MayAdopt(name):
	case MayCreate(name):
		d.WrongName(e.Key, "the console makes names of %s only: SecMaster may refuse this one", nameRule).
			Hint("rename it, unless SecMaster is known to take such names", "a connection that has this name is taken over with the line  adopt: ID").Warn()
	default:
		d.WrongName(e.Key, "not a valid name").Hint("a name is made of "+nameRule, "a connection that has such a name is taken over with the line  adopt: ID")
	}
}

// field reads one field of a connection.
func (d *document) field(c *Connection, parent *strict.Node, e strict.Entry) {
	switch key := e.Key.Value; key {
	case "description":
		c.Description = d.description(e.Value, strict.Child(parent, "adopt") != nil)
	case "component":
		c.Component = d.plain(e.Value, key)
	case "version":
		c.Version = d.plain(e.Value, key)
	case "component_id":
		c.ComponentID = d.id(e.Value, key)
	case "component_version_id":
		c.ComponentVersionID = d.id(e.Value, key)
	case "adopt":
		c.Adopt = d.id(e.Value, key)
	case "previously":
		c.Previously = d.previously(e.Value, c.Name)
	case "protect":
		c.Protect = d.boolean(e.Value, key)
	case "config":
		d.config(c, e.Value, strict.Child(parent, "cleartext"))
	case "exposed":
		d.exposures(c, e.Value)
	case seal.Key:
		d.seal(c, e.Value)
	case "incomplete": // read before the config
	case "cleartext":
		if strict.Child(parent, "config") == nil {
			d.WrongName(e.Key, "cleartext without a config")
		}
	default:
		d.Unknown(e.Key, "field", ConnectionFields...)
	}
}

// description is one line. What is there already may be longer than what the console takes.
func (d *document) description(n *strict.Node, adopted bool) string {
	s, ok := d.str(n, "description")
	switch {
	case !ok:
	case strings.Contains(s, "\n"):
		d.Wrong(n, "a description is one line")
	case utf8.RuneCountInString(s) > maxDescription && !(adopted && utf8.RuneCountInString(s) <= mostDescription):
		d.Wrong(n, "a description of %d characters: at most %d", utf8.RuneCountInString(s), maxDescription)
	case suspect.Shape(s) != "" || suspect.Random(s):
		d.Wrong(n, "the description looks like a secret in the clear").Hint("descriptions are never encrypted: remove it, and rotate the secret if it was pushed")
	case utf8.RuneCountInString(s) > maxDescription:
		d.Wrong(n, "a description of %d characters: the console takes at most %d, and SecMaster may refuse it", utf8.RuneCountInString(s), maxDescription).
			Hint("shorten it, unless SecMaster has it so").Warn()
	}
	return s
}

// plain is a name of something in SecMaster.
func (d *document) plain(n *strict.Node, field string) string {
	s, ok := d.str(n, field)
	if ok && (s == "" || utf8.RuneCountInString(s) > 128 || strings.Contains(s, "\n")) {
		d.Wrong(n, "%s must be one line of 1 to 128 characters", field)
	}
	return s
}

func (d *document) id(n *strict.Node, field string) string {
	s, ok := d.str(n, field)
	if ok && !validID.MatchString(s) {
		d.Wrong(n, "%s is not an id", field).Hint("an id is made of letters, digits and -, at most 64")
	}
	return s
}

func (d *document) previously(n *strict.Node, name string) string {
	s, ok := d.str(n, "previously")
	switch {
	case !ok:
	case !MayAdopt(s):
		d.WrongName(n, "previously is not a valid name").Hint("a name is made of " + nameRule)
	case s == name:
		d.WrongName(n, "previously names the connection itself").Hint("remove it")
	}
	return s
}

func (d *document) boolean(n *strict.Node, field string) bool {
	if n.Kind != strict.Scalar || n.Tag != "!!bool" {
		d.WrongName(n, "%s must be true or false", field)
	}
	return strings.EqualFold(n.Value, "true")
}

// plugin checks that the plugin is named in exactly one of the two ways.
func (d *document) plugin(c *Connection, e strict.Entry) {
	has := func(field string) bool { return strict.Child(e.Value, field) != nil }
	byName, byID := has("component") || has("version"), has("component_id") || has("component_version_id")
	const both = "name the plugin by component and version, or by component_id and component_version_id"
	switch {
	case byName && byID:
		d.WrongName(e.Key, "connection %s names its plugin by name and by id", strict.SaidName(c.Name)).Hint(both)
	case !byName && !byID:
		d.WrongName(e.Key, "connection %s names no plugin", strict.SaidName(c.Name)).Hint(both)
	case byName && !has("version"):
		d.WrongName(e.Key, "connection %s: version is missing", strict.SaidName(c.Name)).Hint(both)
	case byName && !has("component"):
		d.WrongName(e.Key, "connection %s: component is missing", strict.SaidName(c.Name)).Hint(both)
	case byID && !has("component_id"):
		d.WrongName(e.Key, "connection %s: component_id is missing", strict.SaidName(c.Name)).Hint(both)
	case byID && !has("component_version_id"):
		d.WrongName(e.Key, "connection %s: component_version_id is missing", strict.SaidName(c.Name)).Hint(both)
	}
}

// config reads the settings, with the reviewed exceptions beside them.
func (d *document) config(c *Connection, n, cleartext *strict.Node) {
	r := configReader{d: d, c: c, encrypted: c.File.Sops != nil, holes: c.Incomplete, clear: map[secrets.Path]*strict.Node{}}
	if c.Incomplete && isNull(n) {
		r.hole(n, "config")
		return
	}
	if !d.Mapping(n, "config") {
		return
	}
	if cleartext != nil {
		r.exceptions(cleartext)
	}
	root := secrets.Path("connections").Key(c.Target).Key(c.Name).Key("config")
	c.Config, _ = r.value(n, "config", root, nil).(map[string]any)
	if jsonLength(c.Config) > mostConfig {
		d.Wrong(n, "the config of %s is longer than %d characters, and SecMaster documents no more: it may refuse it", strict.SaidName(c.Name), mostConfig).
			Hint("shorten it, unless SecMaster is known to take it").Warn()
	}
	for at, where := range r.clear {
		d.WrongName(where, "%s is not in the config, is encrypted, or does not look like a secret", at).Hint("remove the exception")
	}
}

// Exception is one entry of cleartext: the path cleartext["config.…"] and the reason.
type Exception struct {
	Path   secrets.Path
	Reason string
}

// exceptions reads cleartext: the settings that look like secrets and are none, each with a reason.
func (r *configReader) exceptions(n *strict.Node) {
	if n.Kind != strict.Sequence {
		r.d.Wrong(n, "cleartext must be a list").Hint("cleartext: [{setting: config.…, reason: …}]")
		return
	}
	for _, item := range n.Content {
		if !r.d.Mapping(item, "an exception") {
			continue
		}
		for _, e := range strict.Entries(item) {
			if e.Key.Value != "setting" && e.Key.Value != "reason" {
				r.d.Unknown(e.Key, "field", "setting", "reason")
			}
		}
		setting, reason := strict.Child(item, "setting"), strict.Child(item, "reason")
		if setting == nil || reason == nil || strings.TrimSpace(reason.Value) == "" || setting.Kind != strict.Scalar {
			r.d.Wrong(item, "an exception without setting or reason").Hint("each exception needs  setting  and  reason")
			continue
		}
		r.clear[secrets.Path(setting.Value)] = setting
		at := secrets.Path("cleartext").Key(setting.Value)
		r.c.Exceptions = append(r.c.Exceptions, Exception{at, reason.Value})
		r.c.fields[at] = r.d.At(setting)
	}
}

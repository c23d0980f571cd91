// Package secmaster talks to one workspace of Huawei Cloud SecMaster: it signs, pages,
// decodes and retries. What it accepts and why is in docs/api.md.
package secmaster

import (
	"strings"
	"unique"

	"connsync/secrets"
)

// Connection is an operation connection as the API shows it (AssetInfo, Table 5 of
// "Creating an Operation Connection"). Times are opaque strings of undocumented format.
// Absent, null and empty are the same.
type Connection struct {
	ID, ProjectID, WorkspaceID string
	Name, Description          string
	ComponentID, ComponentName string
	ComponentVersionID         string
	Type                       string
	Status                     string        // SUCCESS, FAILED, or anything else
	Config                     secrets.Value // a string: JSON text that may hold secrets; zero where none was shown
	Enabled                    *bool
	CreateTime, UpdateTime     string
	CreatorName, ModifierName  string
	DefenseType                string // not empty: a connection of an emergency policy
	CanBeDeleted               *bool  // nil: not said
}

// apart is the connection with copies of its texts: one of all that are its own, and one for all connections of what many have.
func (c Connection) apart() Connection {
	config, _ := c.Config.Expose().(string)
	own := [...]*string{&c.ID, &c.Name, &c.Description, &c.CreateTime, &c.UpdateTime, &config}
	size := 0
	for _, text := range own {
		size += len(*text)
	}
	var all strings.Builder
	all.Grow(size)
	for _, text := range own {
		all.WriteString(*text)
	}
	rest := all.String()
	for _, text := range own {
		*text, rest = rest[:len(*text)], rest[len(*text):]
	}
	if config != "" {
		c.Config = secrets.Hide(config)
	}
	for _, text := range [...]*string{
		&c.ProjectID, &c.WorkspaceID, &c.ComponentID, &c.ComponentName, &c.ComponentVersionID, &c.Type, &c.Status, &c.CreatorName, &c.ModifierName, &c.DefenseType,
	} {
		*text = unique.Make(*text).Value()
	}
	return c
}

// Failed tells that the status is FAILED, in any case. What it means is not documented.
func (c Connection) Failed() bool { return strings.EqualFold(strings.TrimSpace(c.Status), "FAILED") }

// Body is what create and update send (Table 3); an update replaces all of it.
type Body struct {
	Name, Description  string
	ComponentID        string
	ComponentVersionID string
	Config             secrets.Value // a string: the JSON text of the config
	Public             bool          // nothing in Config is secret, so what the server says of it may be shown
}

// Component is a plugin.
type Component struct {
	ID, Name string
	Kind     string // system, custom, subscribe, or anything else
	Versions []ComponentVersion
}

// ComponentVersion is a version of a plugin.
type ComponentVersion struct {
	ID, Version string
	Settings    []ComponentSetting // what the version's connection schema names; nil where it names none
}

// ComponentSetting is one setting of a plugin's connection schema. Only texts are documented as types and values, and no list of types
// is: all are kept as they are shown.
type ComponentSetting struct {
	Key, Name, Description string
	Type, Default          string
	Required, ReadOnly     bool
	Choices                []string           // the values that may be chosen from; nil where none are shown
	Settings               []ComponentSetting // of a setting that is a mapping
}

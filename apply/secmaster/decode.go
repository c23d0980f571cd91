package secmaster

import (
	"encoding/json"
	"strings"
	"unicode/utf8"

	"connsync/apply/scan"
	"connsync/secrets"
)

// lenient is a text; it may come as a string, a number, a boolean, null or not at all.
type lenient string

func (l *lenient) UnmarshalJSON(b []byte) error {
	*l = lenientOf(string(b))
	return nil
}

// lenientOf is a JSON value as a text.
func lenientOf(value string) lenient {
	var s string
	if text, ok := scan.Unquoted(value); ok {
		return lenient(text)
	}
	switch {
	case value == "null", strings.HasPrefix(value, "{"), strings.HasPrefix(value, "["):
		return ""
	case json.Unmarshal([]byte(value), &s) == nil:
		return lenient(s)
	}
	return lenient(value)
}

// raw is a JSON value as it stands.
type raw string

func (r *raw) UnmarshalJSON(b []byte) error {
	*r = raw(b)
	return nil
}

// flag is a boolean; it may also come as text, in any case, or as 0 or 1, or be missing.
type flag struct{ value *bool }

func (f *flag) UnmarshalJSON(b []byte) error {
	f.read(string(b))
	return nil
}

// read takes a JSON value. One that is no boolean leaves the flag as it is.
func (f *flag) read(value string) {
	text := strings.ToLower(strings.Trim(value, `"`))
	v := text == "true" || text == "1"
	if v || text == "false" || text == "0" {
		f.value = &v
	}
}

// is tells whether it is said to be true.
func (f flag) is() bool { return f.value != nil && *f.value }

// wireConnection is AssetInfo; what we do not know of it is ignored.
type wireConnection struct {
	ID                 lenient `json:"id"`
	ProjectID          lenient `json:"project_id"`
	WorkspaceID        lenient `json:"workspace_id"`
	Name               lenient `json:"name"`
	Description        lenient `json:"description"`
	ComponentID        lenient `json:"component_id"`
	ComponentName      lenient `json:"component_name"`
	ComponentVersionID lenient `json:"component_version_id"`
	Type               lenient `json:"type"`
	Status             lenient `json:"status"`
	Config             raw     `json:"config"`
	Enabled            flag    `json:"enabled"`
	CreateTime         lenient `json:"create_time"`
	UpdateTime         lenient `json:"update_time"`
	CreatorName        lenient `json:"creator_name"`
	ModifierName       lenient `json:"modifier_name"`
	DefenseType        lenient `json:"defense_type"`
	CanBeDeleted       flag    `json:"can_be_deleted"`
}

// set notes a member as package json would; false where there is none of exactly this name.
func (w *wireConnection) set(name, value string) bool {
	switch name {
	case "id":
		w.ID = lenientOf(value)
	case "project_id":
		w.ProjectID = lenientOf(value)
	case "workspace_id":
		w.WorkspaceID = lenientOf(value)
	case "name":
		w.Name = lenientOf(value)
	case "description":
		w.Description = lenientOf(value)
	case "component_id":
		w.ComponentID = lenientOf(value)
	case "component_name":
		w.ComponentName = lenientOf(value)
	case "component_version_id":
		w.ComponentVersionID = lenientOf(value)
	case "type":
		w.Type = lenientOf(value)
	case "status":
		w.Status = lenientOf(value)
	case "config":
		w.Config = raw(value)
	case "enabled":
		w.Enabled.read(value)
	case "create_time":
		w.CreateTime = lenientOf(value)
	case "update_time":
		w.UpdateTime = lenientOf(value)
	case "creator_name":
		w.CreatorName = lenientOf(value)
	case "modifier_name":
		w.ModifierName = lenientOf(value)
	case "defense_type":
		w.DefenseType = lenientOf(value)
	case "can_be_deleted":
		w.CanBeDeleted.read(value)
	default:
		return false
	}
	return true
}

// unmatched tells of the name of a member that package json matches with no other one: it looks past upper and lower case.
func unmatched(name string) bool {
	for i := range len(name) {
		if c := name[i]; c >= 'A' && c <= 'Z' || c >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

func (w wireConnection) connection() Connection {
	return Connection{
		ID: string(w.ID), ProjectID: string(w.ProjectID), WorkspaceID: string(w.WorkspaceID),
		Name: string(w.Name), Description: string(w.Description),
		ComponentID: string(w.ComponentID), ComponentName: string(w.ComponentName), ComponentVersionID: string(w.ComponentVersionID),
		Type: string(w.Type), Status: string(w.Status), Config: config(string(w.Config)), Enabled: w.Enabled.value,
		CreateTime: string(w.CreateTime), UpdateTime: string(w.UpdateTime),
		CreatorName: string(w.CreatorName), ModifierName: string(w.ModifierName), DefenseType: string(w.DefenseType), CanBeDeleted: w.CanBeDeleted.value,
	}
}

// config hides the shown config at once: it may hold secrets in the clear. It is documented as JSON in a string; JSON as
// it is is taken too.
func config(value string) secrets.Value {
	text, ok := scan.Unquoted(value)
	if !ok && json.Unmarshal([]byte(value), &text) != nil {
		text = value
	}
	if text == "" { // null, too
		return secrets.Value{}
	}
	return secrets.Hide(text)
}

// one reads the connection of a create, show or update; false where there is none with an id that can be one.
func one(body []byte) (Connection, bool) {
	var b struct {
		Asset *wireConnection `json:"asset"`
	}
	if json.Unmarshal(body, &b) != nil || b.Asset == nil || !pathSafe.MatchString(string(b.Asset.ID)) {
		return Connection{}, false
	}
	return b.Asset.connection(), true
}

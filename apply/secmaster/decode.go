package secmaster

import (
	"bytes"
	"encoding/json"
	"strings"

	"connsync/secrets"
)

// lenient is a text; it may come as a string, a number, a boolean, null or not at all.
type lenient string

func (l *lenient) UnmarshalJSON(b []byte) error {
	var s string
	switch {
	case plain(b):
		*l = lenient(b[1 : len(b)-1])
	case bytes.Equal(b, []byte("null")), len(b) > 0 && (b[0] == '{' || b[0] == '['):
		*l = ""
	case json.Unmarshal(b, &s) == nil:
		*l = lenient(s)
	default:
		*l = lenient(b)
	}
	return nil
}

// plain tells whether a JSON value is a string that stands for the very bytes between its quotes. Nearly all are: a list of thousands need not
// be read twice.
func plain(b []byte) bool {
	if len(b) < 2 || b[0] != '"' {
		return false
	}
	for _, c := range b[1 : len(b)-1] {
		if c < ' ' || c > '~' || c == '\\' || c == '"' {
			return false
		}
	}
	return true
}

// flag is a boolean; it may also come as text, in any case, or as 0 or 1, or be missing.
type flag struct{ value *bool }

func (f *flag) UnmarshalJSON(b []byte) error {
	text := strings.ToLower(strings.Trim(string(b), `"`))
	v := text == "true" || text == "1"
	if v || text == "false" || text == "0" {
		f.value = &v
	}
	return nil
}

// is tells whether it is said to be true.
func (f flag) is() bool { return f.value != nil && *f.value }

// wireConnection is AssetInfo; what we do not know of it is ignored.
type wireConnection struct {
	ID                 lenient         `json:"id"`
	ProjectID          lenient         `json:"project_id"`
	WorkspaceID        lenient         `json:"workspace_id"`
	Name               lenient         `json:"name"`
	Description        lenient         `json:"description"`
	ComponentID        lenient         `json:"component_id"`
	ComponentName      lenient         `json:"component_name"`
	ComponentVersionID lenient         `json:"component_version_id"`
	Type               lenient         `json:"type"`
	Status             lenient         `json:"status"`
	Config             json.RawMessage `json:"config"`
	Enabled            flag            `json:"enabled"`
	CreateTime         lenient         `json:"create_time"`
	UpdateTime         lenient         `json:"update_time"`
	CreatorName        lenient         `json:"creator_name"`
	ModifierName       lenient         `json:"modifier_name"`
	DefenseType        lenient         `json:"defense_type"`
	CanBeDeleted       flag            `json:"can_be_deleted"`
}

func (w wireConnection) connection() Connection {
	return Connection{
		ID: string(w.ID), ProjectID: string(w.ProjectID), WorkspaceID: string(w.WorkspaceID),
		Name: string(w.Name), Description: string(w.Description),
		ComponentID: string(w.ComponentID), ComponentName: string(w.ComponentName), ComponentVersionID: string(w.ComponentVersionID),
		Type: string(w.Type), Status: string(w.Status), Config: config(w.Config), Enabled: w.Enabled.value,
		CreateTime: string(w.CreateTime), UpdateTime: string(w.UpdateTime),
		CreatorName: string(w.CreatorName), ModifierName: string(w.ModifierName), DefenseType: string(w.DefenseType), CanBeDeleted: w.CanBeDeleted.value,
	}
}

// config hides the shown config at once: it may hold secrets in the clear. It is documented as JSON in a string; JSON as
// it is is taken too.
func config(raw json.RawMessage) secrets.Value {
	var s string
	switch {
	case plain(raw) && len(raw) > 2:
		return secrets.Hide(string(raw[1 : len(raw)-1]))
	case len(raw) == 0, bytes.Equal(raw, []byte("null")):
		return secrets.Value{}
	case json.Unmarshal(raw, &s) == nil:
		if s == "" {
			return secrets.Value{}
		}
		return secrets.Hide(s)
	}
	return secrets.Hide(string(raw))
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

// page is one answer of a list.
type page[T any] struct {
	items []T
	total int // -1: not said
}

// readPage reads a list under whichever of the known names has an array. A total without an array is no empty list (C1).
func readPage[T any](body []byte, names ...string) (page[T], string) {
	var members map[string]json.RawMessage
	if json.Unmarshal(body, &members) != nil {
		return page[T]{}, "the answer is not a JSON object"
	}
	p := page[T]{total: -1}
	if refuses(codeAmong(members)) {
		return p, "the answer holds an error code"
	}
	if raw, ok := members["total"]; ok {
		var n json.Number
		if json.Unmarshal([]byte(strings.Trim(string(raw), `"`)), &n) == nil {
			if total, err := n.Int64(); err == nil && total >= 0 && total < 10_000_000 {
				p.total = int(total)
			}
		}
	}
	for _, name := range names {
		raw := bytes.TrimSpace(members[name])
		if len(raw) == 0 || raw[0] != '[' {
			continue
		}
		if json.Unmarshal(raw, &p.items) != nil {
			return p, "its list cannot be read"
		}
		return p, ""
	}
	if p.total == 0 {
		return p, ""
	}
	return p, "no list under a known name"
}

package emulator

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// What an Edit does.
const (
	EditCreate = "create"
	EditChange = "change"
	EditDelete = "delete"
)

// Edit is what a user does in the console of a workspace, beside the API.
type Edit struct {
	Do         string `json:"do"`
	Connection string `json:"connection"`          // its name, or its id; the name of a new one
	Workspace  string `json:"workspace,omitempty"` // "": any with the connection; of a new one the first served
	Plugin     string `json:"plugin,omitempty"`    // of a new one
	Version    string `json:"version,omitempty"`

	Rename      string                     `json:"rename,omitempty"`
	Description *string                    `json:"description,omitempty"`
	Set         map[string]json.RawMessage `json:"set,omitempty"`   // settings by their keys, with dots into mappings
	Unset       []string                   `json:"unset,omitempty"` // likewise
}

// Edited is the connection of an Edit, and what became of it.
type Edited struct {
	Workspace string `json:"workspace"`
	ID        string `json:"id"`
	Name      string `json:"name"`
	Outcome   string `json:"outcome"` // "created", "changed" or "deleted"
}

// EditError says why an Edit was not made. It names connections and keys, never values.
type EditError string

func (e EditError) Error() string { return string(e) }

// ByHand makes an edit. No switch and no fault stands in its way, and it is not counted as a request.
func (s *Server) ByHand(e Edit) (Edited, error) {
	if e.Do == EditCreate {
		return s.createByHand(e)
	}
	c, err := s.meant(e)
	if err != nil {
		return Edited{}, err
	}
	done := Edited{Workspace: c.Workspace, ID: c.ID, Name: c.Name, Outcome: "deleted"}
	if e.Do == EditDelete {
		s.Remove(c.ID)
		return done, nil
	}
	if err := e.onto(&c); err != nil {
		return Edited{}, err
	}
	if !s.Edit(c.ID, func(there *Connection) { there.Name, there.Description, there.Config = c.Name, c.Description, c.Config }) {
		return Edited{}, EditError("no connection is called " + e.Connection)
	}
	done.Name, done.Outcome = c.Name, "changed"
	return done, nil
}

func (s *Server) createByHand(e Edit) (Edited, error) {
	component, version := s.Plugin(e.Plugin, e.Version)
	switch {
	case component == "":
		return Edited{}, EditError("the workspace has no such plugin, or not at this version")
	case e.Workspace != "" && !slices.Contains(s.options.Workspaces, e.Workspace):
		return Edited{}, EditError("no such workspace is served: there are " + strings.Join(s.options.Workspaces, ", "))
	}
	c := Connection{Workspace: e.Workspace, Name: e.Connection, ComponentID: component, ComponentVersionID: version, Config: "{}", CanBeDeleted: true}
	if err := e.onto(&c); err != nil {
		return Edited{}, err
	}
	id := s.Put(c)
	c, err := s.meant(Edit{Connection: id})
	return Edited{Workspace: c.Workspace, ID: id, Name: c.Name, Outcome: "created"}, err
}

// meant is the connection named by an edit.
func (s *Server) meant(e Edit) (Connection, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var found []Connection
	for _, c := range s.connections {
		if (c.Name == e.Connection || c.ID == e.Connection) && (e.Workspace == "" || c.Workspace == e.Workspace) {
			found = append(found, *c)
		}
	}
	switch len(found) {
	case 0:
		return Connection{}, EditError("no connection is called " + e.Connection)
	case 1:
		return found[0], nil
	}
	var ids []string
	for _, c := range found {
		ids = append(ids, c.ID+" in "+c.Workspace)
	}
	return Connection{}, EditError(fmt.Sprintf("%d connections are called %s: %s; name the id", len(found), e.Connection, strings.Join(ids, ", ")))
}

// onto changes a connection as an edit says, or not at all.
func (e Edit) onto(c *Connection) error {
	config := map[string]any{}
	d := json.NewDecoder(strings.NewReader(c.Config))
	d.UseNumber()
	if d.Decode(&config) != nil || config == nil {
		config = map[string]any{}
	}
	for _, key := range slices.Sorted(maps.Keys(e.Set)) {
		in, last, err := mappingAt(config, key)
		if err != nil {
			return err
		}
		in[last] = e.Set[key]
	}
	for _, key := range e.Unset {
		in, last, err := mappingAt(config, key)
		if _, there := in[last]; err != nil || !there {
			return EditError("the connection has no setting " + key)
		}
		delete(in, last)
	}
	if len(e.Set)+len(e.Unset) > 0 {
		text, err := json.Marshal(config)
		if err != nil {
			return EditError("a value is not JSON")
		}
		c.Config = string(text)
	}
	if e.Rename != "" {
		c.Name = e.Rename
	}
	if e.Description != nil {
		c.Description = *e.Description
	}
	return nil
}

// mappingAt is the mapping that a key with dots is in, made where it is missing, and the last part of the key.
func mappingAt(config map[string]any, key string) (map[string]any, string, error) {
	parts := strings.Split(key, ".")
	for _, part := range parts[:len(parts)-1] {
		child, there := config[part]
		if !there {
			child = map[string]any{}
			config[part] = child
		}
		m, ok := child.(map[string]any)
		if !ok {
			return nil, "", EditError(part + " of " + key + " is no mapping")
		}
		config = m
	}
	return config, parts[len(parts)-1], nil
}

package emulator

import (
	"slices"
	"sort"
	"time"
)

// Connection is one that the server holds: whole, with its secrets.
type Connection struct {
	ID                 string `json:"id"`
	Name               string `json:"name"`
	Description        string `json:"description"`
	ComponentID        string `json:"component_id"`
	ComponentVersionID string `json:"component_version_id"`
	Config             string `json:"config"` // JSON text
	Status             string `json:"status"`
	CreateTime         string `json:"create_time"`
	UpdateTime         string `json:"update_time"`
	Creator            string `json:"creator"`
	Modifier           string `json:"modifier"`
	CanBeDeleted       bool   `json:"can_be_deleted"`
	DefenseType        string `json:"defense_type,omitempty"`
	BuiltIn            bool   `json:"built_in,omitempty"` // came with the workspace

	unseen int // lists that do not show it yet
}

// Connections are all connections that did not come with the workspace, in order of name and id.
func (s *Server) Connections() []Connection {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []Connection
	for _, c := range s.connections {
		if !c.BuiltIn {
			out = append(out, *c)
		}
	}
	sort.Slice(out, func(i, j int) bool {
		return out[i].Name < out[j].Name || out[i].Name == out[j].Name && out[i].ID < out[j].ID
	})
	return out
}

// Put adds a connection that somebody else made, and gives its id. Where it names no id, times or status, it gets them.
func (s *Server) Put(c Connection) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if c.ID == "" {
		c.ID = s.options.NewID()
	}
	if c.Status == "" {
		c.Status = "SUCCESS"
	}
	if c.CreateTime == "" {
		c.CreateTime = s.tick()
	}
	if c.UpdateTime == "" {
		c.UpdateTime = c.CreateTime
	}
	if c.Creator == "" {
		c.Creator = s.options.Modifier
	}
	if c.Config == "" {
		c.Config = "{}"
	}
	s.connections = append(s.connections, &c)
	s.save()
	return c.ID
}

// Edit changes a connection as somebody else, in the console: its update time and modifier move. It
// tells whether there is one of that id.
func (s *Server) Edit(id string, change func(*Connection)) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.byID(id)
	if c == nil {
		return false
	}
	change(c)
	c.UpdateTime, c.Modifier = s.tick(), s.options.Modifier
	s.save()
	return true
}

// Hide keeps a connection out of the next lists, as the switch "lag" does with a new one. It tells whether there is one of that id.
func (s *Server) Hide(id string, lists int) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.byID(id)
	if c != nil {
		c.unseen = lists
	}
	return c != nil
}

// Remove takes a connection away, as somebody else.
func (s *Server) Remove(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.delete(id)
}

func (s *Server) delete(id string) {
	s.connections = slices.DeleteFunc(s.connections, func(c *Connection) bool { return c.ID == id })
	s.save()
}

func (s *Server) byID(id string) *Connection {
	for _, c := range s.connections {
		if c.ID == id {
			return c
		}
	}
	return nil
}

// timeLayout is one of several that SecMaster's own pages show: a literal Z and then a zone.
const timeLayout = "2006-01-02T15:04:05Z+0800"

// tick is the time of a change: no two changes have the same.
func (s *Server) tick() string {
	now := s.options.Clock().Truncate(time.Second)
	if !now.After(s.lastTime) {
		now = s.lastTime.Add(time.Second)
	}
	s.lastTime = now
	return now.In(time.FixedZone("", 8*3600)).Format(timeLayout)
}

// builtIn adds what every workspace comes with: a connection of each system plugin, and one of an emergency policy.
func (s *Server) builtIn() {
	for _, p := range s.options.Plugins {
		if p.Type != "system" {
			continue
		}
		v := p.Versions[0]
		s.connections = append(s.connections, &Connection{
			ID: idOf("built-in", p.Name), Name: p.Name + "_default", ComponentID: p.ID(), ComponentVersionID: v.ID(p),
			Config: `{"connection_type":"cloud service agency"}`, Status: "SUCCESS", CreateTime: s.tick(), Creator: "system", BuiltIn: true,
		})
	}
	if len(s.options.Plugins) > 0 {
		p := s.options.Plugins[0]
		s.connections = append(s.connections, &Connection{
			ID: idOf("built-in", "defense"), Name: "emergency_policy", ComponentID: p.ID(), ComponentVersionID: p.Versions[0].ID(p),
			Config: "{}", Status: "SUCCESS", CreateTime: s.tick(), Creator: "system", DefenseType: "CFW", BuiltIn: true,
		})
	}
	for _, c := range s.connections {
		c.UpdateTime = c.CreateTime
	}
}

package emulator

import (
	"cmp"
	"fmt"
	"slices"
	"sort"
	"time"
)

// Connection is one held by the server: whole, with its secrets.
type Connection struct {
	Workspace          string `json:"workspace,omitempty"` // "" of a new one: the first served
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
	Disabled           bool   `json:"disabled,omitempty"`

	unseen int // so many next lists do not show it
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

// Put adds a connection made by another user, and gives its id. Where it names no id, times or status, it gets them.
func (s *Server) Put(c Connection) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if c.ID == "" {
		c.ID = s.options.NewID()
	}
	c.Workspace = cmp.Or(c.Workspace, s.options.WorkspaceID)
	if c.Status == "" {
		c.Status = "SUCCESS"
	}
	if c.CreateTime == "" {
		c.CreateTime = s.tick()
	}
	if c.UpdateTime == "" {
		c.UpdateTime = c.CreateTime
	}
	s.passed(c.UpdateTime)
	if c.Creator == "" {
		c.Creator = s.options.Modifier
	}
	if c.Config == "" {
		c.Config = "{}"
	}
	s.add(&c)
	s.save()
	return c.ID
}

// Edit changes a connection as another user, in the console: its update time and modifier move. It
// tells whether there is one of that id.
func (s *Server) Edit(id string, change func(*Connection)) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.byID(id)
	if c == nil {
		return false
	}
	change(c)
	s.ids = nil // the id may be another one
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

// Remove takes a connection away, as another user.
func (s *Server) Remove(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.delete(id)
}

// Clear takes all connections away, also those that came with the workspace.
func (s *Server) Clear() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.connections, s.ids = nil, nil
	s.save()
}

// add is for one connection more. The caller holds the lock.
func (s *Server) add(c *Connection) {
	s.connections = append(s.connections, c)
	if s.ids != nil && s.ids[c.ID] == nil {
		s.ids[c.ID] = c
	}
}

func (s *Server) delete(id string) {
	delete(s.ids, id)
	s.connections = slices.DeleteFunc(s.connections, func(c *Connection) bool { return c.ID == id })
	s.save()
}

// byID finds a connection in any workspace. The caller holds the lock.
func (s *Server) byID(id string) *Connection {
	if s.ids == nil {
		s.ids = make(map[string]*Connection, len(s.connections))
		for _, c := range slices.Backward(s.connections) {
			s.ids[c.ID] = c
		}
	}
	return s.ids[id]
}

// timeLayout is how times are kept, and one of several ways in which SecMaster's own pages show them: a literal Z and then a zone.
const timeLayout = "2006-01-02T15:04:05Z+0800"

var east8 = time.FixedZone("", 8*3600)

// tick is the time of a change made now. The caller holds the lock.
func (s *Server) tick() string { return s.tickAt(s.options.Clock()) }

// tickAt is the time of a change. No two changes have the same, unless the switch "times" says otherwise.
func (s *Server) tickAt(at time.Time) string {
	now := at.Truncate(time.Second)
	if !now.After(s.lastTime) {
		now = s.lastTime
		if s.options.Switches.value("times") == "own" {
			now = now.Add(time.Second)
		}
	}
	s.lastTime = now
	return now.In(east8).Format(timeLayout)
}

// passed makes every later change be after a kept time. The caller holds the lock.
func (s *Server) passed(kept string) {
	if at, err := time.Parse(timeLayout, kept); err == nil && at.Add(-8*time.Hour).After(s.lastTime) {
		s.lastTime = at.Add(-8 * time.Hour)
	}
}

// clock is the server's own: it is never behind the times of its changes.
func (s *Server) clock() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.options.Clock()
	if now.Before(s.lastTime) {
		return s.lastTime
	}
	return now
}

// shownTime is a time in the form of the switch "timeformat". The caller holds the lock.
func (s *Server) shownTime(kept string) any {
	local, err := time.Parse(timeLayout, kept)
	at := local.Add(-8 * time.Hour)
	format := s.options.Switches.value("timeformat")
	if err != nil {
		format = "zoned"
	}
	switch format {
	case "millis":
		return at.In(east8).Format("2006-01-02T15:04:05.000Z+0800")
	case "rfc3339":
		return at.Format(time.RFC3339)
	case "offset":
		return at.In(east8).Format("2006-01-02T15:04:05-0700")
	case "bare":
		return local.Format(time.DateTime)
	case "epoch":
		return at.UnixMilli()
	case "opaque":
		return fmt.Sprintf("t%x", at.Unix())
	}
	return kept
}

// builtIn adds what a workspace comes with: a connection of each system plugin, and one of an emergency policy.
func (s *Server) builtIn(workspace string) {
	kind := "built-in"
	if workspace != s.options.WorkspaceID { // ids are of a workspace
		kind += " " + workspace
	}
	before := s.options.Clock().Add(-time.Hour) // they are older than everything else
	for _, p := range s.options.Plugins {
		if p.Type != "system" {
			continue
		}
		v := p.Versions[0]
		s.add(&Connection{
			Workspace: workspace, ID: idOf(kind, p.Name), Name: p.Name + "_default", Description: "Built-in connection of " + p.Name, ComponentID: p.ID(), ComponentVersionID: v.ID(p),
			Config: `{"connection_type":"cloud service agency"}`, Status: "SUCCESS", CreateTime: s.tickAt(before), Creator: "system", BuiltIn: true,
		})
	}
	if len(s.options.Plugins) > 0 {
		p := s.options.Plugins[0]
		s.add(&Connection{
			Workspace: workspace, ID: idOf(kind, "defense"), Name: "emergency_policy", Description: "Made by an emergency policy", ComponentID: p.ID(), ComponentVersionID: p.Versions[0].ID(p),
			Config: "{}", Status: "SUCCESS", CreateTime: s.tickAt(before), Creator: "system", DefenseType: "CFW", BuiltIn: true,
		})
	}
	for _, c := range s.connections {
		c.UpdateTime = cmp.Or(c.UpdateTime, c.CreateTime)
	}
}

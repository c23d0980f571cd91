package emulator

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
)

// Seed is what a workspace begins with.
type Seed struct {
	Workspaces  []string // none: the one served anyway
	Plugins     []Plugin
	Connections []Connection
	Workflows   []Workflow
	Policies    []EmergencyPolicy
}

// seedVersion is a version of a seed file: its number, or an object with its number and settings.
type seedVersion Version

func (v *seedVersion) UnmarshalJSON(b []byte) error {
	if json.Unmarshal(b, &v.Number) == nil {
		return nil
	}
	return json.Unmarshal(b, (*Version)(v))
}

// seedFile is a seed as it is written: connections name their plugins.
type seedFile struct {
	Workspaces []string
	Plugins    []struct {
		Name, Type string
		Versions   []seedVersion
	}
	Connections []struct {
		Name, Description, Plugin, Version, Workspace string
		Config                                        json.RawMessage
	}
	Workflows []Workflow
	Policies  []EmergencyPolicy
}

// ReadSeed reads a seed file: plugins (none: DefaultPlugins) and connections by the names of their plugins.
func ReadSeed(text []byte) (Seed, error) {
	var file seedFile
	if err := json.Unmarshal(text, &file); err != nil {
		return Seed{}, errors.New("the seed file is not the JSON that docs/emulator.md describes")
	}
	for _, id := range file.Workspaces {
		if !IsWorkspace(id) {
			return Seed{}, errors.New("a workspace of the seed file is no id: letters, digits and - only")
		}
	}
	plugins, err := file.plugins()
	if err != nil {
		return Seed{}, err
	}
	connections, err := file.connections(plugins)
	if err != nil {
		return Seed{}, err
	}
	return Seed{Workspaces: file.Workspaces, Plugins: plugins, Connections: connections, Workflows: file.Workflows, Policies: file.Policies}, nil
}

func (f seedFile) plugins() (out []Plugin, err error) {
	if len(f.Plugins) == 0 {
		return DefaultPlugins(), nil
	}
	for i, p := range f.Plugins {
		plugin := Plugin{Name: p.Name, Type: cmp.Or(p.Type, "custom")}
		for _, v := range p.Versions {
			plugin.Versions = append(plugin.Versions, Version(v))
		}
		if p.Name == "" || len(p.Versions) == 0 {
			return nil, fmt.Errorf("plugin %d of the seed file has no name or no versions", i+1)
		}
		out = append(out, plugin)
	}
	return out, nil
}

func (f seedFile) connections(plugins []Plugin) (out []Connection, err error) {
	lookup := Server{options: Options{Plugins: plugins}}
	for i, c := range f.Connections {
		component, version := lookup.Plugin(c.Plugin, c.Version)
		if component == "" {
			return nil, fmt.Errorf("connection %d of the seed file names a plugin that is not there", i+1)
		}
		if c.Workspace != "" && !slices.Contains(f.Workspaces, c.Workspace) {
			return nil, fmt.Errorf("connection %d of the seed file is in a workspace that the file does not name", i+1)
		}
		out = append(out, Connection{
			Workspace: c.Workspace, Name: c.Name, Description: c.Description, ComponentID: component, ComponentVersionID: version, Config: string(c.Config), CanBeDeleted: true,
		})
	}
	return out, nil
}

// load reads the data file, and gives the workspaces in it; none where there is no such file yet.
func (s *Server) load() ([]string, error) {
	if s.options.Data == "" {
		s.options.serving(nil)
		return nil, nil
	}
	text, err := os.ReadFile(s.options.Data)
	if errors.Is(err, fs.ErrNotExist) {
		s.options.serving(nil)
		return nil, nil
	}
	var stored kept
	if err != nil || json.Unmarshal(text, &stored) != nil && json.Unmarshal(text, &stored.Connections) != nil { // an older file is a list
		return nil, errors.New("the data file cannot be read")
	}
	s.options.serving(stored.Workspaces)
	if stored.Workspaces == nil { // an older file is of one
		stored.Workspaces = []string{s.options.WorkspaceID}
	}
	s.connections, s.workflows, s.policies = stored.Connections, stored.Workflows, stored.Policies
	if s.options.Plugins == nil {
		s.options.Plugins = stored.Plugins
	}
	for _, c := range s.connections {
		c.Workspace = cmp.Or(c.Workspace, s.options.WorkspaceID)
		s.passed(c.UpdateTime)
	}
	return stored.Workspaces, nil
}

// kept is what a data file holds. A workspace not served now stays in it.
type kept struct {
	Workspaces  []string          `json:"workspaces"`
	Plugins     []Plugin          `json:"plugins"`
	Connections []*Connection     `json:"connections"`
	Workflows   []Workflow        `json:"workflows,omitempty"`
	Policies    []EmergencyPolicy `json:"policies,omitempty"`
}

// workspaces are those served, and others with connections.
func (s *Server) workspaces() []string {
	out := slices.Clone(s.options.Workspaces)
	for _, c := range s.connections {
		if !slices.Contains(out, c.Workspace) {
			out = append(out, c.Workspace)
		}
	}
	return out
}

// save keeps what is served. The caller holds the lock. A disk that fails later than New does not stop the server.
func (s *Server) save() { _ = s.keep() }

// keep replaces the data file in one step. It holds secrets, so only its owner may read it.
func (s *Server) keep() error {
	if s.options.Data == "" {
		return nil
	}
	text, err := json.MarshalIndent(kept{s.workspaces(), s.options.Plugins, s.connections, s.workflows, s.policies}, "", "  ")
	if err != nil {
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(s.options.Data), ".emulator-*") // 0600
	if err != nil {
		return errors.New("the data file cannot be written")
	}
	_, err = f.Write(text)
	if errors.Join(err, f.Close()) != nil || os.Rename(f.Name(), s.options.Data) != nil {
		_ = os.Remove(f.Name())
		return errors.New("the data file cannot be written")
	}
	return nil
}

package emulator

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// Seed is what a workspace begins with.
type Seed struct {
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

// ReadSeed reads a seed file: plugins (none: DefaultPlugins) and connections by the names of their plugins.
func ReadSeed(text []byte) (Seed, error) {
	var file struct {
		Plugins []struct {
			Name, Type string
			Versions   []seedVersion
		}
		Connections []struct {
			Name, Description, Plugin, Version string
			Config                             json.RawMessage
		}
		Workflows []Workflow
		Policies  []EmergencyPolicy
	}
	if err := json.Unmarshal(text, &file); err != nil {
		return Seed{}, errors.New("the seed file is not the JSON that docs/emulator.md describes")
	}
	s := Seed{Plugins: DefaultPlugins(), Workflows: file.Workflows, Policies: file.Policies}
	for i, p := range file.Plugins {
		if i == 0 {
			s.Plugins = nil
		}
		plugin := Plugin{Name: p.Name, Type: p.Type}
		for _, v := range p.Versions {
			plugin.Versions = append(plugin.Versions, Version(v))
		}
		if p.Name == "" || len(p.Versions) == 0 {
			return Seed{}, fmt.Errorf("plugin %d of the seed file has no name or no versions", i+1)
		}
		s.Plugins = append(s.Plugins, plugin)
	}
	lookup := Server{options: Options{Plugins: s.Plugins}}
	for i, c := range file.Connections {
		component, version := lookup.Plugin(c.Plugin, c.Version)
		if component == "" {
			return Seed{}, fmt.Errorf("connection %d of the seed file names a plugin that is not there", i+1)
		}
		s.Connections = append(s.Connections, Connection{
			Name: c.Name, Description: c.Description, ComponentID: component, ComponentVersionID: version, Config: string(c.Config), CanBeDeleted: true,
		})
	}
	return s, nil
}

// load reads the data file; false where there is none yet.
func (s *Server) load() (bool, error) {
	if s.options.Data == "" {
		return false, nil
	}
	text, err := os.ReadFile(s.options.Data)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	var stored kept
	if err != nil || json.Unmarshal(text, &stored) != nil && json.Unmarshal(text, &stored.Connections) != nil { // an older file is a list
		return false, errors.New("the data file cannot be read")
	}
	s.connections, s.workflows, s.policies = stored.Connections, stored.Workflows, stored.Policies
	if s.options.Plugins == nil {
		s.options.Plugins = stored.Plugins
	}
	for _, c := range s.connections {
		s.passed(c.UpdateTime)
	}
	return true, nil
}

// kept is what a data file holds.
type kept struct {
	Plugins     []Plugin          `json:"plugins"`
	Connections []*Connection     `json:"connections"`
	Workflows   []Workflow        `json:"workflows,omitempty"`
	Policies    []EmergencyPolicy `json:"policies,omitempty"`
}

// save keeps what is served. The caller holds the lock. A disk that fails later than New does not stop the server.
func (s *Server) save() { _ = s.keep() }

// keep replaces the data file in one step. It holds secrets, so only its owner may read it.
func (s *Server) keep() error {
	if s.options.Data == "" {
		return nil
	}
	text, err := json.MarshalIndent(kept{s.options.Plugins, s.connections, s.workflows, s.policies}, "", "  ")
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

package main

import (
	"maps"
	"slices"
	"time"

	"connsync/apply/state"
	"connsync/cmd/connsync/render"
	"connsync/diff"
)

// Values of the commands for looking at known state, as docs/json.md has them.
type (
	listedStates struct {
		render.Answer
		Targets []listedState `json:"targets"`
	}
	listedState struct {
		Target      string            `json:"target"`
		Region      string            `json:"region,omitempty"`
		Workspace   string            `json:"workspace_id,omitempty"`
		Applied     string            `json:"applied,omitempty"`
		Dirty       bool              `json:"dirty"`
		StateCommit string            `json:"state_commit,omitempty"`
		Connections []knownConnection `json:"connections"`
		Announced   []announced       `json:"announced"`
		Run         *holder           `json:"run,omitempty"`
	}
	knownConnection struct {
		Name       string       `json:"name"`
		ID         string       `json:"id"`
		File       string       `json:"file"`
		Protect    bool         `json:"protect"`
		Written    diff.Written `json:"written"`
		Unverified bool         `json:"unverified"`
		Dirty      bool         `json:"dirty"`
	}
	announced struct {
		Name  string `json:"name"`
		Kind  string `json:"kind"`
		Run   string `json:"run"`
		Until string `json:"until"`
	}
	holder struct {
		ID    string `json:"id"`
		Host  string `json:"host"`
		Until string `json:"until"`
	}
	loggedStates struct {
		render.Answer
		Targets []loggedState `json:"targets"`
	}
	loggedState struct {
		Target  string        `json:"target"`
		Entries []loggedEntry `json:"entries"`
		CutOff  bool          `json:"cut_off,omitempty"` // a shallow clone has no more of them
	}
	loggedEntry struct {
		Commit string   `json:"commit"`
		At     string   `json:"at"`
		Lines  []string `json:"lines"`
	}
	changedStates struct {
		render.Answer
		Name    string   `json:"name,omitempty"`
		Run     string   `json:"run,omitempty"`
		Targets []string `json:"targets"`
	}
	rebuiltStates struct {
		render.Answer
		Targets []rebuiltState `json:"targets"`
		Sync    any            `json:"sync,omitempty"` // with --adopt-by-name: as a sync has it
	}
	rebuiltState struct {
		Target  string `json:"target"`
		Outcome string `json:"outcome"` // kept, followed or begun
		From    string `json:"from,omitempty"`
		Commit  string `json:"commit,omitempty"`
	}
)

func listedStateOf(target string, s state.Snapshot) listedState {
	out := listedState{
		Target: target, Region: s.Place.Region, Workspace: s.Place.WorkspaceID, Applied: s.Applied, Dirty: s.AppliedDirty, StateCommit: s.Commit,
		Connections: []knownConnection{}, Announced: []announced{},
	}
	for _, name := range slices.Sorted(maps.Keys(s.Known)) {
		k := s.Known[name]
		out.Connections = append(out.Connections, knownConnection{name, k.ID, k.File, k.Protect, k.Written, k.Unverified, k.Dirty})
	}
	for _, name := range slices.Sorted(maps.Keys(s.Intents)) {
		i := s.Intents[name]
		out.Announced = append(out.Announced, announced{name, string(i.Kind), i.Run, i.Expires.UTC().Format(time.RFC3339)})
	}
	if s.Run != nil {
		out.Run = &holder{s.Run.ID, s.Run.Host, s.Run.Expires.UTC().Format(time.RFC3339)}
	}
	return out
}

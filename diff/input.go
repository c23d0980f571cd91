// Package diff decides. Compute turns what Git wants, what SecMaster has, what connsync last
// wrote and what it announced into a Plan, by the truth table of docs/decisions.md.
// It is pure: no clock, no network, no file, and no plaintext of any secret.
package diff

import (
	"connsync/manifest"
	"connsync/secrets"
)

// Input is everything a decision may depend on, for one target.
type Input struct {
	Target  string
	Place   Place
	Want    []Want
	Have    []Have                 // complete: a caller that could not list completely must not call Compute
	Known   map[string]Known       // by the name last written
	Intents map[string]Intent      // by name
	Rewrite func(name string) bool // write this connection again whatever the fingerprints say; nil: none
	Prune   bool                   // delete what is orphaned
	Unguard func(name string) bool // … although it was protected when it was last applied; nil: none
}

// Place is where a target's connections live. Known state belongs to one place.
type Place struct {
	Region      string `json:"region"`
	ProjectID   string `json:"project_id"`
	WorkspaceID string `json:"workspace_id"`
}

// PlaceOf is the place of a target.
func PlaceOf(t manifest.Target) Place {
	return Place{Region: t.Region, ProjectID: t.ProjectID, WorkspaceID: t.WorkspaceID}
}

// Want is a wanted connection whose plugin has been resolved to ids.
type Want struct {
	manifest.Connection
	Resolved Plugin
	// Unresolved tells that the workspace has no such plugin or version: the change is a
	// ConflictPlugin that names Near, whatever else holds.
	Unresolved bool
	Near       []string
}

// Plugin is a plugin (component) at a version, by ids and, where they are known, by names.
type Plugin struct {
	ComponentID string `json:"component_id"`
	VersionID   string `json:"component_version_id"`
	Component   string `json:"component,omitempty"`
	Version     string `json:"version,omitempty"`
}

// Have is a connection as SecMaster shows it. Settings holds every leaf of the shown config
// by its path (config.auth.user); it is nil where SecMaster showed no config, or none that could be read.
type Have struct {
	ID, Name, Description    string
	Plugin                   Plugin
	Settings                 map[secrets.Path]Seen
	UpdateTime, ModifierName string // opaque; "" where SecMaster gave none
	CanBeDeleted             *bool  // nil: not said
	Defense                  bool   // a connection of an emergency policy: bound by id only
}

// Seen is one setting as SecMaster shows it. The value stays hidden: it may be a secret.
type Seen struct {
	Masked bool   // mask-like (only asterisks), empty or null: says nothing of the value
	Digest string // ValueDigest of the value; "" where Masked
	Value  secrets.Value
}

// Known is what connsync last wrote or recorded of a connection. It is stored in Git, so
// it holds digests only, and of a secret only its ciphertext's.
type Known struct {
	Name       string
	ID         string
	UpdateTime string // as the closing list showed it
	Modifier   string
	Protect    bool
	Unverified bool // recorded without having been written: what its secrets are in SecMaster is not known
	Plugin     Plugin
	Clear      map[secrets.Path]Digests // name, description, component_id, component_version_id, config.*
	Secrets    map[secrets.Path]secrets.Fingerprint
	Keys       string // digest of its file's wrapped data keys
	File       string // the manifest
	Commit     string // the commit that was applied
	// LastModified and MAC are the file's sops.lastmodified and the digest of its encrypted MAC when it was applied. Where the connection
	// was written, both had been authenticated.
	LastModified string
	MAC          string
}

// Digests are the two digests of a setting in the clear: of what Git wanted, and of what
// the closing list showed ("" where it showed nothing comparable).
type Digests struct {
	Want string `json:"want"`
	Have string `json:"have,omitempty"`
}

// Kinds of Intent.
const (
	IntentCreate = "create"
	IntentUpdate = "update"
	IntentDelete = "delete"
)

// Intent is a write that a run announced and has not confirmed.
type Intent struct {
	Name    string
	Kind    string // IntentCreate, IntentUpdate or IntentDelete
	ID      string // of an update or delete
	Run     string // id of the run that announced it
	Settled bool   // its run can no longer write, and the settle window has passed
}

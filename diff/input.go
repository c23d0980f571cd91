// Package diff decides. Compute turns what Git wants, what SecMaster has, what connsync last
// wrote and what it announced into a Plan, by the truth table of docs/decisions.md.
// It is pure: no clock, no network, no file, and no plaintext of any secret.
package diff

import (
	"time"

	"connsync/manifest"
	"connsync/secrets"
)

// Input is everything a decision may depend on, for one target.
type Input struct {
	Target  string
	Place   Place
	Want    []Want
	Rest    []manifest.Rested      // wanted besides, in unread files: each is the applied one, and its record says what it wants
	Have    []Have                 // complete: a caller without the complete list must not call Compute
	Known   map[string]*Known      // by the name last written
	Intents map[string]Intent      // by name
	Rewrite func(name string) bool // write this connection again whatever the fingerprints say; nil: none
	ByName  bool                   // take over what has a wanted name although not all of it is shown: known state was lost
	Prune   bool                   // delete what connsync wrote and is orphaned
	Unguard func(name string) bool // … although it was protected when it was last applied; nil: none

	Compared Compared // what a sync knows of unverified secrets; nil without a key
	Reviewed bool     // the plan was reviewed without a key: nothing is written for what Compared says

	Destinations string                 // secrets.destinations of the project
	SealedFor    Place                  // the place as the project file has it; seals bind it
	Accept       func(name string) bool // a destination changed without a seal is accepted, for this run; nil: none
}

// Place is where a target's connections live. Known state belongs to one place.
type Place struct {
	Region      string `json:"region"`
	ProjectID   string `json:"project_id"`
	WorkspaceID string `json:"workspace_id"`
	Endpoint    string `json:"endpoint,omitempty"` // of a cloud of one's own, as the project file has it
}

// PlaceOf is the place of a target.
func PlaceOf(t manifest.Target) Place {
	return Place{Region: t.Region, ProjectID: t.ProjectID, WorkspaceID: t.WorkspaceID, Endpoint: t.Endpoint}
}

// Want is a wanted connection with its plugin resolved to ids.
type Want struct {
	manifest.Connection
	Resolved Plugin
	// Unresolved: the workspace has no such plugin or version. The change is a
	// ConflictPlugin and names Near, whatever else holds.
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

// String is the plugin at its version: by names where they are known.
func (p Plugin) String() string {
	return manifest.PluginName(p.Component, p.Version, p.ComponentID, p.VersionID)
}

// Have is a connection as SecMaster shows it. Settings holds every leaf of the shown config
// by its path (config.auth.user); it is nil where SecMaster showed no config, or an unreadable one.
type Have struct {
	ID, Name, Description    string
	Plugin                   Plugin
	Settings                 secrets.Table[Seen]
	UpdateTime, ModifierName string // opaque; "" where SecMaster gave none
	CanBeDeleted             *bool  // nil: not said
	Defense                  bool   // a connection of an emergency policy: bound by id only
	Failed                   bool   // SecMaster shows the status FAILED
	Disabled                 bool   // … and says: it is not enabled
}

// Warnings are what a connection's own state gives to know: it may not work, whatever its settings.
func (h Have) Warnings() []Warning {
	var out []Warning
	if h.Failed {
		out = append(out, Warning{Kind: WarnFailed})
	}
	if h.Disabled {
		out = append(out, Warning{Kind: WarnDisabled})
	}
	return out
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
	Written    Written
	Unverified bool // recorded without having been written: what its secrets are in SecMaster is not known
	Plugin     Plugin
	Clear      secrets.Table[Digests] // name, description, component_id, component_version_id, config.*
	Secrets    secrets.Table[secrets.Fingerprint]
	Marks      secrets.Table[string] // what of each ciphertext stays while its value stays, as digests; none where it is not known
	Keys       string                // digest of its file's wrapped data keys
	File       string                // the manifest
	Blob       string                // Git's name (SHA-1) of the applied manifest, as it stood; "" where it is not known
	Commit     string                // the applied commit
	Dirty      bool                  // … from a worktree with changes beside it
	// LastModified and MAC are the file's sops.lastmodified and the digest of its encrypted MAC when it was applied. Where the connection
	// was written, both had been authenticated.
	LastModified string
	MAC          string
	Adopted      string // the id of an adopt: line carried out before: it is spent; "" for none
	Seal         *Seal  // of what was applied; nil where nothing is known of it
	Disputed     bool   // of an Unverified one: secrets were written, answered as done, and shown otherwise all the same; they are not written again by themselves
	Checked      string // CheckedBy of its file, where the record says all that the file does; "" where it does not
}

// Written says whether connsync wrote a connection, and what showed it. What connsync did not write is never deleted.
type Written string

// What is known of the last write.
const (
	WrittenNever       Written = ""            // recorded only: another writer's work
	WrittenConfirmed   Written = "confirmed"   // SecMaster showed it afterwards
	WrittenUnconfirmed Written = "unconfirmed" // answered as done, and nothing shown by SecMaster could prove it
	WrittenUnsaid      Written = "unsaid"      // recorded by schema 1 without a word on it; until the state's log or a write tells
)

// ByConnsync tells whether connsync wrote the connection, as far as is known.
func (w Written) ByConnsync() bool { return w == WrittenConfirmed || w == WrittenUnconfirmed }

// Seal is the proof under which settings were applied: digests only.
type Seal struct {
	Settings string `json:"settings"`         // digest of the settings it binds
	N        int64  `json:"n,omitempty"`      // the seal's counter; it only grows
	Digest   string `json:"digest,omitempty"` // of the seal itself; "" where there was none
	Sealed   bool   `json:"sealed,omitempty"`
	Secrets  bool   `json:"secrets,omitempty"` // the connection had secrets
}

// Past is what stays known of a name after its connection was deleted or forgotten.
type Past struct {
	ID     string    `json:"id"`
	At     time.Time `json:"at"`
	Commit string    `json:"commit,omitempty"` // applied when it went
	N      int64     `json:"n,omitempty"`      // the largest counter of a seal applied under the name
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

// Intent is a write announced by a run and not confirmed.
type Intent struct {
	Name    string
	Kind    string // IntentCreate, IntentUpdate or IntentDelete
	ID      string // of an update or delete
	Run     string // id of its run
	Settled bool   // its run can no longer write, and the settle window has passed
}

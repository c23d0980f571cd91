// Package manifest reads what Git wants: the project file connsync.yaml and the
// manifests of operation connections, with every mistake of every file told in
// one run, each at its file, line and column. It needs no key: an encrypted
// value stays a secrets.Ref.
package manifest

import (
	"cmp"
	"io/fs"

	"connsync/manifest/plugins"
	"connsync/manifest/sopsrules"
	"connsync/manifest/strict"
	"connsync/secrets"
)

// ProjectFile is the name of the project file at the repository's root.
const ProjectFile = "connsync.yaml"

// What is wrong in a file, and where, by the names of package strict.
type (
	Position = strict.Position
	Mistake  = strict.Mistake
	Mistakes = strict.Mistakes

	ReadError = strict.ReadError
)

// Sorted puts mistakes in order of file and place.
func Sorted(ms []Mistake) Mistakes { return strict.Sorted(ms) }

// Whom and what sops encrypts for, by the names of package sopsrules.
type (
	Recipient = sopsrules.Recipient
	Rule      = sopsrules.Rule
	Rules     = sopsrules.Rules
)

// What the plugins of the workspaces take, by the names of package plugins.
type (
	Catalog       = plugins.Catalog
	Plugin        = plugins.Plugin
	PluginVersion = plugins.Version
	PluginSetting = plugins.Setting
)

// What the type of a setting asks for, where that is no text.
const (
	PluginNumber  = plugins.Number
	PluginBoolean = plugins.Boolean
)

// LoadCatalog reads the catalog of a version of the files. With mistakes it is empty.
func LoadCatalog(fsys fs.FS, p Project) (Catalog, Mistakes, error) {
	c, wrong, err := plugins.Load(fsys, p.PluginsFile())
	if len(wrong) > 0 {
		c = Catalog{}
	}
	return c, Sorted(wrong), err
}

// ReadCatalog reads a catalog from the text of a file.
func ReadCatalog(name string, text []byte) (Catalog, Mistakes) {
	c, wrong := plugins.Read(name, text)
	return c, Sorted(wrong)
}

// PluginsFile is the name of the catalog of plugins, a file beside the project file.
const PluginsFile = plugins.File

// RulesFile is the name of the file that tells sops whom to encrypt for.
const RulesFile = sopsrules.File

// ShellWord is a text as one word of a shell, for commands that people copy.
func ShellWord(s string) string { return sopsrules.Word(s) }

// Said is a text that others chose, as it stands in a sentence: in quotes where it could pass for words of connsync.
func Said(text string) string { return strict.Said(text) }

// Escaped is a text as it stands between quotes, on one line.
func Escaped(text string) string { return strict.Escaped(text) }

// SaidName is Said of a name or a path: one word stays bare.
func SaidName(name string) string { return strict.SaidName(name) }

// SaidSelector is Said of what is encrypted, as in "encrypted_regex: ^password$".
func SaidSelector(selector string) string { return sopsrules.Said(selector) }

// Missing are the recipients of one list that another one lacks.
func Missing(from, in []Recipient) []Recipient { return sopsrules.Missing(from, in) }

// Project is connsync.yaml: where the manifests are, and the one place (region,
// project, workspace) of every target.
type Project struct {
	File      string            // its slash path in the repository
	Manifests []string          // files or directories, as slash paths; default ["connections"]
	Targets   map[string]Target // by name
	Secrets   SecretsPolicy
	State     StatePolicy
	Digest    string // secrets.Digest of its file; "" where it was read from none
}

// Target is one workspace of SecMaster under a name of ours.
type Target struct {
	Name        string // ^[a-z0-9][a-z0-9_-]{0,62}$
	Region      string // ^[a-z]{2}-[a-z]+-[0-9]{1,3}$; freer beside an Endpoint
	ProjectID   string // may be empty: looked up by region
	WorkspaceID string
	Endpoint    string // https://host[:port] of SecMaster in a cloud of one's own; "" for Huawei Cloud
	IAMEndpoint string // of that cloud's IAM; "" where the project is named and keys are at hand
	CA          string // PEM of who may sign that cloud's certificates; "" for whom the machine trusts
	MaxAge      MaxAge // of its secrets; 0 is the project's
	Pos         Position
}

// SecretsPolicy has the allowed SOPS key types and the MAC to ask for.
type SecretsPolicy struct {
	Allow   []string // default [age pgp hckms]; also kms, gcp_kms, azure_kv, hc_vault
	FullMAC bool     // secrets.mac: full, which refuses mac_only_encrypted files
	// RuleWarn is secrets.rule: warn: a value in the clear that the rule of its file encrypts is only a warning, and is sent.
	RuleWarn bool
	Plugins  Catalog // of the version a branch is compared with: what it calls a password is one
	// Destinations is what lets secrets go to another place: Sealed, Reviewed, or "" where the file does not say.
	Destinations string
	MaxAge       MaxAge // of the secrets of targets that do not say; 0 is no limit
}

// Values of secrets.destinations.
const (
	Sealed   = "sealed"   // a connection with secrets needs a fitting seal
	Reviewed = "reviewed" // review alone decides, and nothing is compared
)

// StatePolicy says where known state is shared.
type StatePolicy struct {
	Remote string // a Git remote's name, or "none"; "" where the file does not say
}

// Set is everything that the manifests want, in order of target and name.
type Set struct {
	Connections []Connection
	Files       []File    // every manifest read, in order of path
	Rules       Rules     // of the .sops.yaml files in force for them
	Plugins     Catalog   // what the plugins take, where that was saved
	Resting     []Rested  // of unread files (Vouched), in the same order
	RulesDigest string    // of the project file, and of all else in the checks of manifests; "" where that cannot be told
	unruly      []Mistake // of these
	size        int       // of all files, in bytes
}

// File is one manifest as it was read. Its bytes are not kept: who decrypts it reads it
// again and compares the digest, so that no other text is ever decrypted
// than the one that was checked.
type File struct {
	Path   string
	Digest string // secrets.Digest of its bytes
	Blob   string // Git's name of its bytes, as SHA-1
	Sops   *Sops  // nil where the file has no sops block
	Unread bool   // its structure cannot be trusted: what it wants is not known

	Targets []string // as it names them, also such as are none of the project; none where something in it may be meant for any target
}

// Sops is what a file's own metadata says of its encryption, none of which needs a
// key to be read. Only LastModified is authenticated, and only once decrypted.
type Sops struct {
	LastModified     string
	Selector         string         // what is encrypted, as in "encrypted_regex: ^password$"; "" for SOPS's default
	Beyond           []secrets.Path // encrypted settings that the file's rule in .sops.yaml leaves in the clear
	Threshold        int            // of groups that open the file; 0 where it is not said
	Groups           int            // of keys
	MACOnlyEncrypted bool
	Recipients       []Recipient // who can open the file, in order
	KeyTypes         []string    // of the recipients: age, pgp, hckms, kms, gcp_kms, azure_kv, hc_vault
	KeysDigest       string      // secrets.Digest of the wrapped data keys: moves with `sops rotate` and `sops updatekeys`
	WrappedKeys      []string    // the digest of each of them
	MAC              string      // secrets.Digest of the encrypted MAC
	Covered          string      // secrets.Digest of what the MAC is made of: where it moves and MAC does not, the file does not open
	Pos              Position    // of the MAC
}

// Connection is one wanted operation connection.
type Connection struct {
	Target, Name       string
	Description        string
	Component, Version string // the plugin by name and version …
	ComponentID        string // … or by ids
	ComponentVersionID string
	Config             map[string]any // nested: map[string]any, []any, string, bool, json.Number or secrets.Ref
	Seal               *secrets.Ref   // what a key holder signed of it; nil where it has none
	Previously         string         // the name it had before, "" if none
	Adopt              string         // the id of an existing connection to take over, "" if none
	Protect            bool
	Exceptions         []Exception // settings that look like secrets and are none, in order
	Exposed            []Exposure  // secrets once in the clear, and set to another value since, in order
	// InClear are the settings in the clear that the rule of its file in .sops.yaml encrypts. Their values are Withheld. A connection that
	// has some is not to be written, unless the project tolerates it (secrets.rule: warn).
	InClear []secrets.Path
	// Incomplete says that settings may stand there without a value (null): holes, which people still have to fill. These are Missing, and not
	// in Config; config alone where nothing of it is known. A connection that has some is never written.
	Incomplete bool
	Missing    []secrets.Path
	Tolerated  bool
	File       File
	Pos        Position // of the name
	fields     map[secrets.Path]Position
}

// At is the position of a field of the connection ("description", "config.endpoint"),
// or of its name where the field is not in the manifest.
func (c Connection) At(field secrets.Path) Position {
	if p, ok := c.fields[field]; ok {
		return p
	}
	return c.Pos
}

// Told tells whether the manifest has a field, and where.
func (c Connection) Told(field secrets.Path) (Position, bool) {
	p, ok := c.fields[field]
	return p, ok
}

// Plugin is the plugin and its version as the manifest names them.
func (c Connection) Plugin() string {
	return PluginName(c.Component, c.Version, c.ComponentID, c.ComponentVersionID)
}

// PluginName is a plugin at a version, for people: by names where they are known, and else by ids.
func PluginName(component, version, componentID, versionID string) string {
	if component == "" {
		return componentID + " " + versionID
	}
	return component + " " + cmp.Or(version, versionID)
}

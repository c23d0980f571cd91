package diff

import (
	"connsync/manifest"
	"connsync/secrets"
)

// Action is what is done about a connection.
type Action string

// The actions, as design and output name them.
const (
	Create    Action = "create"
	Update    Action = "update"
	Adopt     Action = "adopt"    // recorded, and written where Change.Write says so
	Delete    Action = "delete"   // an orphaned connection, with Prune
	Orphaned  Action = "orphaned" // written or recorded by connsync, no longer in Git
	Forget    Action = "forget"   // nothing there: only the record goes
	Conflict  Action = "conflict" // nothing is done until a user decides
	Unchanged Action = "unchanged"
	// Incomplete is a connection with settings that have no value yet: nothing is done about it, and nothing waits for it.
	Incomplete Action = "incomplete"
	Rename     Action = "rename" // between two commits: wanted under another name, with whatever else changes
	Remove     Action = "remove" // between two commits: no longer wanted
)

// Cause is why something is written.
type Cause string

// The causes, in the order a plan shows them.
const (
	Git         Cause = "git"         // what Git wants moved since the last write
	Drift       Cause = "drift"       // what SecMaster shows moved since the last write
	Touched     Cause = "touched"     // SecMaster says it was modified, and nothing visible differs
	Interrupted Cause = "interrupted" // an earlier run announced this write and did not confirm it
	Rewrite     Cause = "rewrite"     // asked for
	Missing     Cause = "missing"     // written before, and no longer in SecMaster
)

// Word says what happens to a secret. No other fact about one is ever shown.
type Word string

// The words.
const (
	Set         Word = "set"
	Changed     Word = "changed"
	Same        Word = "unchanged"
	Removed     Word = "removed"
	Emptied     Word = "emptied"      // an empty text stands in its place, in the clear
	Reencrypted Word = "re-encrypted" // every secret of the file moved with its data key: whether the value did cannot be known
	Unverified  Word = "unverified"   // recorded without having been written
	Differs     Word = "differs"      // likewise, and SecMaster shows another value in the clear
)

// Plan is what would be done to one target: data only, no text for a terminal, no secret.
type Plan struct {
	Target      string
	Place       Place
	WantCommit  string   // set by the caller, for display; not part of the hash
	KnownCommit string   // likewise
	Changes     []Change // in order of name; unchanged connections included
	Unmanaged   int      // in SecMaster, never written by connsync
	Others      []Other  // those, in order of name and id; not part of the hash
	Wanted      int      // connections wanted by Git, with or without a change
	Recorded    int      // connections known to connsync, likewise
	Unverified  int      // secrets with an unknown value in SecMaster
	Unconfirmed int      // connections: the last write was answered as done, and nothing showed it
	// BlindToTouch: SecMaster gives no update_time for a connection with secrets,
	// so a secret changed there cannot be seen.
	BlindToTouch bool
	Reviewed     bool    // no seal is compared: review alone decides where secrets go
	Search       *Search // how far the users of its connections were looked for; nil where SecMaster was not asked
	// Unread are resting files. They have to be read, since there is something to say or do about a connection of theirs. Where there is one, the plan
	// is none.
	Unread []string
}

// Other is a connection without a change.
type Other struct{ Name, ID string }

// Change is the decision about one connection.
type Change struct {
	Action   Action
	Name     string
	From     string // the name in SecMaster, where a rename is part of the change
	ID       string // of the bound connection; "" for a create
	Pos      manifest.Position
	Plugin   Plugin
	Write    bool // a request is sent
	Causes   []Cause
	Modifier string // who SecMaster says modified it, for Drift and Touched
	Fields   []Field
	Secrets  []SecretChange
	Extra    []secrets.Path // settings shown by SecMaster and not named in Git
	Risks    []Risk
	Warnings []Warning
	Conflict *ConflictDetail // for Conflict alone
	Restamp  bool            // of an unchanged one: sops wrote its file, and the record is to say so
	Verified bool            // recorded without a write so far, and each of its secrets was compared and is as Git has it: the record is to say so
	Users    *Users          // nil where SecMaster was not asked who uses it
	Rests    bool            // Git wants it in a file that was not read: it is left alone, and what it wants is what its record says
	Want     *Want           // nil where Git does not want it, and of what rests
	Have     *Have           // nil where SecMaster has none
	Known    *Known          // nil where none was recorded
	Intent   *Intent         // the open intent it resolves
}

// Wanted tells whether Git wants the connection.
func (c *Change) Wanted() bool { return c.Rests || c.Want != nil }

// Field is one changing setting in the clear.
type Field struct {
	Path      secrets.Path // name, description, plugin, config.endpoint
	Old, New  any          // string, bool, json.Number, an empty mapping or list; nil where there is none
	OldHidden bool         // there is an old value, and it must not or cannot be shown
	NewHidden bool         // likewise of the new value: it looks like a secret, or was one
	Causes    []Cause
}

// SecretChange is a secret and the word for it.
type SecretChange struct {
	Path        secrets.Path
	Word        Word
	Fingerprint secrets.Fingerprint // of what Git wants; "" where Removed
}

// RiskKind names a reason to look twice.
type RiskKind string

// The risks.
const (
	RiskDestination RiskKind = "destination" // it changes while a secret of the connection does not
	RiskMoved       RiskKind = "moved"       // the secret's ciphertext stood elsewhere, and not here
	RiskCopied      RiskKind = "copied"      // the secret's ciphertext stands in two places
	RiskAdopt       RiskKind = "adopt"       // an existing connection is overwritten
	RiskUnprotected RiskKind = "unprotected" // a prune may delete it from now on
	RiskExposed     RiskKind = "exposed"     // a secret was in the clear, and is said to be another one now
	RiskException   RiskKind = "exception"   // a setting that looks like a secret may stand in the clear
	RiskRepointed   RiskKind = "repointed"   // a destination changes, and a sync would refuse it: ConflictRepointed
	RiskSealed      RiskKind = "sealed"      // sealed anew: whether by a holder of the key is seen when the file is opened
)

// Risk is a reason to look twice.
type Risk struct {
	Kind RiskKind
	Path secrets.Path // the destination or the secret
	From Spot         // of RiskMoved and RiskCopied: where the ciphertext was, or is too
}

// Spot is a setting of a connection of a target.
type Spot struct {
	Target, Name string
	Path         secrets.Path
	File         string
}

// WarningKind names a warning.
type WarningKind string

// The warnings of a change.
const (
	WarnDuplicate         WarningKind = "duplicate"          // others in SecMaster have the same name
	WarnPreviouslyIgnored WarningKind = "previously-ignored" // the new name is bound already
	WarnProtected         WarningKind = "protected"          // orphaned, and protected
	WarnInUse             WarningKind = "in-use"             // orphaned, and not to be deleted, as SecMaster says
	WarnBehind            WarningKind = "behind"             // it undoes what was applied from a commit not contained in this one, as allowed
	WarnNotWritten        WarningKind = "not-written"        // orphaned, and recorded without connsync having written it
	WarnName              WarningKind = "name"               // created under a name the console would not give
	WarnSpent             WarningKind = "adopt-spent"        // its line adopt: was carried out now, and can go
	WarnFailed            WarningKind = "failed"             // SecMaster shows the status FAILED
	WarnDisabled          WarningKind = "disabled"           // SecMaster shows it as not enabled
	WarnOtherwise         WarningKind = "shown-otherwise"    // a secret was written, and SecMaster shows another value
	WarnDiffers           WarningKind = "secret-differs"     // SecMaster shows another value of a secret, and the reviewed plan does not write it
)

// Warning is something to know. It stops nothing.
type Warning struct {
	Kind   WarningKind
	IDs    []string // the other connections it is about
	Commit string   // for WarnBehind
}

// ConflictKind names a reason to do nothing.
type ConflictKind string

// The conflicts.
const (
	ConflictDiffers   ConflictKind = "differs"    // of its name, not written by connsync, and what is visible differs
	ConflictUnseen    ConflictKind = "unseen"     // likewise, and not all of its settings are visible
	ConflictReplaced  ConflictKind = "replaced"   // the known id is gone and another has its name
	ConflictDuplicate ConflictKind = "duplicate"  // several of its name, none known
	ConflictNameTaken ConflictKind = "name-taken" // bound by id, and its name belongs to another
	ConflictAdoptNone ConflictKind = "adopt-none" // adopt names an id unknown to SecMaster
	ConflictAdoptBusy ConflictKind = "adopt-busy" // adopt names an id bound to another wanted connection, or ours is still there
	ConflictPlugin    ConflictKind = "plugin"     // the workspace does not have the plugin, or not this version of it
	ConflictRename    ConflictKind = "rename"     // previously names one that was never ours, or the new name is not ours
	ConflictHole      ConflictKind = "hole"       // connsync wrote it, and settings have no value any more
	ConflictInClear   ConflictKind = "in-clear"   // it would be written with settings in the clear although the rule of its file encrypts them
	ConflictBehind    ConflictKind = "behind"     // it would undo what was applied from a commit not contained in this one
	ConflictRepointed ConflictKind = "repointed"  // a destination beside a secret changed, and the connection has no seal to say so
	ConflictUnsealed  ConflictKind = "unsealed"   // a connection with secrets has no seal, and the project wants one, or it had one
	ConflictResealed  ConflictKind = "resealed"   // settings changed, and the seal is still the one applied with others
)

// ConflictDetail says what a conflict is about.
type ConflictDetail struct {
	Kind   ConflictKind
	IDs    []string       // the connections in SecMaster it is about
	Fields []secrets.Path // the differing visible fields, the invisible ones, or the changed destinations; no values
	Near   []string       // for ConflictPlugin: the versions, or else the plugins, in the workspace
	Commit string         // for ConflictBehind: from which it was applied last
}

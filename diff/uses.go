package diff

import "slices"

// Users are who uses a connection, as far as SecMaster shows it.
type Users struct {
	Workflows []Workflow // that name it: the enabled first, then in order of name
	Policies  int        // emergency policies that name it
	Hidden    bool       // no user was found, and SecMaster does not allow to delete it
}

// Workflow is one of the workspace.
type Workflow struct {
	ID, Name string
	Enabled  bool
}

// Search says how far the users of a plan's connections were looked for.
type Search struct {
	Workflows, Policies int // that were searched
	Gaps                []Gap
}

// Gap is what was not looked at.
type Gap struct {
	Of  UserKind
	Why GapKind
	N   int // how many of them; 0: all, or it is not known
}

// UserKind is a kind of what uses connections.
type UserKind string

// Who uses connections.
const (
	UserWorkflows UserKind = "workflows"
	UserPolicies  UserKind = "emergency-policies"
)

// GapKind is why something was not looked at.
type GapKind string

// The reasons.
const (
	GapDenied     GapKind = "denied"     // the permission is missing
	GapAbsent     GapKind = "absent"     // SecMaster has no such call
	GapLimit      GapKind = "limit"      // enough was asked for
	GapUnreadable GapKind = "unreadable" // the answer cannot be read
	GapFailed     GapKind = "failed"     // no answer
)

// Touches tells whether a change writes to a connection in SecMaster, or gives it up: its users may notice.
func (c *Change) Touches() bool { return c.Have != nil && (c.Write || c.Action == Orphaned) }

// Deletes tells whether a change deletes a connection, or would if SecMaster allowed it.
func (c *Change) Deletes() bool {
	return c.Action == Delete || slices.ContainsFunc(c.Warnings, func(w Warning) bool { return w.Kind == WarnInUse })
}

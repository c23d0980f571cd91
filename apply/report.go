// Package apply carries out plans: it observes, decides by package diff, announces its writes once
// something of them is open, reveals the rest while it sends each create once, settles what
// stayed unclear, verifies by one closing list, records and reports.
package apply

import (
	"time"

	"connsync/diff"
	"connsync/manifest"
	"connsync/secrets"
)

// Outcome is how the work on one connection ended. Every connection of a plan has exactly one.
type Outcome string

// The outcomes.
const (
	Created    Outcome = "created"
	Updated    Outcome = "updated"
	Adopted    Outcome = "adopted"
	Deleted    Outcome = "deleted"
	Forgotten  Outcome = "forgotten"
	Unchanged  Outcome = "unchanged"
	Incomplete Outcome = "incomplete" // settings have no value yet: left alone
	Orphaned   Outcome = "orphaned"   // left alone
	Conflicted Outcome = "conflict"   // left alone until a user decides
	Refused    Outcome = "refused"    // a secret that cannot be opened, a safety limit: nothing was sent
	Failed     Outcome = "failed"     // sent and refused, or could not be sent: SecMaster is as it was
	Unknown    Outcome = "unknown"    // sent, and whether it was executed is not known
	Skipped    Outcome = "skipped"    // not tried: the run was ending
)

// Outcomes are all of them, in the order of their count.
var Outcomes = []Outcome{Created, Updated, Adopted, Deleted, Forgotten, Unchanged, Incomplete, Orphaned, Conflicted, Refused, Failed, Unknown, Skipped}

// Result is what became of one change.
type Result struct {
	Name    string
	ID      string
	Action  diff.Action
	Outcome Outcome
	Sent    bool // a write was sent for it
	// Unconfirmed tells of an update answered as done, when nothing shown by SecMaster could prove or deny it.
	Unconfirmed bool
	Pos         manifest.Position
	Err         error    // nil where nothing went wrong
	RequestIDs  []string // of the writes sent for it
	Duplicates  []string // other connections of its name in the closing list
	// Warnings are what the closing list shows of a written connection: it may not work all the same.
	Warnings []diff.Warning
}

// Report is what a sync of one target did.
type Report struct {
	Target      string
	Run         string // the run's id
	Plan        diff.Plan
	Results     []Result // in order of the plan's changes
	Started     time.Time
	Took        time.Duration
	StateCommit string // of the known state afterwards
	Recorded    bool   // false where something done could not be recorded, or not be shared
	Kept        bool   // what could not be shared is recorded in this clone
	Interrupted bool
	Err         error // what ended the run early: nil where every change was tried
}

// Lost is the report of a plan whose Run panicked: of no write is it known whether it was sent. What was announced is in known state, and the next run
// settles it.
func (p *Prepared) Lost() Report {
	r := Report{Target: p.sync.Name, Run: p.sync.Run.ID, Plan: p.Plan, Started: p.sync.Clock.now(), StateCommit: p.sync.State.Snapshot().Commit, Err: secrets.ErrPanic}
	for _, c := range p.Plan.Changes {
		res := Result{Name: c.Name, ID: c.ID, Action: c.Action, Pos: c.Pos, Outcome: resting(c)}
		if c.Write {
			res.Outcome, res.Err = Unknown, secrets.ErrPanic
		}
		r.Results = append(r.Results, res)
	}
	r.Results = unrecorded(r.Results)
	return r
}

package apply

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"connsync/apply/secmaster"
	"connsync/apply/state"
	"connsync/diff"
	"connsync/manifest"
)

// Reader is what planning may ask of SecMaster. A dry run holds nothing more, so it cannot write.
type Reader interface {
	Expect(connections int) // in the next list, at least
	List(context.Context) ([]secmaster.Connection, error)
	Show(ctx context.Context, id string) (secmaster.Connection, error)
	Components(context.Context) ([]secmaster.Component, error)
	Uses(ctx context.Context, connections []string) secmaster.Usage
	ProjectID(context.Context) (string, error)
}

// Writer is what a sync needs beyond reading.
type Writer interface {
	Reader
	ListNamed(ctx context.Context, name string) ([]secmaster.Connection, error)
	Create(context.Context, secmaster.Body) (secmaster.Connection, secmaster.Sent, error)
	Update(ctx context.Context, id string, b secmaster.Body) (secmaster.Connection, secmaster.Sent, error)
	Delete(ctx context.Context, id string) (secmaster.Sent, error)
}

// Target is one workspace with what Git wants there and what connsync knows of it.
type Target struct {
	Name     string
	Place    diff.Place // an empty ProjectID is looked up by region
	Want     []manifest.Connection
	Commit   string    // the commit Want was read from; "" where there is none
	CommitAt time.Time // when it was made
	Dirty    bool      // Want was read from a worktree with changes beside it
	Known    state.Snapshot
	Rewrite  func(name string) bool // nil: none
	Only     func(name string) bool // nil: all; decides what is planned, not what is bound
	ByName   bool                   // known state was lost: take over by name what is not shown whole
	Prune    bool                   // delete what connsync wrote and is orphaned
	Limit    Limit                  // of what Prune deletes
	Uses     bool                   // tell who uses every touched connection; of deleted ones it is always told
	Unguard  func(name string) bool // … also if it was protected; nil: none
	Retarget bool                   // known state of another place is given up instead of refused
	Contains diff.Contains          // whether a commit is part of Commit; nil: nothing is judged by it
	Older    bool                   // what is not is undone, as asked
	Reviewed bool                   // the plan was reviewed without a key, and nothing is to be written beside it
	Careful  bool                   // nothing is begun without known state where SecMaster has wanted names: a *FirstSyncError

	Destinations string                 // secrets.destinations of the project
	Accept       func(name string) bool // destinations changed without a seal are accepted; nil: none

	Checks   string            // what Want was checked by, and the rules held against it; "" where this cannot be told
	Rest     []manifest.Rested // what Git wants besides, in unread files: known state vouches for them
	RestedAt string            // the commit of known state by which they were passed over; "" where it is not known
	Reread   Reread            // for resting files that have to be read after all; nil where none rests
}

// Reread reads some more of the resting files. It then gives everything Git wants.
type Reread func(files []string) (want []manifest.Connection, rest []manifest.Rested, err error)

// FirstSyncError says that nothing is known of a target, and SecMaster has connections of wanted names: known state may have been lost, or not
// been fetched.
type FirstSyncError struct{ Names []string }

func (e *FirstSyncError) Error() string {
	return "nothing is known of what connsync wrote, and SecMaster has connections of wanted names"
}

// met are the wanted names present in SecMaster, where nothing is known.
func (o *observation) met(t Target) error {
	if !t.Careful || o.known.Commit != "" {
		return nil
	}
	there := map[string]bool{}
	for _, h := range o.have {
		there[h.Name] = there[h.Name] || !h.Defense
	}
	var out []string
	for _, w := range o.want {
		if there[w.Name] {
			out = append(out, w.Name)
		}
	}
	if len(out) == 0 {
		return nil
	}
	return &FirstSyncError{out}
}

// Preview plans one target without being able to change anything. Its errors are the reader's, or a
// *state.PlaceError where known state belongs to another place. An ErrHistory comes with the plan, and leaves it unjudged. So does a
// *FirstSyncError.
func Preview(ctx context.Context, r Reader, t Target) (diff.Plan, error) {
	o, err := observe(ctx, r, t)
	if err != nil {
		return diff.Plan{}, err
	}
	p, err := o.plan(ctx, r, t)
	o.uses(ctx, r, t, &p)
	return p, err
}

// ErrHistory says that it cannot be told whether a plan would undo what another commit applied.
var ErrHistory = errors.New("whether this would undo what another commit applied cannot be told")

// plan decides, for the names asked for. Its error is an ErrHistory or a *FirstSyncError, with the plan; or the one of a file it had to read.
func (o *observation) plan(ctx context.Context, r Reader, t Target) (diff.Plan, error) {
	p := o.compute(t)
	for len(p.Unread) > 0 {
		if err := o.reread(ctx, r, t, p.Unread); err != nil {
			return diff.Plan{}, err
		}
		p = o.compute(t)
	}
	p.WantCommit, p.KnownCommit = t.Commit, o.known.Commit
	if t.Only != nil {
		p.Keep(t.Only)
	}
	if err := o.met(t); err != nil || t.Contains == nil {
		return p, err
	}
	if err := p.Forward(o.known.Past, t.Contains, t.Older); err != nil {
		return p, errors.Join(ErrHistory, err)
	}
	return p, nil
}

func (o *observation) compute(t Target) diff.Plan {
	return diff.Compute(diff.Input{
		Target:  t.Name,
		Place:   o.place,
		Want:    o.want,
		Rest:    o.rest,
		Have:    o.have,
		Known:   o.known.Known,
		Intents: o.intents(),
		Rewrite: t.Rewrite,
		ByName:  t.ByName,
		Prune:   t.Prune,
		Unguard: t.Unguard,

		Compared: o.compared,
		Reviewed: t.Reviewed,

		Destinations: t.Destinations,
		SealedFor:    t.Place,
		Accept:       t.Accept,
	})
}

// abandoned is what --retarget gives up: known connections and intents of another place, by name.
type abandoned struct{ known, intents []string }

// knownFor is the known state valid for a place, and what is given up for it with --retarget.
func knownFor(t Target, place diff.Place) (state.Snapshot, abandoned, error) {
	err := t.Known.At(place)
	if err == nil {
		return t.Known, abandoned{}, nil
	}
	if !t.Retarget {
		return state.Snapshot{}, abandoned{}, fmt.Errorf("%s: %w", t.Name, err)
	}
	fresh := state.Snapshot{Commit: t.Known.Commit, Place: place}
	return fresh, abandoned{slices.Sorted(maps.Keys(t.Known.Known)), slices.Sorted(maps.Keys(t.Known.Intents))}, nil
}

// Package state remembers what connsync last wrote, as Git objects under one ref of a local repository for
// each target (docs/state.md). It holds no plaintext: digests, fingerprints of ciphertexts, ids and times.
package state

import (
	"errors"
	"fmt"
	"strings"
	"syscall"
	"time"

	"connsync/diff"
)

// Snapshot is known state at one commit of its ref. The zero Snapshot is the one of a target never synced.
type Snapshot struct {
	Commit       string
	Schema       int      // of the files of Commit
	Beside       string   // the Remote's commit, where neither of the two is known to come after the other: this is what is known here
	Homes        []string // the repositories sharing it, as "host/path"; none where it was never shared
	Place        diff.Place
	Applied      string    // the last applied commit of the manifests
	AppliedAt    time.Time // when that was made; zero where it is not known
	AppliedDirty bool      // … from a worktree with changes beside it
	Run          *Run      // with announced writes and no end; nil for none
	Known        map[string]*diff.Known
	Past         map[string]diff.Past // names known once, whether or not they are again
	Intents      map[string]Intent
	More         More

	lines lines // of Known, as they were read
}

// Of is what is known of a connection; the zero Known for one of which nothing is.
func (s Snapshot) Of(name string) diff.Known {
	if k := s.Known[name]; k != nil {
		return *k
	}
	return diff.Known{}
}

// Intent is an announced write, not yet settled.
type Intent struct {
	Name    string    `json:"name"`
	Kind    string    `json:"kind"`         // diff.IntentCreate, …
	ID      string    `json:"id,omitempty"` // of the updated connection
	Run     string    `json:"run"`
	Expires time.Time `json:"expires"` // the run sends nothing after this
}

// Run is one sync: who, where and until when.
type Run struct {
	ID      string    `json:"id"`
	Host    string    `json:"host,omitempty"`
	Actor   string    `json:"actor,omitempty"`
	Job     string    `json:"job,omitempty"`
	Started time.Time `json:"started"`
	Expires time.Time `json:"expires"`
	Commit  string    `json:"commit,omitempty"`
}

// Message is what the ref's log says of an edit. Texts are made safe to print.
type Message struct {
	Subject  string
	Lines    []string
	Trailers [][2]string
}

// At checks that known state belongs to a place. State without one fits everywhere.
func (s Snapshot) At(p diff.Place) error {
	if s.Place == (diff.Place{}) || s.Place == p {
		return nil
	}
	return &PlaceError{Known: s.Place, Asked: p}
}

// HomeError says that known state is shared in other repositories than the one asked for.
type HomeError struct {
	Known []string
	Asked string
}

func (e *HomeError) Error() string {
	return fmt.Sprintf("known state is shared in %s, and the remote is %s", strings.Join(e.Known, " and "), e.Asked)
}

// NotHomeError says that the repository named for acceptance is not the one with the state.
type NotHomeError struct{ Named, Is string }

func (e *NotHomeError) Error() string {
	if e.Is == "" {
		return "the state is shared in no repository that others can know"
	}
	return "the remote is " + e.Is + ", not " + e.Named
}

// PlaceError says that known state belongs to another place than the one asked for.
type PlaceError struct{ Known, Asked diff.Place }

func (e *PlaceError) Error() string {
	return fmt.Sprintf("known state belongs to %s/%s/%s%s, not to %s/%s/%s%s",
		e.Known.Region, e.Known.ProjectID, e.Known.WorkspaceID, e.Known.Endpoint, e.Asked.Region, e.Asked.ProjectID, e.Asked.WorkspaceID, e.Asked.Endpoint)
}

// Why known state cannot be locked or replaced.
var (
	ErrBusy       = errors.New("another sync holds the known state")
	ErrReplaced   = errors.New("the known state was replaced by another run meanwhile")
	ErrCheckedOut = errors.New("the known state's branch is checked out")
	ErrNoFolder   = errors.New("a repository in memory cannot keep known state")
	ErrDisk       = errors.New("the known state cannot be written")
	ErrUnshared   = errors.New("the known state is written here, and others cannot see it yet")
)

// DiskError is ErrDisk with what the operating system says.
type DiskError struct{ Reason syscall.Errno }

func (e *DiskError) Error() string { return ErrDisk.Error() + ": " + e.Reason.Error() }

// Unwrap is ErrDisk, and the reason.
func (e *DiskError) Unwrap() []error { return []error{ErrDisk, e.Reason} }

// onDisk is an error of the operating system or of go-git in our words. Of a foreign text nothing is kept but the system's own.
func onDisk(err error) error {
	var reason syscall.Errno
	if errors.As(err, &reason) {
		return &DiskError{reason}
	}
	return ErrDisk
}

// BusyError is ErrBusy with what is known of the holder.
type BusyError struct{ Holder string }

func (e *BusyError) Error() string {
	if e.Holder == "" {
		return ErrBusy.Error()
	}
	return ErrBusy.Error() + ": " + e.Holder
}

// Unwrap is ErrBusy.
func (e *BusyError) Unwrap() error { return ErrBusy }

// HeldError is ErrBusy where a run of another machine announced writes and has not ended.
type HeldError struct{ Run Run }

func (e *HeldError) Error() string {
	by := e.Run.Host
	if e.Run.Actor != "" {
		by = e.Run.Actor + " on " + by
	}
	if e.Run.Job != "" {
		by += " (" + e.Run.Job + ")"
	}
	return fmt.Sprintf("%s: run %s of %s, until %s", ErrBusy, e.Run.ID, by, e.Run.Expires.UTC().Format(time.RFC3339))
}

// Unwrap is ErrBusy.
func (e *HeldError) Unwrap() error { return ErrBusy }

// DivergedError says that this clone and the remote each have known state not in the other one.
type DivergedError struct{ Ref, Local, Shared string }

func (e *DivergedError) Error() string {
	return fmt.Sprintf("%s: %.7s here and %.7s on the remote have different histories", e.Ref, e.Local, e.Shared)
}

// CorruptError says that a ref is there and is not readable known state. It is never taken for "nothing known".
type CorruptError struct{ Ref, Reason string }

func (e *CorruptError) Error() string { return e.Ref + ": " + e.Reason }

// MissingError says that a ref is there and a part of what it names is not: it is elsewhere, as in a partial clone, and is not lost. It is
// never taken for "nothing known", and never a reason to begin anew.
type MissingError struct{ Ref, What string }

func (e *MissingError) Error() string { return e.Ref + ": " + e.What + " is not in this clone" }

// ReadableError says that state is not begun anew, because this clone can read it; the remote's, if there is one, is another one and unreadable.
type ReadableError struct{ Ref, Commit string }

func (e *ReadableError) Error() string {
	return fmt.Sprintf("%s: this clone can read its state, %.7s, so it is not begun anew", e.Ref, e.Commit)
}

// SchemaError says that known state was written by a newer connsync.
type SchemaError struct {
	Ref    string
	Schema int
}

func (e *SchemaError) Error() string {
	return fmt.Sprintf("%s: written by a newer connsync (schema %d)", e.Ref, e.Schema)
}

// LockedRefError says that another program holds the ref's lock file, or died holding it.
type LockedRefError struct{ File string }

func (e *LockedRefError) Error() string { return e.File + ": another Git program holds this lock" }

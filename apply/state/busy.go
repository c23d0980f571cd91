package state

import (
	"errors"
	"os"
	"strconv"
	"syscall"

	"github.com/gofrs/flock"

	"connsync/lazy"
)

// Busy tells who writes to the state at this moment, for a caller who only looks: a *HeldError of an announced run, or a *BusyError of a
// process of this machine with the lock but no announcement; nil for none. It takes no lock in a sync's way, but for the moment
// when a process with the number of the last holder is there.
func (s *Store) Busy(snap Snapshot) error {
	if who := holder(s.lockFile()); s.locked(who) {
		return &BusyError{who}
	}
	if snap.heldAt(s.repo.Now()) {
		return &HeldError{*snap.Run}
	}
	return nil
}

var holderLine = lazy.New(`^process ([1-9][0-9]{0,9}) on (\S+) since `)

// locked tells whether the process named in the lock's file holds the lock still.
func (s *Store) locked(who string) bool {
	m := holderLine.FindStringSubmatch(who)
	host, err := os.Hostname()
	if m == nil || err != nil || m[2] != host {
		return false
	}
	id, err := strconv.Atoi(m[1])
	if err != nil {
		return false
	}
	if p, err := os.FindProcess(id); err != nil || !lives(p) {
		return false
	}
	l := flock.New(s.lockFile(), flock.SetFlag(os.O_RDONLY))
	defer func() { _ = l.Close() }()
	got, err := l.TryRLock()
	return err == nil && !got
}

// lives tells whether a process is there, of any user.
func lives(p *os.Process) bool {
	err := p.Signal(syscall.Signal(0))
	return err == nil || errors.Is(err, os.ErrPermission)
}

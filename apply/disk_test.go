package apply_test

import (
	"strings"
	"sync"
	"syscall"
)

// trouble is what a disk does from one of its effects on.
type trouble struct {
	name  string
	err   error
	stays bool // everything fails from then on, instead of one effect
}

func (t trouble) String() string {
	if t.stays {
		return t.name + " that stays"
	}
	return t.name
}

// troubles are the errors that a disk has, each once and to stay.
func troubles() []trouble {
	var out []trouble
	for _, t := range []trouble{
		{name: "no space", err: syscall.ENOSPC}, {name: "quota", err: syscall.EDQUOT}, {name: "I/O error", err: syscall.EIO},
		{name: "read-only", err: syscall.EROFS}, {name: "permission", err: syscall.EACCES},
	} {
		for _, stays := range []bool{false, true} {
			t.stays = stays
			out = append(out, t)
		}
	}
	return out
}

// disk counts effects on storage, and fails at one of them. The zero disk works.
type disk struct {
	mu      sync.Mutex
	trouble trouble
	at      int // the effect that fails, from 1
	effects int
	what    string // that was hit
}

// effect is state.Repo.Effect: what fails does nothing.
func (d *disk) effect(op string) error {
	if what, before := strings.CutPrefix(op, "before "); before {
		return d.hit(what)
	}
	return nil
}

// hit is asked before each effect.
func (d *disk) hit(what string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.effects++
	if d.at == 0 || d.effects < d.at || d.effects > d.at && !d.trouble.stays {
		return nil
	}
	if d.what == "" {
		d.what = what
	}
	return d.trouble.err
}

// repair ends the trouble.
func (d *disk) repair() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.at = 0
}

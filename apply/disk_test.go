package apply_test

import (
	"os"
	"strings"
	"sync"
	"syscall"
)

// trouble is what happens at one effect of a sync on storage, before it or after it.
type trouble struct {
	name     string
	err      error // what the disk says; after an effect: though it was done
	half     bool  // a refused write stores a part first
	stays    bool  // everything fails from then on, instead of one effect
	linkless bool  // the file system has no links either

	meets   func(c *cell) // another program does this instead, and the disk works
	harmful bool          // … and the sync may fail for it
	takes   bool          // … what was announced, so it cannot be found any more
}

func (t trouble) String() string {
	if t.stays {
		return t.name + " that stays"
	}
	return t.name
}

// diskTroubles are the errors of a disk, each once and to stay.
func diskTroubles() []trouble {
	var out []trouble
	for _, t := range []trouble{
		{name: "no space", err: syscall.ENOSPC}, {name: "quota", err: syscall.EDQUOT}, {name: "I/O error", err: syscall.EIO},
		{name: "read-only", err: syscall.EROFS}, {name: "permission", err: syscall.EACCES}, {name: "short write", err: syscall.ENOSPC, half: true},
	} {
		for _, stays := range []bool{false, true} {
			t.stays = stays
			out = append(out, t)
		}
	}
	return out
}

// otherPrograms do something to the ref, as Git does it: not while another program holds the ref's lock file.
func otherPrograms() []trouble {
	out := []trouble{
		{name: "the ref is moved", harmful: true, takes: true, meets: func(c *cell) {
			if c.lockRef() {
				c.put(prodRef, c.other+"\n")
				c.unlockRef()
			}
		}},
		{name: "the ref is deleted", harmful: true, takes: true, meets: func(c *cell) {
			if c.lockRef() {
				c.must(os.Remove(c.path(prodRef)))
				c.unlockRef()
			}
		}},
		{name: "the ref is locked, and whoever did it died", harmful: true, meets: func(c *cell) { c.lockRef() }},
		{name: "the ref is locked for a while", meets: func(c *cell) {
			if c.lockRef() {
				c.clock.waiting = c.unlockRef
			}
		}},
		{name: "refs are packed", meets: func(c *cell) { _, _ = c.tryGit("pack-refs", "--all", "--prune") }},
	}
	if *ioLong {
		out = append(out, trouble{name: "the repository is packed", meets: func(c *cell) { _, _ = c.tryGit("gc", "-q") }})
	}
	return out
}

// disk counts the moments before and after each effect, and has its trouble at one of them. The zero disk works.
type disk struct {
	mu      sync.Mutex
	trouble trouble
	at      int // the moment of the trouble, from 1
	moments int
	what    string // the effect met by the trouble
	cell    *cell
}

// effect is state.Repo.Effect.
func (d *disk) effect(op string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.moments++
	if d.trouble.linkless && op == "before link ref lock" {
		return syscall.EPERM
	}
	if d.at == 0 || d.moments < d.at || d.moments > d.at && !d.trouble.stays {
		return nil
	}
	if d.what == "" {
		d.what = op
	}
	if d.trouble.meets != nil {
		d.trouble.meets(d.cell)
		return nil
	}
	if file := unfinished[op]; d.trouble.half && file != "" {
		d.cell.must(os.WriteFile(d.cell.path(file), []byte(strings.Repeat("x", 13)), 0o644))
	}
	return d.trouble.err
}

// unfinished are the files with a part of what is written when a write is refused.
var unfinished = map[string]string{
	"before write object": "objects/tmp_obj_connsync-prod", "before write ref": "connsync/prod.ref", "before write lock": "connsync/prod.lock",
	"before write ref lock": prodRef + ".lock",
}

// repair ends the trouble.
func (d *disk) repair() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.at = 0
}
